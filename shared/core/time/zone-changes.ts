import { DAY_MS } from "./duration.ts";
import type { Era, ZoneClock } from "./zone.ts";

/** What a zone's clock does in a span of time: enough to compare it with what it does by other data. */
export interface ZoneChanges {
  /** At the beginning of the span. */
  readonly offsetMs: number;
  /** The instant of each change, ascending, and the offset from then on. */
  readonly changes: readonly (readonly [changeAt: number, offsetMs: number])[];
}

/** A span, in milliseconds since 1970-01-01T00:00:00Z; the end is exclusive. */
export interface Span {
  readonly fromAt: number;
  readonly untilAt: number;
}

/** What a zone does in a span. */
export function changesIn(zone: ZoneClock, { fromAt, untilAt }: Span): ZoneChanges {
  const changes: (readonly [number, number])[] = [];
  let era = zone.eraAt(fromAt);
  const { offsetMs } = era;
  while (era.endAt < untilAt) {
    if (era.offsetAfterMs !== era.offsetMs) changes.push([era.endAt, era.offsetAfterMs]);
    era = zone.eraAt(era.endAt);
  }
  return { offsetMs, changes };
}

/** The first instant of a span at which two clocks differ; undefined where they never do. */
export function firstDifference(
  a: ZoneChanges,
  b: ZoneChanges,
  { fromAt, untilAt }: Span,
): number | undefined {
  const instants = [...a.changes, ...b.changes].map(([changeAt]) => changeAt);
  return [fromAt, ...instants.sort((one, other) => one - other)].find(
    (at) => at >= fromAt && at < untilAt && offsetAt(a, at) !== offsetAt(b, at),
  );
}

function offsetAt({ offsetMs, changes }: ZoneChanges, at: number): number {
  return changes.findLast(([changeAt]) => changeAt <= at)?.[1] ?? offsetMs;
}

/** A year or so: how long an era is where nothing is known to happen. */
const QUIET_MS = 360 * DAY_MS;

/** The zone that does what was recorded; before the span and behind it nothing happens. */
export function recordedZone(name: string, { offsetMs, changes }: ZoneChanges): ZoneClock {
  const eraAt = (epochMs: number): Era => {
    const index = changes.findLastIndex(([changeAt]) => changeAt <= epochMs);
    const own = changes[index]?.[1] ?? offsetMs;
    const before = changes[index - 1]?.[1] ?? offsetMs;
    const quietAt = Math.floor(epochMs / QUIET_MS) * QUIET_MS;
    const changedAt = changes[index]?.[0] ?? -Infinity;
    const changesAt = changes[index + 1]?.[0] ?? Infinity;
    const startAt = Math.max(quietAt, changedAt);
    const endAt = Math.min(quietAt + QUIET_MS, changesAt);
    return {
      startAt,
      endAt,
      offsetMs: own,
      offsetBeforeMs: startAt === changedAt ? before : own,
      offsetAfterMs: endAt === changesAt ? (changes[index + 1]?.[1] ?? own) : own,
    };
  };
  return { name, eraAt };
}
