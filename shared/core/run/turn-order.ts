import { limits } from "../limits.ts";
import type { Instant } from "../time/instant.ts";
import { isProtected } from "./turn.ts";

/** A run that waits or is due, as its project's others see it. */
export interface Place {
  readonly run: string;
  /** 0 goes first. */
  readonly rank: number;
  /** Since when it waits, or when it was due where it has not waited yet. */
  readonly since: Instant;
}

/** What a run is expected to spend, by its id; undefined where nobody knows. */
export type UnitsOf = (run: string) => number | undefined;

/**
 * Puts runs in the order in which they are decided on: by rank, then by age, and of those that are as
 * old as each other, give or take `limits.sameAgeMs`, whoever is expected to spend less; then whoever
 * was first, then by id. A run that nobody may overtake any more (`mustYield`) is decided on before all
 * of its age, the first of them first. A run that nobody has an estimate for comes last of its age. It
 * is the same order for the same runs, however they were asked for.
 */
export function inTurn<T extends Place>(
  places: readonly T[],
  unitsOf: UnitsOf,
  now: Instant,
): readonly T[] {
  return places
    .map((place) => ({ place, key: turnKey(place, unitsOf(place.run) ?? Infinity, now) }))
    .toSorted((a, b) => byKey(a.key, b.key) || (a.place.run < b.place.run ? -1 : 1))
    .map(({ place }) => place);
}

/** Runs among which estimates decide who goes first, in groups; one alone needs no estimate. */
export function tiesIn<T extends Place>(
  places: readonly T[],
  now: Instant,
): readonly (readonly T[])[] {
  const groups = new Map<string, T[]>();
  for (const place of places) {
    // Nobody behind it starts in its project any more, and then estimates decide nothing.
    if (isProtected(place, now)) continue;
    const age = `${place.rank} ${slotOf(place)}`;
    groups.set(age, [...(groups.get(age) ?? []), place]);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

function slotOf({ since }: Place): number {
  return Math.floor(since / limits.sameAgeMs);
}

function turnKey(place: Place, units: number, now: Instant): readonly number[] {
  const { rank, since } = place;
  const within = isProtected(place, now) ? [0, since] : [1, units, since];
  return [rank, slotOf(place), ...within];
}

function byKey(a: readonly number[], b: readonly number[]): number {
  for (const [index, mine] of a.entries()) {
    const theirs = b[index] ?? mine;
    // Not by a difference: that of two unknowns is no number.
    if (mine !== theirs) return mine < theirs ? -1 : 1;
  }
  return 0;
}
