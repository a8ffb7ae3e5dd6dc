import type { ScheduleName } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Run } from "../core/run/run.ts";
import type { CompiledTiming } from "../core/schedule/compiled-timing.ts";
import type { NextFire } from "../core/schedule/next-fire.ts";
import { fireAfter } from "../core/schedule/owed.ts";
import { HOUR_MS } from "../core/time/duration.ts";
import { later, plusMs, type Instant } from "../core/time/instant.ts";
import type { Reader } from "../ports/store.ts";
import { scanRuns } from "../records/run-record.ts";
import type { DefinitionRecord } from "../records/schedule-record.ts";
import { compiledTiming } from "./timing-cache.ts";

/** Which of a schedule's runs count, and its latest of those. */
interface Fired {
  readonly now: Instant;
  readonly throughAt?: Instant;
  readonly latest: Run | undefined;
  /** Its timing by other time zone data than the present. */
  readonly timing?: CompiledTiming;
}

/** The run of a schedule with the latest nominal time. */
export async function latestRun(reader: Reader, schedule: ScheduleName): Promise<Run | undefined> {
  const [latest] = await scanRuns(reader, schedule, { limit: 1 });
  return latest?.run;
}

/**
 * What a schedule fires next: the occurrence behind the last that has a run, for they fire in order.
 * Undefined once it has ended, and where no clock starts it. No row says so, because a row that every
 * fire has to write would be a third of what a fire costs.
 */
export async function nextFireOf(
  reader: Reader,
  { definition, firing }: DefinitionRecord,
  fired: Fired,
): Promise<NextFire | undefined> {
  const { name, timing } = definition;
  if (firing === undefined || timing === undefined) return undefined;
  const lastAt = await lastFiredAt(reader, name, fired);
  const beforeFirst = plusMs(firing.first.nominalAt, -1);
  // What is older than any run is kept was fired, though no row says so any more.
  const forgottenAt = plusMs(fired.now, HOUR_MS - limits.runRetentionMs);
  const firedAt = later(later(lastAt ?? beforeFirst, beforeFirst), forgottenAt);
  return fireAfter(definition, fired.timing ?? compiledTiming(timing), firedAt);
}

/**
 * The nominal time of the last occurrence that has a run. Runs of other causes may lie behind it; where
 * there are many, what was fired by the time of the earliest of them is all that is asked.
 */
async function lastFiredAt(
  reader: Reader,
  schedule: ScheduleName,
  { throughAt, latest }: Fired,
): Promise<Instant | undefined> {
  if (latest === undefined || isOccurrence(latest)) return latest?.nominalAt;
  const limit = limits.firedSearchRows;
  const page = throughAt === undefined ? { limit } : { limit, throughAt };
  const runs = (await scanRuns(reader, schedule, page)).map(({ run }) => run);
  const last = runs.find(isOccurrence) ?? (runs.length < limit ? undefined : runs.at(-1));
  return last?.nominalAt;
}

function isOccurrence({ cause }: Run): boolean {
  return cause.kind === "occurrence";
}
