import type { ScheduleName } from "../core/ids.ts";
import { nextOccurrence } from "../core/schedule/next-occurrence.ts";
import { keptState, withSkips } from "../core/schedule/operator-state.ts";
import { fireAfter } from "../core/schedule/owed.ts";
import type { ScheduleDefinition } from "../core/schedule/schedule-definition.ts";
import { countedFrom } from "../core/schedule/times.ts";
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
): Pick<DefinitionRecord, "firing" | "definition"> {
  const { now, digests } = applied;
  const { definition } = after;
  const { name, timing } = definition;
  if (timing === undefined) return { definition };
  if (before?.firing !== undefined && isTimingKept(before.definition, definition)) {
    // The one that is live knows where its `times` end.
    const kept = before.definition.timing ?? timing;
    return { definition: { ...definition, timing: kept }, firing: before.firing };
  }
  // An occurrence at this very instant is owed too: "after" is exclusive.
  const justBefore = plusMs(now, -1);
  const live = countedFrom(timing, compiledTiming(timing), justBefore);
  const started = { ...definition, timing: live };
  const first = fireAfter(started, compiledTiming(live), justBefore);
  if (first === undefined) return { definition: started };
  return { definition: started, firing: { first, generation: newGeneration(name, now, digests) } };
}

/**
 * What operators decided stays whatever is applied, but for occurrences to be left out that the timing
 * does not name: an occurrence of another timing would be another one.
 */
export function operatorOf({
  before,
  after: { definition },
}: Omit<Retiming, "after"> & {
  readonly after: Pick<DefinitionRecord, "definition">;
}): Pick<DefinitionRecord, "operator"> {
  if (before?.operator === undefined) return {};
  const { operator } = before;
  const { timing } = definition;
  if (operator.skips === undefined || isTimingKept(before.definition, definition)) {
    return { operator };
  }
  const compiled = timing && compiledTiming(timing);
  const named = operator.skips.filter(
    (skip) => compiled !== undefined && nextOccurrence(compiled, plusMs(skip, -1)) === skip,
  );
  const kept = keptState(withSkips(operator, named));
  return kept === undefined ? {} : { operator: kept };
}

function isTimingKept(old: ScheduleDefinition, wanted: ScheduleDefinition): boolean {
  return JSON.stringify(writtenTiming(old)) === JSON.stringify(writtenTiming(wanted));
}

/** What decides when it fires, as it was written: without what being live adds to it. */
function writtenTiming({ timing, jitterMs, stagger }: ScheduleDefinition): readonly unknown[] {
  if (timing === undefined) return [jitterMs];
  const { lastAt, ...written } = timing;
  return [jitterMs, stagger?.offsetMs ?? 0, written];
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
