import type { Instant } from "../../core/time/instant.ts";
import type { Counts, Sweep } from "../../records/audit-record.ts";

/** What one page of a sweep came to. */
export interface SweepPage<Wrong> {
  readonly seen: number;
  readonly wrong: readonly Wrong[];
  /** The key of its last row; absent where none is behind it. */
  readonly after: string | undefined;
}

const NONE: Counts = { seen: 0, wrong: 0 };

/** Whether a sweep has a page to look at now: it is under way, or the next one is due. */
export function isDue(sweep: Sweep | undefined, everyMs: number, now: Instant): boolean {
  return sweep === undefined || sweep.after !== undefined || sweep.beganAt + everyMs <= now;
}

/** A sweep after one more page; one that is through begins anew. */
export function swept(
  sweep: Sweep | undefined,
  { seen, wrong, after }: SweepPage<unknown>,
  now: Instant,
): Sweep {
  const goesOn = sweep?.after !== undefined;
  const { beganAt, counted } = goesOn ? sweep : { beganAt: now, counted: NONE };
  const sum = { seen: counted.seen + seen, wrong: counted.wrong + wrong.length };
  if (after === undefined) return { beganAt, counted: NONE, found: sum };
  return { beganAt, after, counted: sum, found: sweep?.found };
}
