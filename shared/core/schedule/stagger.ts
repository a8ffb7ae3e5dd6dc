import { SECOND_MS } from "../time/duration.ts";
import type { Instant } from "../time/instant.ts";

/** How far an offset puts a fire off: whole, or to a second before the occurrence that follows. */
export function staggeredMs(
  offsetMs: number,
  { nominalAt, followingAt }: { readonly nominalAt: Instant; readonly followingAt?: Instant },
): number {
  if (followingAt === undefined) return offsetMs;
  return Math.min(offsetMs, Math.max(0, followingAt - nominalAt - SECOND_MS));
}

/** What one schedule puts on its project in the time that is laid out, in whole minutes of it. */
export interface Load {
  /** When it fires, ascending, before any offset. */
  readonly fires: readonly number[];
  /** How long each run is expected to take; no longer than until the next fire. */
  readonly minutes: number;
  /** Units per second while one runs. */
  readonly rate: number;
  /** What it puts on every minute where it fires too often to be laid out. */
  readonly evenRate: number;
  /** Its offset is to be less than this; absent where its offset stands. */
  readonly window?: number;
  readonly offset: number;
}

/** The most at once, and in any sixty minutes that follow one another. */
export interface Peak {
  readonly unitsPerSecond: number;
  readonly unitsPerHour: number;
}

/**
 * Finds offsets that flatten the peak: the schedules whose offset stands are laid out first, and then
 * each other one, in the order given, where the fullest minute of its runs is the emptiest; among
 * equals where there is the least beside it, and then the earliest. So a place depends only on those
 * before it: a schedule added behind all others moves none, and one added before others moves those
 * alone whose places it makes worse.
 */
export function placeLoads(loads: readonly Load[], length: number): readonly number[] {
  const profile = new Float64Array(length);
  for (const load of loads) if (load.window === undefined) lay(profile, load, load.offset);
  return loads.map((load) => {
    const { window, offset } = load;
    if (window === undefined) return offset;
    const best = bestOffset(profile, load, window);
    lay(profile, load, best);
    return best;
  });
}

/** What loads come to at their offsets. */
export function peakOf(loads: readonly Load[], offsets: readonly number[], length: number): Peak {
  const profile = new Float64Array(length);
  for (const [index, load] of loads.entries()) lay(profile, load, offsets[index] ?? 0);
  let [most, hour, mostInHour] = [0, 0, 0];
  for (const [minute, rate] of profile.entries()) {
    hour += (rate - (profile[minute - 60] ?? 0)) * 60;
    most = Math.max(most, rate);
    mostInHour = Math.max(mostInHour, hour);
  }
  return { unitsPerSecond: Math.ceil(most), unitsPerHour: Math.ceil(mostInHour) };
}

function lay(
  profile: Float64Array,
  { fires, minutes, rate, evenRate }: Load,
  offset: number,
): void {
  if (evenRate > 0)
    for (let minute = 0; minute < profile.length; minute += 1) add(profile, minute, evenRate);
  for (const fire of fires) {
    const end = Math.min(profile.length, fire + offset + minutes);
    for (let minute = fire + offset; minute < end; minute += 1) add(profile, minute, rate);
  }
}

function add(profile: Float64Array, minute: number, rate: number): void {
  profile[minute] = (profile[minute] ?? 0) + rate;
}

function bestOffset(profile: Float64Array, { fires, minutes }: Load, window: number): number {
  const fullest = new Float64Array(window);
  const beside = new Float64Array(window);
  for (const fire of fires) look(profile, { fire, minutes }, { fullest, beside });
  let best = 0;
  for (let offset = 1; offset < window; offset += 1) {
    const [full, bestFull] = [fullest[offset] ?? 0, fullest[best] ?? 0];
    const isLess = (beside[offset] ?? 0) < (beside[best] ?? 0);
    if (full < bestFull || (full === bestFull && isLess)) best = offset;
  }
  return best;
}

/**
 * Adds what every offset of a fire would meet. Each minute is looked at twice at the most, however
 * long a run and a window are: those that may yet be the fullest are kept, fullest first.
 */
function look(
  profile: Float64Array,
  { fire, minutes }: { readonly fire: number; readonly minutes: number },
  { fullest, beside }: { readonly fullest: Float64Array; readonly beside: Float64Array },
): void {
  const kept: number[] = [];
  let first = 0;
  let sum = 0;
  const end = fire + fullest.length + minutes - 1;
  for (let minute = fire; minute < end; minute += 1) {
    const rate = profile[minute] ?? 0;
    sum += rate - (minute - minutes >= fire ? (profile[minute - minutes] ?? 0) : 0);
    while (kept.length > first && (profile[kept.at(-1) ?? 0] ?? 0) <= rate) kept.pop();
    kept.push(minute);
    if ((kept[first] ?? 0) <= minute - minutes) first += 1;
    const offset = minute - minutes + 1 - fire;
    if (offset < 0) continue;
    fullest[offset] = Math.max(fullest[offset] ?? 0, profile[kept[first] ?? 0] ?? 0);
    beside[offset] = (beside[offset] ?? 0) + sum;
  }
}
