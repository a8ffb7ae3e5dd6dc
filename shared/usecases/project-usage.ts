import type { ProjectId } from "../core/ids.ts";
import type { UnitLimits } from "../core/project/project-settings.ts";
import { HOUR_MS, SECOND_MS } from "../core/time/duration.ts";
import { spentWithin } from "../core/units/spend.ts";
import { readAccount } from "../records/account-record.ts";
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
}

/** Reads a project's account; one that nobody ever used has spent nothing, and has no limits. */
export async function projectUsage(
  services: Pick<Services, "store" | "clock">,
  project: ProjectId,
): Promise<Usage> {
  const now = services.clock.now();
  return await services.store.snapshot(async (reader) => {
    const account = await readAccount(reader, project);
    const spent = account.spends.reduce((sum, spend) => sum + spentWithin(spend, now, HOUR_MS), 0);
    return {
      project,
      limits: account.limits,
      ...(account.balance === undefined ? {} : { balance: account.balance }),
      heldUnits: account.held,
      runningAttempts: account.open.length,
      spentLastHourUnits: Math.ceil(spent / SECOND_MS),
    };
  });
}
