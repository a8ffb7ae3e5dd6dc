import { SECOND_MS } from "../time/duration.ts";
import { instant, type Instant } from "../time/instant.ts";
import { busyMs, spentWithin, type Spend } from "./spend.ts";

/**
 * The trailing window: does one more execution fit, and when would it first?
 *
 * Let `F(t)` be the most that known work can have spent in the window that ends at `t`, and `C(u)`
 * the same for the candidate, `u` after its start. A start `x` fits when for every `t >= x`
 * `F(t) + C(t - x)` is at most the limit.
 *
 * H1 Both are sums of trapezoids: piecewise linear, with whole corners and whole slopes. So their
 *    sum is highest at a corner of one of them, and a start is ruled out in one of three ways, each
 *    a closed range of whole milliseconds:
 *    - `F` alone is above the limit at `t`: every start up to `t`;
 *    - `F` leaves less than the candidate's level top at `t`: every start that puts the top there;
 *    - a corner of `F` meets the candidate's rise or fall above the limit.
 * H2 The ranges together are every start that does not fit, so the first start outside them is
 *    exact to the millisecond.
 * H3 `n` spends give at most `4n + 1` corners and three ranges a corner. Sorting them is the cost:
 *    O(n log n). Every loop walks one of these lists once, and an account's `n` is at most
 *    `accountSpends + accountReservations`.
 * H4 All numbers are unit-milliseconds in safe integers; `limits.ts` has the arithmetic.
 */
export interface WindowQuestion {
  /** What was spent and what running work may still spend. */
  readonly spends: readonly Spend[];
  /** The execution in question, as if it started at the earliest instant that is asked about. */
  readonly candidate: Spend;
  readonly limitUnits: number;
  readonly windowMs: number;
}

export interface WindowAnswer {
  /** The first start that fits, at or after the candidate's; `never` if it is too much alone. */
  readonly fitsAt: Instant | "never";
  /** The most units any window would hold if the candidate started at once, rounded up. */
  readonly peakUnits: number;
  /** The end of the first such window. */
  readonly peakAt: Instant;
  /** The most units the candidate alone puts into a window, rounded up. */
  readonly aloneUnits: number;
}

/** Answers whether the candidate fits, when it first fits, and the numbers behind the answer. */
export function fitWindow(question: WindowQuestion): WindowAnswer {
  const { spends, candidate, windowMs } = question;
  const corners = cornersOf(spends, candidate.startAt, windowMs);
  const peak = highest(cornersOf([...spends, candidate], candidate.startAt, windowMs));
  return {
    fitsAt: firstFit(question, corners),
    peakUnits: Math.ceil(peak.value / SECOND_MS),
    peakAt: instant(peak.at),
    aloneUnits: Math.ceil((candidate.rate * busyMs(candidate, windowMs)) / SECOND_MS),
  };
}

/** A point of the profile: its height there and its slope from there to the next corner. */
interface Corner {
  readonly at: number;
  readonly value: number;
  readonly slope: number;
}

/** Whole milliseconds, both ends included. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** The profile from `fromAt` on. Its last corner is level: nothing known lies behind it. */
function cornersOf(spends: readonly Spend[], fromAt: number, windowMs: number): readonly Corner[] {
  const turns = spends.flatMap((spend) => turnsOf(spend, windowMs)).sort((a, b) => a.at - b.at);
  const corners: Corner[] = [];
  let at = fromAt;
  let slope = 0;
  let value = spends.reduce((sum, spend) => sum + spentWithin(spend, fromAt, windowMs), 0);
  for (const turn of turns) {
    if (turn.at > at) {
      corners.push({ at, value, slope });
      value += slope * (turn.at - at);
      at = turn.at;
    }
    slope += turn.by;
  }
  corners.push({ at, value, slope });
  return corners;
}

/** Where one trapezoid changes its slope, and by how much. */
function turnsOf(spend: Spend, windowMs: number): readonly { at: number; by: number }[] {
  const { startAt, rate } = spend;
  const goneAt = spend.endAt + windowMs;
  const rampMs = busyMs(spend, windowMs);
  return [
    { at: startAt, by: rate },
    { at: startAt + rampMs, by: -rate },
    { at: goneAt - rampMs, by: -rate },
    { at: goneAt, by: rate },
  ];
}

function highest(corners: readonly Corner[]): { at: number; value: number } {
  return corners.reduce((best, corner) => (corner.value > best.value ? corner : best));
}

function firstFit(question: WindowQuestion, corners: readonly Corner[]): Instant | "never" {
  const { candidate, windowMs } = question;
  const limit = question.limitUnits * SECOND_MS;
  const rampMs = busyMs(candidate, windowMs);
  const room = limit - candidate.rate * rampMs;
  if (room < 0) return "never";
  const goneMs = candidate.endAt - candidate.startAt + windowMs;
  const ruledOut = [
    ...rangesAbove(corners, limit).map(({ to }) => ({ from: candidate.startAt, to })),
    ...rangesAbove(corners, room).map(({ from, to }) => ({
      from: from - (goneMs - rampMs),
      to: to - rampMs,
    })),
    ...crossings(corners, { limit, room, rate: candidate.rate, goneMs }),
  ];
  return instant(firstOutside(ruledOut, candidate.startAt));
}

/** Where the profile is above a height, piece by piece. The last piece is level at zero. */
function rangesAbove(corners: readonly Corner[], height: number): readonly Range[] {
  return corners.flatMap((corner, index): readonly Range[] => {
    const next = corners[index + 1];
    if (next === undefined) return [];
    const range = { from: corner.at, to: next.at };
    const missing = height - corner.value;
    if (corner.slope > 0) {
      range.from += Math.max(0, Math.floor(missing / corner.slope) + 1);
    } else if (missing >= 0) {
      return [];
    } else if (corner.slope < 0) {
      range.to = Math.min(range.to, corner.at + Math.ceil(missing / corner.slope) - 1);
    }
    return range.from <= range.to ? [range] : [];
  });
}

interface Slope {
  readonly limit: number;
  readonly room: number;
  readonly rate: number;
  readonly goneMs: number;
}

/** The starts that put a corner of the profile too high on the candidate's rise or fall. */
function crossings(corners: readonly Corner[], slope: Slope): readonly Range[] {
  return corners
    .filter(({ value }) => value <= slope.limit && value > slope.room)
    .map(({ at, value }) => {
      const risenMs = Math.floor((slope.limit - value) / slope.rate) + 1;
      return { from: at - slope.goneMs + risenMs, to: at - risenMs };
    });
}

function firstOutside(ranges: readonly Range[], from: number): number {
  let first = from;
  for (const range of ranges.toSorted((a, b) => a.from - b.from)) {
    if (range.from > first) break;
    first = Math.max(first, range.to + 1);
  }
  return first;
}
