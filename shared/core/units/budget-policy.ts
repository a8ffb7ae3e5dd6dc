/** What the schedules file says of a project's balance besides how much it is. */
export interface BudgetPolicy {
  /** Percents of what the balance was when it was last funded, ascending; spending that much is told. */
  readonly warnAtPercent: readonly number[];
  /** A balance that is forecast to end sooner than this is told; absent means never. */
  readonly warnAheadMs?: number;
  /** Below this the project is low, and schedules do what their `atLowBalance` says. */
  readonly lowAt?: LowMark;
}

/** Units, or a percent of what the balance was when it was last funded. */
type LowMark = { readonly units: number } | { readonly percent: number };

/** What a budget is judged by: part of an account. */
export interface Funding {
  readonly budget?: BudgetPolicy;
  /** What may still be spent, held units included; absent means without end. */
  readonly balance?: number;
  /** What the balance was when it was last set or added to. */
  readonly funded?: number;
}

/**
 * How many units the low mark is, for a balance that was funded so; undefined where there is none. One
 * at least: a project that has nothing left is low, whatever it was funded with.
 */
export function lowMarkUnits(
  budget: BudgetPolicy | undefined,
  funded: number | undefined,
): number | undefined {
  const lowAt = budget?.lowAt;
  if (lowAt === undefined) return undefined;
  if ("units" in lowAt) return lowAt.units;
  return funded === undefined ? undefined : Math.max(1, Math.ceil((funded * lowAt.percent) / 100));
}

/** A balance, and the mark it is compared with. */
export interface LowStanding {
  readonly balance: number;
  readonly lowAtUnits: number;
  readonly isLow: boolean;
}

/**
 * How a balance stands to its low mark; undefined where there is no balance, or no mark. What is held
 * still counts as there: holds are worst cases, and come and go with every run, so a mark below which
 * they took the balance would be crossed up and down all day. What is spent comes back only by funding.
 */
export function lowStanding({ budget, balance, funded }: Funding): LowStanding | undefined {
  const lowAtUnits = lowMarkUnits(budget, funded);
  if (balance === undefined || lowAtUnits === undefined) return undefined;
  return { balance, lowAtUnits, isLow: balance < lowAtUnits };
}

/** Whether a project is low: less is left of its balance than its mark. */
export function isLow(funding: Funding): boolean {
  return lowStanding(funding)?.isLow ?? false;
}

/**
 * The highest of the budget's percents that is spent; zero where none is. A balance that was funded
 * with nothing has nothing to spend.
 */
export function percentReached({ budget, balance, funded }: Funding): number {
  if (budget === undefined || balance === undefined || funded === undefined || funded <= 0)
    return 0;
  const spent = funded - balance;
  const reached = budget.warnAtPercent.filter((percent) => spent * 100 >= percent * funded);
  return Math.max(0, ...reached);
}
