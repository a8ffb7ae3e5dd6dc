import { digest, type ScheduleName } from "../ids.ts";
import type { Instant } from "../time/instant.ts";

/** Hex digits that a double holds exactly: 13 × 4 = 52 bits. */
const DIGITS = 13;

/** The share of its jitter a schedule takes, in [0, 1): always the same for one name. */
function shareOf(schedule: ScheduleName): number {
  return Number.parseInt(digest(["jitter", schedule], DIGITS), 16) / 16 ** DIGITS;
}

/**
 * How long a schedule puts its fire off: between zero and `maxMs`, always before the occurrence that
 * follows. It depends on the schedule's name alone, so schedules that share an instant spread out,
 * and each keeps its place. Where occurrences stand closer than `maxMs`, the share is taken of the
 * distance: cutting off instead would pile schedules up just before the next occurrence.
 */
export function jitterMs(
  schedule: ScheduleName,
  fire: { readonly maxMs: number; readonly nominalAt: Instant; readonly followingAt?: Instant },
): number {
  const { maxMs, nominalAt, followingAt } = fire;
  const choices =
    followingAt === undefined ? maxMs + 1 : Math.min(maxMs + 1, followingAt - nominalAt);
  return Math.floor(shareOf(schedule) * choices);
}
