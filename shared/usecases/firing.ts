import type { ScheduleName } from "../core/ids.ts";
import { fireAfter } from "../core/schedule/owed.ts";
import type { ScheduleDefinition } from "../core/schedule/schedule-definition.ts";
import { plusMs, type Instant } from "../core/time/instant.ts";
import type { Reader } from "../ports/store.ts";
import {
  fireTimer,
  newGeneration,
  readDefinitions,
  type DefinitionRecord,
} from "../records/schedule-record.ts";
import type { Timer } from "../records/timer-record.ts";
import { latestRun, nextFireOf } from "./next-fire.ts";
import { compiledTiming } from "./timing-cache.ts";

/** A schedule as it was and as it is to be. */
export interface Retiming {
  readonly before: DefinitionRecord | undefined;
  readonly after: DefinitionRecord;
}

/**
 * With the same timing a schedule keeps what it owes; with a new one it starts from now. A timing of
 * its own has timers of its own: one that fired before stays with the run it made.
 */
export function firingOf(
  { before, after }: Omit<Retiming, "after"> & { readonly after: Omit<DefinitionRecord, "firing"> },
  applied: { readonly now: Instant; readonly digests: readonly string[] },
): Pick<DefinitionRecord, "firing"> {
  const { now, digests } = applied;
  const { definition } = after;
  const { name, timing } = definition;
  if (timing === undefined) return {};
  if (before?.firing !== undefined && isTimingKept(before.definition, definition)) {
    return { firing: before.firing };
  }
  // An occurrence at this very instant is owed too: "after" is exclusive.
  const first = fireAfter(definition, compiledTiming(timing), plusMs(now, -1));
  if (first === undefined) return {};
  return { firing: { first, generation: newGeneration(name, now, digests) } };
}

function isTimingKept(old: ScheduleDefinition, { timing, jitterMs }: ScheduleDefinition): boolean {
  return old.jitterMs === jitterMs && JSON.stringify(old.timing) === JSON.stringify(timing);
}

/**
 * The timers of schedules that fire by their timing no more. One that is missed here is stale, and
 * removed by the tick that finds it.
 */
export async function timersToRemove(
  reader: Reader,
  applied: {
    readonly changes: readonly Retiming[];
    readonly gone: readonly ScheduleName[];
    readonly now: Instant;
  },
): Promise<readonly Timer[]> {
  const retimed = applied.changes.flatMap(({ before, after }) =>
    before?.firing === undefined || before.firing === after.firing ? [] : [before],
  );
  const removed = await readDefinitions(reader, applied.gone);
  const all = [...retimed, ...removed.flatMap((record) => record ?? [])];
  const timers = all.map(async (record): Promise<readonly Timer[]> => {
    const { definition, firing } = record;
    const next = await nextFireOf(reader, record, {
      now: applied.now,
      latest: await latestRun(reader, definition.name),
    });
    if (next === undefined || firing === undefined) return [];
    return [fireTimer(definition.name, next, firing.generation)];
  });
  return (await Promise.all(timers)).flat();
}

/** A clock starts it, and names no time that is still to come. */
export function hasEnded({ definition }: DefinitionRecord, now: Instant): boolean {
  if (definition.timing === undefined) return false;
  return fireAfter(definition, compiledTiming(definition.timing), plusMs(now, -1)) === undefined;
}
