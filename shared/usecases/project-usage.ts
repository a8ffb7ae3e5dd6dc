import { OrreryError } from "../core/errors.ts";
import type { ProjectId } from "../core/ids.ts";
import type { UnitLimits } from "../core/project/project-settings.ts";
import { HOUR_MS, SECOND_MS } from "../core/time/duration.ts";
import type { Entry } from "../core/units/ledger.ts";
import { spentWithin } from "../core/units/spend.ts";
import { readAccount, scanEntries } from "../records/account-record.ts";
import type { Services } from "./services.ts";

/** How a project stands with its units now. */
export interface Usage {
  readonly project: ProjectId;
  readonly limits: Omit<UnitLimits, "balance">;
  /** What may still be spent, held units included; absent where there is no balance. */
  readonly balance?: number;
  readonly heldUnits: number;
  readonly runningAttempts: number;
  /** What ended work spent in the trailing 60 minutes. */
  readonly spentLastHourUnits: number;
  /** The latest ledger entries, newest first. */
  readonly entries: readonly Entry[];
}

/** Reads a project's account; a project nobody configured or used is an error. */
export async function projectUsage(
  services: Pick<Services, "store" | "clock">,
  project: ProjectId,
  entriesMax: number,
): Promise<Usage> {
  const now = services.clock.now();
  return await services.store.snapshot(async (reader) => {
    const account = await readAccount(reader, project);
    if (account.version === 0) {
      throw new OrreryError(
        "PROJECT_NOT_FOUND",
        `Project ${project} has no account: it has neither limits in the configuration nor runs`,
      );
    }
    const spent = account.spends.reduce((sum, spend) => sum + spentWithin(spend, now, HOUR_MS), 0);
    return {
      project,
      limits: account.limits,
      ...(account.balance === undefined ? {} : { balance: account.balance }),
      heldUnits: account.held,
      runningAttempts: account.open.length,
      spentLastHourUnits: Math.ceil(spent / SECOND_MS),
      entries: await scanEntries(reader, project, { limit: entriesMax, newestFirst: true }),
    };
  });
}
