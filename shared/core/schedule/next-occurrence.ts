import { assertNever } from "../assert.ts";
import { DAY_MS } from "../time/duration.ts";
import { earlier, instant, INSTANT_MAX, type Instant } from "../time/instant.ts";
import { localTime, type LocalTime } from "../time/local-time.ts";
import type { Era } from "../time/zone.ts";
import type { CompiledTiming, Source } from "./compiled-timing.ts";
import { nextLocal } from "./next-local.ts";
import type { DstPolicy } from "./timing.ts";

/**
 * When a timing fires next. A pattern is walked in local time, one era of its zone after another;
 * inside an era local time and UTC differ by a constant, so the walk needs no zone there. The policy
 * only decides what an era's ends mean:
 *
 * O1. `overlap: both` takes every local time an era shows. `first` leaves out what the era before
 *     has shown already, and `second` what the era after will show again.
 * O2. `gap: shift` adds the end of a gap as an occurrence if the pattern names a time inside it,
 *     once however many it names. The date that must match is the intended one, inside the gap.
 * O3. Instants come out strictly ascending, so two elements that name one instant are one occurrence.
 */

/** The first occurrence strictly after an instant; undefined when the timing has ended. */
export function nextOccurrence(timing: CompiledTiming, afterAt: Instant): Instant | undefined {
  const { sources, fromAt, untilAt } = timing;
  const floorAt = fromAt !== undefined && fromAt > afterAt ? fromAt - 1 : afterAt;
  let nextAt: Instant | undefined;
  for (const source of sources) {
    const candidateAt = nextOf(source, floorAt);
    if (candidateAt === undefined) continue;
    nextAt = nextAt === undefined ? candidateAt : earlier(nextAt, candidateAt);
  }
  return nextAt === undefined || (untilAt !== undefined && nextAt > untilAt) ? undefined : nextAt;
}

function nextOf(source: Source, afterAt: number): Instant | undefined {
  switch (source.kind) {
    case "cron":
      return instantWithin(nextOfCron(source, afterAt));
    case "every": {
      const { firstAt, everyMs } = source;
      if (afterAt < firstAt) return instantWithin(firstAt);
      const passed = Math.floor((afterAt - firstAt) / everyMs) + 1;
      return instantWithin(firstAt + passed * everyMs);
    }
    case "at":
      return source.instants.find((at) => at > afterAt);
    default:
      return assertNever(source);
  }
}

const instantWithin = (epochMs: number | undefined): Instant | undefined =>
  epochMs === undefined || epochMs > INSTANT_MAX ? undefined : instant(epochMs);

type CronSource = Extract<Source, { readonly kind: "cron" }>;

function nextOfCron({ pattern, zone, dst }: CronSource, afterAt: number): number | undefined {
  let era = zone.eraAt(afterAt + 1);
  let fromAt = afterAt + 1;
  for (;;) {
    const fromLocal = Math.max(fromAt + era.offsetMs, shownFrom(era, dst.overlap));
    const local = nextLocal(pattern, localTime(fromLocal));
    if (local === undefined) return undefined;
    if (local < shownUntil(era, dst.overlap)) return local - era.offsetMs;

    // A date years ahead: nothing matches before it, so neither does any era or gap on the way.
    const nearer = local - 2 * DAY_MS;
    if (nearer > era.endAt) {
      era = zone.eraAt(nearer);
      fromAt = era.startAt;
      continue;
    }
    if (dst.gap === "shift" && inGapAfter(era, local)) return era.endAt;
    fromAt = era.endAt;
    era = zone.eraAt(fromAt);
  }
}

/** The first local time that counts in an era (O1). */
function shownFrom(era: Era, overlap: DstPolicy["overlap"]): number {
  const { startAt, offsetMs, offsetBeforeMs } = era;
  return startAt + (overlap === "first" ? Math.max(offsetMs, offsetBeforeMs) : offsetMs);
}

/** The local time at which an era stops counting, exclusive (O1). */
function shownUntil(era: Era, overlap: DstPolicy["overlap"]): number {
  const { endAt, offsetMs, offsetAfterMs } = era;
  return endAt + (overlap === "second" ? Math.min(offsetMs, offsetAfterMs) : offsetMs);
}

/** Whether the clock jumps over a local time at the end of an era (O2). */
function inGapAfter(era: Era, local: LocalTime): boolean {
  return local >= era.endAt + era.offsetMs && local < era.endAt + era.offsetAfterMs;
}
