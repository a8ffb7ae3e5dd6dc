import type { Instant } from "../time/instant.ts";
import type { Run } from "./run.ts";

/** What a schedule's latest runs say of whether it keeps failing. */
type FailureStreak =
  | { readonly kind: "failing"; readonly runs: readonly Run[] }
  | { readonly kind: "broken" }
  /** Fewer runs are known than it takes. */
  | { readonly kind: "open" };

/**
 * Whether the last `count` runs that ended by themselves all failed, latest end first. A run that was
 * skipped, refused, cancelled or expired never showed whether it works: it neither counts nor breaks
 * the row. Only ends after `sinceAt` count.
 */
export function failuresInRow(
  runs: readonly Run[],
  { count, sinceAt }: { readonly count: number; readonly sinceAt: Instant | undefined },
): FailureStreak {
  const spoke = runs
    .filter((run) => hasFailed(run) || run.state === "succeeded")
    .filter(({ finishedAt = 0 }) => sinceAt === undefined || finishedAt > sinceAt)
    .toSorted((a, b) => (b.finishedAt ?? 0) - (a.finishedAt ?? 0))
    .slice(0, count);
  if (!spoke.every(hasFailed)) return { kind: "broken" };
  return spoke.length < count ? { kind: "open" } : { kind: "failing", runs: spoke };
}

export function hasFailed({ state }: Pick<Run, "state">): boolean {
  return state === "failed" || state === "timedOut";
}
