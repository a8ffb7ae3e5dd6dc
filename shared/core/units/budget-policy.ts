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
export type LowMark = { readonly units: number } | { readonly percent: number };

/** How many units the low mark is, for a balance that was funded so; undefined where there is none. */
export function lowMarkUnits(
  budget: BudgetPolicy | undefined,
  funded: number | undefined,
): number | undefined {
  const lowAt = budget?.lowAt;
  if (lowAt === undefined) return undefined;
  if ("units" in lowAt) return lowAt.units;
  return funded === undefined ? undefined : Math.ceil((funded * lowAt.percent) / 100);
}
