import { limits } from "../limits.ts";
import { DAY_MS, MINUTE_MS } from "../time/duration.ts";
import { instant } from "../time/instant.ts";
import { unlearntEstimate, type Estimate } from "../units/estimate.ts";
import { rateOf } from "../units/rates.ts";
import { compileTiming } from "./compile-timing.ts";
import { jitterMs } from "./jitter.ts";
import { nextOccurrence } from "./next-occurrence.ts";
import type { ScheduleDefinition } from "./schedule-definition.ts";
import type { Load } from "./stagger.ts";
import type { WhenSpec } from "./timing.ts";

/**
 * The time in which schedules are laid out: five weeks, which have every weekday and every day of a
 * month. Always the same ones, so that offsets do not depend on the day on which a file is read.
 */
const FROM_AT = instant(Date.UTC(2027, 0, 4));
const DAYS = 35;
/** In minutes, as loads count. A run that goes on behind the end counts until there. */
export const LAID_OUT_MINUTES = (DAYS * DAY_MS) / MINUTE_MS;

/** What a run is expected to take, and how we know. */
export type Expected = Omit<Estimate, "source" | "runs"> & {
  readonly source: "configured" | "timeout" | "assumed";
  /** Units per second. */
  readonly rate: number;
};

/**
 * What a file alone says of a schedule's runs: its estimate, else its timeout. A timeout that nobody
 * wrote says nothing of how long a run takes: then it is taken for ten minutes.
 */
export function expectedOf(
  { work, estimate, timeoutMs }: ScheduleDefinition,
  rates: Readonly<Record<string, number>>,
): Expected {
  const rate = Math.max(1, ...work.instanceTypes.map((type) => rateOf(type, rates) ?? 1));
  const isUnsaid = estimate === undefined && timeoutMs === limits.timeoutDefaultMs;
  const configured = isUnsaid ? { durationMs: limits.staggerAssumedMs } : estimate;
  const terms = { rate, timeoutMs, graceMs: limits.killGraceMs, configured };
  const { units, durationMs, source } = unlearntEstimate(terms);
  const minutes = Math.max(1, durationMs / MINUTE_MS);
  return {
    units,
    durationMs,
    rate: Math.min(rate, units / (minutes * 60)),
    source: isUnsaid ? "assumed" : source === "configured" ? source : "timeout",
  };
}

/** Lays out a schedule's fires; `windowMs` is where its offset is to be found, if it is. */
export function loadOf(
  definition: ScheduleDefinition,
  expected: Expected,
  windowMs: number | undefined,
): Load {
  const { fires, isCut } = firesOf(definition);
  const total = fires.length < 2 ? Infinity : (fires.at(-1) ?? 0) - (fires[0] ?? 0);
  const gaps = fires.slice(1).map((fire, index) => fire - (fires[index] ?? 0));
  const gap = Math.max(
    1,
    gaps.reduce((least, each) => Math.min(least, each), Infinity),
  );
  const runMinutes = Math.max(1, Math.ceil(expected.durationMs / MINUTE_MS));
  const minutes = Math.min(runMinutes, gap);
  if (isCut) {
    const everyMinutes = total / (fires.length - 1);
    const evenRate = expected.rate * Math.min(1, runMinutes / everyMinutes);
    return { fires: [], minutes, rate: 0, evenRate, offset: 0 };
  }
  const load = { fires, minutes, rate: expected.rate, evenRate: 0 };
  if (windowMs === undefined) return { ...load, offset: standingOffset(definition, gap) };
  const window = Math.max(1, Math.min(Math.floor(windowMs / MINUTE_MS), gap));
  return { ...load, offset: 0, window };
}

function standingOffset(
  { name, jitterMs: maxMs, stagger }: ScheduleDefinition,
  gap: number,
): number {
  const gapMs = Math.min(gap * MINUTE_MS, DAYS * DAY_MS);
  const followingAt = instant(FROM_AT + gapMs);
  const putOffMs =
    stagger === undefined
      ? jitterMs(name, { maxMs, nominalAt: FROM_AT, followingAt })
      : Math.min(stagger.offsetMs, gapMs - 1);
  return Math.floor(putOffMs / MINUTE_MS);
}

/** In minutes from the beginning. Bounds and calendars belong to single days, and are left out. */
function firesOf({ timing }: ScheduleDefinition): {
  readonly fires: readonly number[];
  readonly isCut: boolean;
} {
  if (timing === undefined) return { fires: [], isCut: false };
  const { timezone } = timing;
  const compiled = compileTiming({ when: timing.when.map(onEveryDay), timezone });
  const fires: number[] = [];
  const untilAt = FROM_AT + DAYS * DAY_MS;
  let at = compiled.ok ? nextOccurrence(compiled.value, instant(FROM_AT - 1)) : undefined;
  while (compiled.ok && at !== undefined && at < untilAt) {
    if (fires.length === limits.staggerFires) return { fires, isCut: true };
    fires.push(Math.floor((at - FROM_AT) / MINUTE_MS));
    at = nextOccurrence(compiled.value, at);
  }
  return { fires, isCut: false };
}

function onEveryDay(element: WhenSpec): WhenSpec {
  if (element.kind === "at") return element;
  const { days, ...rest } = element;
  return rest;
}
