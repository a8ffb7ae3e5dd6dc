import { scheduleName, type ScheduleName } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import type { NextFire } from "../../core/schedule/next-fire.ts";
import { fireAfter } from "../../core/schedule/owed.ts";
import { plusMs, type Instant } from "../../core/time/instant.ts";
import type { Reader } from "../../ports/store.ts";
import {
  fireTimer,
  scanDefinitions,
  type DefinitionRecord,
} from "../../records/schedule-record.ts";
import { hasTimer } from "../../records/timer-record.ts";
import { latestRun, nextFireOf } from "../next-fire.ts";
import { compiledTiming } from "../timing-cache.ts";
import type { SweepPage } from "./sweep.ts";

/** A schedule with a fire to come that no timer owes: it will not fire by itself any more. */
export interface Drifted {
  readonly schedule: ScheduleName;
  readonly nominalAt: Instant;
}

/** The next schedules behind `after` that a clock starts, and those of them that drifted. */
export async function findDrifted(
  reader: Reader,
  after: string | undefined,
  now: Instant,
): Promise<SweepPage<Drifted>> {
  const records = await scanDefinitions(reader, {
    limit: limits.auditSchedules,
    after: after === undefined ? undefined : scheduleName(after),
  });
  const clocked = records.filter(({ firing }) => firing !== undefined);
  const looks = await Promise.all(
    clocked.map(async (record) => await driftOf(reader, record, now)),
  );
  const isLastPage = records.length < limits.auditSchedules;
  return {
    seen: clocked.length,
    wrong: looks.flatMap((drifted) => drifted ?? []),
    after: isLastPage ? undefined : records.at(-1)?.definition.name,
  };
}

async function driftOf(
  reader: Reader,
  record: DefinitionRecord,
  now: Instant,
): Promise<Drifted | undefined> {
  const { definition, firing } = record;
  const { name, timing } = definition;
  if (firing === undefined || timing === undefined) return undefined;
  const next = await nextFireOf(reader, record, { latest: await latestRun(reader, name), now });
  const hasIts = async (fire: NextFire | undefined): Promise<boolean> =>
    fire !== undefined && (await hasTimer(reader, fireTimer(name, fire, firing.generation)));
  if (next === undefined || (await hasIts(next))) return undefined;
  // Runs are kept for a while only. Behind the last of a schedule that fires seldom, what it fires
  // next is what comes after now, or after what ticks have fired ahead.
  const compiled = compiledTiming(timing);
  const later = [now, plusMs(now, limits.tickHorizonMs)];
  for (const afterAt of later) {
    const fire = fireAfter(definition, compiled, afterAt);
    // One that has ended meanwhile has nothing to come, and nothing to be owed.
    if (fire === undefined && next.effectiveAt < now) return undefined;
    if (await hasIts(fire)) return undefined;
  }
  return { schedule: name, nominalAt: next.nominalAt };
}
