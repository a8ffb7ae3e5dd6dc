import { assertNever } from "../assert.ts";
import { dayFrom, hasDay } from "../calendar/compiled-days.ts";
import { DAY_MS } from "../time/duration.ts";
import { earlier, instant, INSTANT_MAX, type Instant } from "../time/instant.ts";
import { localTime, type LocalTime } from "../time/local-time.ts";
import { localToInstants, type Era } from "../time/zone.ts";
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
 * O3. The day that a calendar is asked about is that of the local time the pattern names, so it is
 *     the intended one inside a gap too. A rhythm names no local time; there it is the day shown.
 * O4. Instants come out strictly ascending, so two elements that name one instant are one occurrence.
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
    case "every":
      return instantWithin(nextOfEvery(source, afterAt));
    case "at":
      return source.instants.find((at) => at > afterAt);
    default:
      return assertNever(source);
  }
}

const instantWithin = (epochMs: number | undefined): Instant | undefined =>
  epochMs === undefined || epochMs > INSTANT_MAX ? undefined : instant(epochMs);

type EverySource = Extract<Source, { readonly kind: "every" }>;

function nextOfEvery(source: EverySource, afterAt: number): number | undefined {
  let nextAt = nextOfRhythm(source, afterAt);
  const { on } = source;
  if (on === undefined) return nextAt;
  const { days, zone } = on;
  while (nextAt <= INSTANT_MAX) {
    const day = Math.floor((nextAt + zone.eraAt(nextAt).offsetMs) / DAY_MS);
    if (hasDay(days, day)) return nextAt;
    const wanted = dayFrom(days, day + 1);
    if (wanted === undefined) return undefined;
    const begins = localToInstants(zone, localTime(wanted * DAY_MS));
    const beginsAt = begins.kind === "gap" ? begins.endAt : begins.instants[0];
    nextAt = nextOfRhythm(source, Math.max(nextAt, beginsAt - 1));
  }
  return undefined;
}

function nextOfRhythm({ firstAt, everyMs }: EverySource, afterAt: number): number {
  if (afterAt < firstAt) return firstAt;
  return firstAt + (Math.floor((afterAt - firstAt) / everyMs) + 1) * everyMs;
}

type CronSource = Extract<Source, { readonly kind: "cron" }>;

function nextOfCron({ pattern, zone, dst, rule }: CronSource, afterAt: number): number | undefined {
  let era = zone.eraAt(afterAt + 1);
  let fromAt = afterAt + 1;
  for (;;) {
    const fromLocal = Math.max(fromAt + era.offsetMs, shownFrom(era, dst.overlap));
    const local = nextLocal(pattern, localTime(fromLocal), rule);
    if (local !== undefined && local < shownUntil(era, dst.overlap)) return local - era.offsetMs;

    // An era that begins by going back behind where we are shows again what has passed.
    const goesBack = era.endAt + era.offsetAfterMs < fromLocal;
    if (local === undefined && !goesBack) return undefined;
    // A date years ahead: nothing matches before it, so neither does any era or gap on the way.
    const nearer = (local ?? fromLocal) - 2 * DAY_MS;
    if (nearer > era.endAt && !goesBack) {
      era = zone.eraAt(nearer);
      fromAt = era.startAt;
      continue;
    }
    if (local !== undefined && dst.gap === "shift" && inGapAfter(era, local)) return era.endAt;
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
