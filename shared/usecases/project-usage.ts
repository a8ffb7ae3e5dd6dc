import type { ProjectId } from "../core/ids.ts";
import type { UnitLimits } from "../core/project/project-settings.ts";
import { HOUR_MS, SECOND_MS } from "../core/time/duration.ts";
import { limitsInForce } from "../core/units/account.ts";
import { exposureOf, type Exposure } from "../core/units/exposure.ts";
import { isLow, lowMarkUnits, type BudgetPolicy } from "../core/units/budget-policy.ts";
import { spentWithin } from "../core/units/spend.ts";
import { readAccount } from "../records/account-record.ts";
import { followProvider } from "./provider/follow-provider.ts";
import { spentLately } from "./project-spending.ts";
import { lastLook } from "./provider/remembered-looks.ts";
import type { Services } from "./services.ts";

/** How a project stands with its units now. */
export interface Usage {
  readonly project: ProjectId;
  /** Those in force: of ours and the provider's the stricter. */
  readonly limits: Omit<UnitLimits, "balance">;
  /** What may still be spent, held units included; absent where there is no balance. */
  readonly balance?: number;
  readonly heldUnits: number;
  readonly runningAttempts: number;
  /** What ended work spent in the trailing 60 minutes. */
  readonly spentLastHourUnits: number;
  /** What ended work spent since the day and the month began, in UTC. */
  readonly spentTodayUnits: number;
  readonly spentMonthUnits: number;
  /** What the balance was when it was last set or added to; absent where there is no balance. */
  readonly funded?: number;
  /** What the configuration says of the balance besides how much it is, and how it stands to that. */
  readonly budget?: BudgetPolicy;
  readonly lowAtUnits?: number;
  readonly isLow: boolean;
  /** What may be spent without our knowing; absent where we own the project. */
  readonly exposure?: Exposure;
  /** Why the provider has not answered just now; then all else is by what was known before. */
  readonly unanswered?: string;
}

/** Reads a project's account; one that nobody ever used has spent nothing, and has no limits. */
export async function projectUsage(
  services: Pick<Services, "store" | "clock" | "log" | "provider">,
  project: ProjectId,
): Promise<Usage> {
  const unanswered = await followProvider(services, project);
  const now = services.clock.now();
  const look = services.provider && lastLook(services.provider, project).look;
  return await services.store.snapshot(async (reader) => {
    const account = await readAccount(reader, project);
    const { balance, funded, budget } = account;
    const lowAtUnits = lowMarkUnits(budget, funded);
    const spent = account.spends.reduce((sum, spend) => sum + spentWithin(spend, now, HOUR_MS), 0);
    return {
      project,
      limits: limitsInForce(account),
      ...(balance === undefined ? {} : { balance }),
      heldUnits: account.held,
      runningAttempts: account.open.length,
      spentLastHourUnits: Math.ceil(spent / SECOND_MS),
      ...(await spentLately(reader, project, now)),
      ...(funded === undefined ? {} : { funded }),
      ...(budget === undefined ? {} : { budget }),
      ...(lowAtUnits === undefined ? {} : { lowAtUnits }),
      isLow: isLow(account),
      ...(look === undefined ? {} : { exposure: exposureOf(account, look, now) }),
      ...(unanswered === undefined ? {} : { unanswered }),
    };
  });
}
