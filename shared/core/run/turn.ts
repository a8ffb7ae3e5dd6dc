import { limits } from "../limits.ts";
import type { Instant } from "../time/instant.ts";
import { rankOf } from "./priority.ts";
import type { Run } from "./run.ts";

/** The first in turn of the runs that wait for a project's limits. */
export interface HeadOfLine {
  readonly run: string;
  readonly rank: number;
  readonly since: Instant;
}

/**
 * Whether a run must let another go first. Small work may overtake large work that does not fit
 * yet, but only until the head of the line has waited `limits.overtakeMs`: from then on nothing
 * behind it starts in its project, so it starts once enough of what runs has ended.
 */
export function mustYield(run: Run, head: HeadOfLine | undefined, now: Instant): boolean {
  if (head === undefined || head.run === run.id || now - head.since < limits.overtakeMs)
    return false;
  const rank = rankOf(run.priority);
  if (head.rank !== rank) return head.rank < rank;
  return run.waitingSince === undefined || head.since < run.waitingSince;
}
