import type { Caller } from "../core/access/access.ts";
import { assert } from "../core/assert.ts";
import type { ScheduleName } from "../core/ids.ts";
import { OrreryError } from "../core/errors.ts";
import type { NextFire } from "../core/schedule/next-fire.ts";
import type { Pause } from "../core/schedule/operator-state.ts";
import { fireAfter } from "../core/schedule/owed.ts";
import type { ScheduleDefinition } from "../core/schedule/schedule-definition.ts";
import type { Run } from "../core/run/run.ts";
import { plusMs, type Instant } from "../core/time/instant.ts";
import type { Estimate } from "../core/units/estimate.ts";
import type { Reader } from "../ports/store.ts";
import {
  readDefinition,
  readDefinitions,
  scanSchedules,
  type DefinitionRecord,
  type ScheduleRecord,
} from "../records/schedule-record.ts";
import { visibleProjects } from "./access/held-role.ts";
import { estimateIn, estimateStandings } from "./estimates.ts";
import { latestRun, nextFireOf } from "./next-fire.ts";
import { readPage, type Page } from "./read-page.ts";
import type { Services } from "./services.ts";
import { compiledTiming } from "./timing-cache.ts";

/** A live schedule as it stands. */
export interface LiveSchedule {
  readonly definition: ScheduleDefinition;
  /** Absent once it has ended, and where no clock starts it. */
  readonly next?: NextFire;
  readonly latest?: Run;
  /** Present while it is paused. */
  readonly pause?: Pause;
  /** Occurrences to come that are left out once. */
  readonly skips: readonly NextFire[];
  /** What a run of it is expected to come to; absent where one of its instance types has no rate. */
  readonly estimate?: Estimate;
}

/** A page of the live schedules by name, those that a caller may look at. */
export async function listSchedules(
  services: Pick<Services, "store" | "clock">,
  caller: Caller,
  query: { readonly size: number; readonly after?: ScheduleName },
): Promise<Page<LiveSchedule, ScheduleName>> {
  const now = services.clock.now();
  return await services.store.snapshot(async (reader) => {
    const page = await readPage<ScheduleRecord, ScheduleName>({
      ...query,
      scan: async (scan) => await scanSchedules(reader, scan),
      keyOf: ({ schedule }) => schedule,
      keep: async (records) => {
        const projects = records.map(({ project }) => project);
        const visible = await visibleProjects(reader, caller, projects);
        return records.filter(({ project }) => visible.has(project));
      },
    });
    const names = page.items.map(({ schedule }) => schedule);
    const [definitions, latest, standings] = await Promise.all([
      readDefinitions(reader, names),
      Promise.all(names.map(async (name) => await latestRun(reader, name))),
      estimateStandings(
        reader,
        page.items.map(({ project }) => project),
      ),
    ]);
    const items = await Promise.all(
      page.items.map(async (record, index) => {
        const found = definitions[index];
        assert(found !== undefined, `schedule ${record.schedule} is defined`);
        return await live(reader, found, { now, latest: latest[index], standings });
      }),
    );
    return { ...page, items };
  });
}

/** One live schedule; one that is not configured throws `SCHEDULE_NOT_FOUND`. */
export async function findSchedule(
  reader: Reader,
  name: ScheduleName,
  now: Instant,
): Promise<LiveSchedule> {
  const defined = await readDefinition(reader, name);
  if (defined === undefined) throw scheduleNotFound(name);
  const [latest, standings] = await Promise.all([
    latestRun(reader, name),
    estimateStandings(reader, [defined.definition.project]),
  ]);
  return await live(reader, defined, { now, latest, standings });
}

/** What a schedule fires after an instant, at most `limit` times. */
export function listFires(
  { definition }: LiveSchedule,
  window: { readonly afterAt: Instant; readonly limit: number },
): readonly NextFire[] {
  if (definition.timing === undefined) return [];
  const timing = compiledTiming(definition.timing);
  const fires: NextFire[] = [];
  let afterAt = window.afterAt;
  while (fires.length < window.limit) {
    const fire = fireAfter(definition, timing, afterAt);
    if (fire === undefined) break;
    fires.push(fire);
    afterAt = fire.nominalAt;
  }
  return fires;
}

async function live(
  reader: Reader,
  record: DefinitionRecord,
  {
    now,
    latest,
    standings,
  }: {
    readonly now: Instant;
    readonly latest: Run | undefined;
    readonly standings: Awaited<ReturnType<typeof estimateStandings>>;
  },
): Promise<LiveSchedule> {
  const next = await nextFireOf(reader, record, { now, latest });
  const standing = standings.get(record.definition.project);
  const estimate = standing && estimateIn(standing, record);
  return {
    definition: record.definition,
    ...(next === undefined ? {} : { next }),
    ...(latest === undefined ? {} : { latest }),
    ...(record.operator?.pause === undefined ? {} : { pause: record.operator.pause }),
    skips: skipsToCome(record, now),
    ...(estimate === undefined ? {} : { estimate }),
  };
}

/** The occurrences that are left out once and still to come, earliest first. */
export function skipsToCome(
  { definition, operator }: Pick<DefinitionRecord, "definition" | "operator">,
  now: Instant,
): readonly NextFire[] {
  const { timing } = definition;
  if (operator?.skips === undefined || timing === undefined) return [];
  const compiled = compiledTiming(timing);
  return operator.skips
    .flatMap((skip) => fireAfter(definition, compiled, plusMs(skip, -1)) ?? [])
    .filter(({ effectiveAt }) => effectiveAt > now);
}

export function scheduleNotFound(name: ScheduleName): OrreryError {
  return new OrreryError(
    "SCHEDULE_NOT_FOUND",
    `Schedule ${name} is not configured: apply a YAML that has it`,
  );
}
