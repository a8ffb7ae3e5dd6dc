import { limits } from "../limits.ts";
import { DAY_MS } from "../time/duration.ts";
import { formatInstant, instant, type Instant } from "../time/instant.ts";
import {
  changesIn,
  firstDifference,
  recordedZone,
  type Span,
  type ZoneChanges,
} from "../time/zone-changes.ts";
import { zoneNamed } from "../time/zone.ts";
import { compileTiming } from "./compile-timing.ts";
import type { CompiledTiming } from "./compiled-timing.ts";
import { nextOccurrence } from "./next-occurrence.ts";
import type { TimingSpec } from "./timing.ts";

/** The first occurrence that other time zone data names at another time; one of both may be absent. */
export interface MovedFire {
  readonly was?: Instant;
  readonly becomes?: Instant;
}

/** What zones did by the data that was recorded, by name. */
export type RecordedZones = Readonly<Record<string, ZoneChanges>>;

/** The zones that a timing's local times are in, each once. UTC is none: nothing happens there. */
export function zonesOf({ when, timezone, from, until }: TimingSpec): readonly string[] {
  const zones = when.flatMap((element) => element.timezone ?? []);
  const all = from === undefined && until === undefined ? zones : [...zones, timezone];
  return [...new Set(all)].filter((name) => name !== "UTC");
}

/** The timing by the recorded zones, and by this platform's where none was recorded. */
export function recordedTiming(
  spec: TimingSpec,
  recorded: RecordedZones,
): CompiledTiming | undefined {
  const compiled = compileTiming(spec, (name) => {
    const changes = recorded[name];
    return changes === undefined ? zoneNamed(name) : recordedZone(name, changes);
  });
  return compiled.ok ? compiled.value : undefined;
}

/**
 * The first occurrence of a span that is not what it was by the recorded zones. Before zones differ,
 * so do no occurrences; from a day before it on, both are gone through together.
 */
export function firstMoved(
  spec: TimingSpec,
  recorded: RecordedZones,
  span: Span,
): MovedFire | undefined {
  const differAt = zonesOf(spec).flatMap((name) => differenceOf(name, recorded, span) ?? []);
  const before = recordedTiming(spec, recorded);
  const now = compileTiming(spec);
  if (differAt.length === 0 || before === undefined || !now.ok) return undefined;
  const startAt = Math.max(span.fromAt, Math.min(...differAt) - DAY_MS);
  let afterAt = instant(startAt - 1);
  for (let count = 0; count < limits.movedFires; count += 1) {
    const was = nextOccurrence(before, afterAt);
    const becomes = nextOccurrence(now.value, afterAt);
    if (was !== becomes) {
      return {
        ...(was !== undefined && { was }),
        ...(becomes !== undefined && { becomes }),
      };
    }
    if (was === undefined || was >= span.untilAt) return undefined;
    afterAt = was;
  }
  return undefined;
}

/** The first instant of a span at which a zone is not what was recorded of it. */
export function differenceOf(
  name: string,
  recorded: RecordedZones,
  span: Span,
): number | undefined {
  const [zone, known] = [zoneNamed(name), recorded[name]];
  if (zone === undefined || known === undefined) return undefined;
  return firstDifference(known, changesIn(zone, span), span);
}

/** In words: `fires at 2027-03-28T01:00:00Z and not at 2027-03-28T00:00:00Z`. */
export function movedText({ was, becomes }: MovedFire): string {
  if (becomes === undefined) {
    return was === undefined
      ? "fires as before"
      : `does not fire at ${formatInstant(was)} any more`;
  }
  if (was === undefined) return `fires at ${formatInstant(becomes)} too`;
  return `fires at ${formatInstant(becomes)} and not at ${formatInstant(was)}`;
}
