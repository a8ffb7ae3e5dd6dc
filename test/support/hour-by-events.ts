import { SECOND_MS } from "../../shared/core/time/duration.ts";
import type { WorkByHand } from "./spending-by-hand.ts";

/**
 * The hour window by its definition and nothing else: for every instant from a start on, the most
 * that known work can have spent in the window that ends there, under any start it is allowed, and
 * the most of the candidate. Every amount is in unit-milliseconds.
 *
 * Nothing is shared with the product: no trapezoids, no ramps, no ranges. Work is put where it
 * overlaps the window most, and the overlap of two intervals is measured.
 */
export interface FitQuestion {
  readonly works: readonly WorkByHand[];
  /** Its range of starts, as if the first were the earliest that is asked about. */
  readonly candidate: WorkByHand;
  readonly limitUnits: number;
  readonly windowMs: number;
}

/** The most unit-milliseconds of one work in `(at - windowMs, at]`, under any start it may have. */
function mostWithin(work: WorkByHand, at: number, windowMs: number): number {
  // Nothing is gained by ending after the window, or before it does.
  const startAt = Math.min(Math.max(at - work.ms, work.earliestAt), work.latestAt);
  const from = Math.max(startAt, at - windowMs);
  const to = Math.min(startAt + work.ms, at);
  return Math.max(0, to - from) * work.rate;
}

/** The same of all works together. */
export function mostOfAll(works: readonly WorkByHand[], at: number, windowMs: number): number {
  let sum = 0;
  for (const work of works) sum += mostWithin(work, at, windowMs);
  return sum;
}

/** Every instant at which what a window holds of a work can turn: starts, ends, and a window later. */
export function turnsOf(work: WorkByHand, windowMs: number): readonly number[] {
  const { earliestAt, latestAt, ms } = work;
  const events = [earliestAt, latestAt, earliestAt + ms, latestAt + ms];
  return [...new Set(events.flatMap((at) => [at, at + windowMs]))];
}

/** The most that any window ending at or after `fromAt` can hold, and where that is first. */
export function worstWindow(
  works: readonly WorkByHand[],
  fromAt: number,
  windowMs: number,
): { readonly units: number; readonly at: number } {
  // Between two turns the sum is a straight line, so it is highest at one of them.
  const instants = [fromAt, ...works.flatMap((work) => turnsOf(work, windowMs))]
    .filter((at) => at >= fromAt)
    .sort((a, b) => a - b);
  let worst = { units: -1, at: fromAt };
  for (const at of instants) {
    const units = mostOfAll(works, at, windowMs) / SECOND_MS;
    if (units > worst.units) worst = { units, at };
  }
  return worst;
}

/** Whether the candidate keeps every window from `startAt` on within the limit if it starts there. */
export function fitsFrom(question: FitQuestion, startAt: number): boolean {
  const { works, candidate, limitUnits, windowMs } = question;
  const moved = movedTo(candidate, startAt);
  return worstWindow([...works, moved], startAt, windowMs).units <= limitUnits;
}

function movedTo(candidate: WorkByHand, startAt: number): WorkByHand {
  const slackMs = candidate.latestAt - candidate.earliestAt;
  return { ...candidate, earliestAt: startAt, latestAt: startAt + slackMs };
}

/**
 * The first whole millisecond from which the candidate fits, by going over all starts in order.
 *
 * As the start moves, what a window holds turns only where a turn of the candidate passes a turn of
 * known work. Between two such starts every window's sum is a straight line, so those starts of the
 * stretch that fit are one stretch themselves, whose ends are found by halving.
 */
export function firstFitByEvents(question: FitQuestion): number | "never" {
  const { works, candidate, limitUnits, windowMs } = question;
  const own = turnsOf(movedTo(candidate, 0), windowMs);
  const alone = worstWindow([movedTo(candidate, 0)], 0, windowMs).units;
  if (alone > limitUnits) return "never";
  const known = works.flatMap((work) => turnsOf(work, windowMs));
  const first = candidate.earliestAt;
  const meetings = known.flatMap((at) => [at, ...own.map((turn) => at - turn)]);
  const starts = [...new Set([first, ...meetings.filter((at) => at > first)])];
  starts.sort((a, b) => a - b);
  for (const [index, start] of starts.entries()) {
    if (fitsFrom(question, start)) return start;
    const stretch = { from: start + 1, to: (starts[index + 1] ?? start + 2) - 1 };
    const found = firstOfStretch(question, { own, known }, stretch);
    if (found !== undefined) return found;
  }
  throw new Error("what fits alone fits once all known work has left the window");
}

interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** The first start of a stretch in which no turn passes another, if one fits. */
function firstOfStretch(
  { works, candidate, limitUnits, windowMs }: FitQuestion,
  turns: { readonly own: readonly number[]; readonly known: readonly number[] },
  { from, to }: Stretch,
): number | undefined {
  if (from > to) return undefined;
  const limit = limitUnits * SECOND_MS;
  const sumAt = (start: number, at: number): number =>
    mostOfAll(works, at, windowMs) + mostWithin(movedTo(candidate, start), at, windowMs);
  const sums = [
    ...turns.known.filter((at) => at >= to).map((at) => (start: number) => sumAt(start, at)),
    ...turns.own.map((turn) => (start: number) => sumAt(start, start + turn)),
  ];
  let [first, last] = [from, to];
  for (const sum of sums) {
    const [isLeftHigh, isRightHigh] = [sum(from) > limit, sum(to) > limit];
    if (isLeftHigh && isRightHigh) return undefined;
    // A straight line crosses the limit once.
    if (isLeftHigh)
      first = Math.max(
        first,
        turningPoint(from, to, (at) => sum(at) <= limit),
      );
    if (isRightHigh) last = Math.min(last, turningPoint(from, to, (at) => sum(at) > limit) - 1);
  }
  return first <= last ? first : undefined;
}

/** The first whole number for which something holds that holds from there on to the end. */
function turningPoint(from: number, to: number, holds: (at: number) => boolean): number {
  let [no, yes] = [from, to];
  while (yes - no > 1) {
    const middle = Math.floor((no + yes) / 2);
    if (holds(middle)) yes = middle;
    else no = middle;
  }
  return yes;
}

/**
 * Units spent by the second, for work that starts and ends on whole seconds: the slowest way to add
 * an hour up, and the one with the least to get wrong.
 */
export class SecondBySecond {
  readonly #spent: Float64Array;

  constructor(works: readonly WorkByHand[], seconds: number) {
    this.#spent = new Float64Array(seconds);
    for (const { earliestAt, ms, rate } of works) {
      const from = earliestAt / SECOND_MS;
      for (let second = from; second < from + ms / SECOND_MS; second += 1) {
        this.#spent[second] = (this.#spent[second] ?? 0) + rate;
      }
    }
  }

  /** Whether `seconds` more at `rate` from the second `start` on leave every trailing hour within. */
  fits(
    start: number,
    more: { readonly seconds: number; readonly rate: number },
    limit: number,
  ): boolean {
    const own = (second: number): number =>
      second >= start && second < start + more.seconds ? more.rate : 0;
    const at = (second: number): number =>
      second < 0 ? 0 : (this.#spent[second] ?? 0) + own(second);
    let hour = 0;
    for (let second = start - 3_600; second < start; second += 1) hour += at(second);
    if (hour > limit) return false;
    for (let second = start; second < this.#spent.length; second += 1) {
      hour += at(second) - at(second - 3_600);
      if (hour > limit) return false;
    }
    return true;
  }
}
