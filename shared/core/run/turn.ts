import { limits } from "../limits.ts";
import type { Instant } from "../time/instant.ts";
import { rankOf } from "./priority.ts";
import type { Run } from "./run.ts";

/** One of the runs that wait for a project's limits. */
export interface HeadOfLine {
  readonly run: string;
  readonly rank: number;
  readonly since: Instant;
}

/** Whether a run has waited so long that nobody behind it may overtake it any more. */
export function isProtected({ since }: Pick<HeadOfLine, "since">, now: Instant): boolean {
  return now - since >= limits.overtakeMs;
}

/**
 * Whom the others of a line, which is in order, may have to let go first: the first that nobody may
 * overtake any more, or else the first. So whoever came just now with a higher priority does not hide
 * one that has waited for long.
 */
export function headOfLine<T extends HeadOfLine>(line: readonly T[], now: Instant): T | undefined {
  return line.find((each) => isProtected(each, now)) ?? line[0];
}

/**
 * Whether a run must let another go first. Small work may overtake large work that does not fit
 * yet, but only until the head of the line has waited `limits.overtakeMs`: from then on nothing
 * behind it starts in its project, so it starts once enough of what runs has ended.
 */
export function mustYield(run: Run, head: HeadOfLine | undefined, now: Instant): boolean {
  if (head === undefined || head.run === run.id || !isProtected(head, now)) return false;
  const rank = rankOf(run.priority);
  if (head.rank !== rank) return head.rank < rank;
  return run.waitingSince === undefined || head.since < run.waitingSince;
}
