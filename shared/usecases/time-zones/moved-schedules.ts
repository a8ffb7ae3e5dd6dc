import type { ScheduleName } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import {
  firstMoved,
  recordedTiming,
  zonesOf,
  type MovedFire,
} from "../../core/schedule/moved-fire.ts";
import { fireAfter } from "../../core/schedule/owed.ts";
import type { ScheduleDefinition } from "../../core/schedule/schedule-definition.ts";
import { plusMs, type Instant } from "../../core/time/instant.ts";
import { changesIn, type Span } from "../../core/time/zone-changes.ts";
import { zoneNamed } from "../../core/time/zone.ts";
import type { Reader, Transaction } from "../../ports/store.ts";
import {
  fireTimer,
  writeDefinition,
  type DefinitionRecord,
} from "../../records/schedule-record.ts";
import {
  readTimeZones,
  writeTimeZones,
  type TimeZoneRecord,
} from "../../records/time-zone-record.ts";
import { moveTimer, type Timer } from "../../records/timer-record.ts";
import { latestRun, nextFireOf } from "../next-fire.ts";
import { compiledTiming } from "../timing-cache.ts";
import { timeZoneData } from "./zone-data.ts";

/** A schedule whose local times mean other instants than by the data it was applied with. */
export interface MovedSchedule extends MovedFire {
  readonly schedule: ScheduleName;
}

/** What new time zone data means for a configuration that is applied. */
export interface ZoneReview {
  readonly moved: readonly MovedSchedule[];
  /** Writes what zones do by the present data, and the timers of fires that moved. */
  readonly write: (tx: Transaction) => void;
}

/** Tells configurations apart that say the same by other time zone data; empty where none is asked. */
export function zoneStamp(definitions: readonly ScheduleDefinition[]): string {
  return zonesNamed(definitions).length === 0 ? "" : `, tz ${timeZoneData()}`;
}

/**
 * Compares the zones of live schedules with what was recorded of them. A schedule with the same timing
 * goes on with what it owes: only where its next fire moved, its timer does. Reads before any write;
 * where no schedule names a zone but UTC, it reads and writes nothing.
 */
export async function reviewZones(
  reader: Reader,
  changes: readonly {
    readonly before: DefinitionRecord | undefined;
    readonly after: DefinitionRecord;
  }[],
  now: Instant,
): Promise<ZoneReview> {
  const names = zonesNamed(changes.map(({ after }) => after.definition));
  if (names.length === 0) return { moved: [], write: () => undefined };
  const recorded = await readTimeZones(reader);
  const kept = changes.flatMap(({ before, after }) =>
    after.firing !== undefined && after.firing === before?.firing ? [after] : [],
  );
  const moved = recorded === undefined ? [] : movedAmong(kept, recorded, now);
  const moves: FireMove[] = [];
  for (const record of kept) {
    if (recorded === undefined) break;
    if (!moved.some(({ schedule }) => schedule === record.definition.name)) continue;
    const move = await fireMove(reader, record, { recorded, now });
    if (move !== undefined) moves.push(move);
  }
  return {
    moved,
    write: (tx) => {
      writeTimeZones(tx, recordOf(names, now));
      for (const { from, to, record } of moves) {
        moveTimer(tx, from, to);
        writeDefinition(tx, record);
      }
    },
  };
}

/** The schedules among some that fire at other times than by the recorded data. */
export function movedAmong(
  records: readonly Pick<DefinitionRecord, "definition">[],
  recorded: TimeZoneRecord,
  now: Instant,
): readonly MovedSchedule[] {
  const span = { fromAt: Math.max(now, recorded.fromAt), untilAt: recorded.untilAt };
  return records.flatMap(({ definition: { name, timing } }) => {
    const moved = timing && firstMoved(timing, recorded.zones, span);
    return moved === undefined ? [] : [{ schedule: name, ...moved }];
  });
}

/** What becomes of a schedule whose next fire moved. */
interface FireMove {
  readonly from: Timer;
  /** Absent where it has no fire to come any more. */
  readonly to: Timer | undefined;
  readonly record: DefinitionRecord;
}

async function fireMove(
  reader: Reader,
  record: DefinitionRecord,
  { recorded, now }: { readonly recorded: TimeZoneRecord; readonly now: Instant },
): Promise<FireMove | undefined> {
  const { definition, firing } = record;
  const { name, timing } = definition;
  const before = timing && recordedTiming(timing, recorded.zones);
  if (timing === undefined || before === undefined || firing === undefined) return undefined;
  const fired = { now, latest: await latestRun(reader, name) };
  const was = await nextFireOf(reader, record, { ...fired, timing: before });
  // One that never fired yet begins with what is to come now, which may be earlier than it was.
  const isFirst = was?.nominalAt === firing.first.nominalAt && was.nominalAt > now;
  const becomes = isFirst
    ? fireAfter(definition, compiledTiming(timing), plusMs(now, -1))
    : await nextFireOf(reader, record, fired);
  if (was === undefined || was.effectiveAt === becomes?.effectiveAt) return undefined;
  const { generation } = firing;
  return {
    from: fireTimer(name, was, generation),
    to: becomes && fireTimer(name, becomes, generation),
    record:
      isFirst && becomes !== undefined
        ? { ...record, firing: { ...firing, first: becomes } }
        : record,
  };
}

function zonesNamed(definitions: readonly ScheduleDefinition[]): readonly string[] {
  const names = definitions.flatMap(({ timing }) => (timing === undefined ? [] : zonesOf(timing)));
  return [...new Set(names)].sort().slice(0, limits.timeZonesRecorded);
}

function recordOf(names: readonly string[], now: Instant): TimeZoneRecord {
  const span: Span = { fromAt: now, untilAt: now + limits.timeZonesAheadMs };
  const zones = names.flatMap((name) => {
    const zone = zoneNamed(name);
    return zone === undefined ? [] : [[name, changesIn(zone, span)] as const];
  });
  return { version: timeZoneData(), ...span, zones: Object.fromEntries(zones) };
}
