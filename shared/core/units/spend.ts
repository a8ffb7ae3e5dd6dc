import { limits } from "../limits.ts";
import { HOUR_MS, SECOND_MS } from "../time/duration.ts";
import { instant, type Instant } from "../time/instant.ts";

/**
 * Units spent, or at most to be spent, by work that runs at one rate.
 *
 * S1 Nothing is spent before `startAt` or after `endAt`.
 * S2 No more than `units` is spent in all, and no more than `rate` in any second of it.
 *
 * For work that has ended this is exact: `units` fills the time from start to end. For work whose
 * start is still open it covers every start: the time is longer than the units can fill. Either
 * way the most that falls into a window rises with `rate`, stays level, and falls with `rate`.
 */
export interface Spend {
  readonly startAt: Instant;
  readonly endAt: Instant;
  /** Units per second. */
  readonly rate: number;
  readonly units: number;
}

/** The longest that a spend can run inside one window, at its full rate. */
export function busyMs(spend: Spend, windowMs: number): number {
  // Exact for a single execution. A merged spend gains less than a millisecond: the safe side.
  return Math.min(windowMs, Math.ceil((spend.units * SECOND_MS) / spend.rate));
}

/** The most unit-milliseconds of a spend that can fall into `(at - windowMs, at]`. */
export function spentWithin(spend: Spend, at: number, windowMs: number): number {
  const ranMs = Math.min(busyMs(spend, windowMs), at - spend.startAt, spend.endAt + windowMs - at);
  return spend.rate * Math.max(0, ranMs);
}

/**
 * The spends that a window ending at or after `at` can still see, with one more, by start.
 *
 * Past `limits.accountSpends` the two neighbours that together span the least time become one
 * spend that covers both. So the list stays short, no unit is forgotten, and what is lost is only
 * where inside that span the units fell.
 */
export function rememberSpend(
  spends: readonly Spend[],
  added: Spend,
  at: Instant,
): readonly Spend[] {
  const kept = added.units > 0 ? [...spends, added] : spends;
  const seen = forgetSpends(kept, at).toSorted((a, b) => a.startAt - b.startAt);
  const excess = seen.length - limits.accountSpends;
  return Array.from({ length: Math.max(0, excess) }).reduce<readonly Spend[]>(mergeClosest, seen);
}

/** The spends that a window ending at or after `at` can still see. */
export function forgetSpends(spends: readonly Spend[], at: Instant): readonly Spend[] {
  return spends.filter((spend) => spend.endAt + HOUR_MS > at);
}

function mergeClosest(spends: readonly Spend[]): readonly Spend[] {
  const merged = spends.slice(1).map((right, index) => covering(spends[index] ?? right, right));
  const spanMs = merged.map((spend) => spend.endAt - spend.startAt);
  const closest = spanMs.indexOf(Math.min(...spanMs));
  return spends.flatMap((spend, index) => {
    if (index === closest + 1) return [];
    return [index === closest ? (merged[index] ?? spend) : spend];
  });
}

/** A spend that is never below the two together, at any instant, and has exactly their units. */
function covering(left: Spend, right: Spend): Spend {
  const overlap = right.startAt < left.endAt;
  return {
    startAt: left.startAt,
    endAt: instant(Math.max(left.endAt, right.endAt)),
    rate: overlap ? left.rate + right.rate : Math.max(left.rate, right.rate),
    units: left.units + right.units,
  };
}
