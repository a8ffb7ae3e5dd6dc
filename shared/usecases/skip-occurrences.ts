import { type OrreryError, wrongFields } from "../core/errors.ts";
import type { ScheduleName } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { isFinal, occurrenceRunId } from "../core/run/run.ts";
import type { CompiledTiming } from "../core/schedule/compiled-timing.ts";
import type { NextFire } from "../core/schedule/next-fire.ts";
import { keptState, withSkips } from "../core/schedule/operator-state.ts";
import { fireAfter } from "../core/schedule/owed.ts";
import { formatInstant, plusMs, type Instant } from "../core/time/instant.ts";
import type { Reader } from "../ports/store.ts";
import { readRuns } from "../records/run-record.ts";
import {
  readDefinition,
  writeDefinition,
  type DefinitionRecord,
} from "../records/schedule-record.ts";
import { scheduleNotFound, skipsToCome } from "./list-schedules.ts";
import type { Services } from "./services.ts";
import { compiledTiming } from "./timing-cache.ts";

/** Which occurrences to come: the next ones, or the one of a nominal time. */
export type Occurrences = { readonly count: number } | { readonly nominalAt: Instant };

/**
 * Leaves out occurrences to come, once; each still gets a row. The next ones are counted from now
 * whatever is left out already, so repeating it leaves out no more. Resolves to all that are left out
 * from now on.
 */
export async function skipOccurrences(
  services: Pick<Services, "store" | "clock">,
  schedule: ScheduleName,
  wanted: Occurrences,
): Promise<readonly NextFire[]> {
  return await change(services, schedule, (record, now) => {
    const timing = timingOf(record);
    const fires =
      "count" in wanted
        ? nextFires(record, { timing, now, count: wanted.count })
        : [namedFire(record, { timing, now, nominalAt: wanted.nominalAt })];
    return [...(record.operator?.skips ?? []), ...fires.map(({ nominalAt }) => nominalAt)];
  });
}

/** Takes back what was to be left out, all of it or one occurrence. What is past stays as it was. */
export async function unskipOccurrences(
  services: Pick<Services, "store" | "clock">,
  schedule: ScheduleName,
  nominalAt: Instant | undefined,
): Promise<readonly NextFire[]> {
  return await change(services, schedule, (record, now) => {
    const toCome = new Set(skipsToCome(record, now).map((fire) => fire.nominalAt));
    const isTakenBack = (skip: Instant): boolean =>
      toCome.has(skip) && (nominalAt === undefined || nominalAt === skip);
    return (record.operator?.skips ?? []).filter((skip) => !isTakenBack(skip));
  });
}

async function change(
  { store, clock }: Pick<Services, "store" | "clock">,
  schedule: ScheduleName,
  skipsOf: (record: DefinitionRecord, now: Instant) => readonly Instant[],
): Promise<readonly NextFire[]> {
  const now = clock.now();
  return await store.transact("skip-occurrences", async (tx) => {
    const record = await readDefinition(tx, schedule);
    if (record === undefined) throw scheduleNotFound(schedule);
    const { operator: before, ...rest } = record;
    const owed = await withoutPast(tx, record, { skips: skipsOf(record, now), now });
    if (owed.length > limits.skipsMax) throw tooMany(schedule);
    const operator = keptState(withSkips(before, owed));
    const after = operator === undefined ? rest : { ...rest, operator };
    if (JSON.stringify(after) !== JSON.stringify(record)) writeDefinition(tx, after);
    return skipsToCome(after, now);
  });
}

/** What is past and has its row is not asked about any more. */
async function withoutPast(
  reader: Reader,
  { definition: { name: schedule, jitterMs } }: DefinitionRecord,
  { skips, now }: { readonly skips: readonly Instant[]; readonly now: Instant },
): Promise<readonly Instant[]> {
  const past = skips.filter((nominalAt) => plusMs(nominalAt, jitterMs) <= now);
  const ids = past.map((nominalAt) => occurrenceRunId({ schedule, nominalAt }));
  const runs = await readRuns(reader, ids);
  const over = new Set(
    past.filter((_, index) => {
      const state = runs[index]?.run.state;
      return state !== undefined && isFinal(state);
    }),
  );
  // Nothing that old is fired any more.
  const forgottenAt = plusMs(now, -limits.runRetentionMs);
  return skips.filter((nominalAt) => !over.has(nominalAt) && nominalAt > forgottenAt);
}

function timingOf({ definition: { name, timing } }: DefinitionRecord): CompiledTiming {
  if (timing !== undefined) return compiledTiming(timing);
  const description = `${name} has no clock, so no occurrence of it can be named; \`orrery pause\` keeps what it comes after from starting it`;
  throw wrongFields([{ field: "schedule", description }]);
}

function nextFires(
  { definition }: DefinitionRecord,
  {
    timing,
    now,
    count,
  }: { readonly timing: CompiledTiming; readonly now: Instant; readonly count: number },
): readonly NextFire[] {
  const fires: NextFire[] = [];
  // One whose nominal time has passed may still be to come: jitter put it off.
  let fire = fireAfter(definition, timing, plusMs(now, -definition.jitterMs - 1));
  while (fire !== undefined && fires.length < count) {
    if (fire.effectiveAt > now) fires.push(fire);
    fire = fireAfter(definition, timing, fire.nominalAt);
  }
  if (fires.length > 0) return fires;
  throw wrongFields([
    { field: "schedule", description: `${definition.name} names no time that is still to come` },
  ]);
}

function namedFire(
  { definition }: DefinitionRecord,
  {
    timing,
    now,
    nominalAt,
  }: { readonly timing: CompiledTiming; readonly now: Instant; readonly nominalAt: Instant },
): NextFire {
  const field = "nominal_at";
  const fire = fireAfter(definition, timing, plusMs(nominalAt, -1));
  if (fire?.nominalAt !== nominalAt) {
    const next =
      fire === undefined ? "none comes after it" : `the next is ${formatInstant(fire.nominalAt)}`;
    const description = `${definition.name} names no occurrence at ${formatInstant(nominalAt)}: ${next}`;
    throw wrongFields([{ field, description }]);
  }
  if (fire.effectiveAt > now) return fire;
  const description = `the occurrence of ${definition.name} at ${formatInstant(nominalAt)} has come already: \`orrery cancel\` ends its run`;
  throw wrongFields([{ field, description }]);
}

function tooMany(schedule: ScheduleName): OrreryError {
  return wrongFields([
    {
      field: "count",
      description: `at most ${limits.skipsMax} occurrences of ${schedule} are left out at once: \`orrery pause\` leaves out all until it is resumed`,
    },
  ]);
}
