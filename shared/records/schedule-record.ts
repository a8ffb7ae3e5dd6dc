import { digest, runKeyOf, scheduleName, type ProjectId, type ScheduleName } from "../core/ids.ts";
import { occurrenceRunId } from "../core/run/run.ts";
import type { NextFire } from "../core/schedule/next-fire.ts";
import type { ScheduleDefinition } from "../core/schedule/schedule-definition.ts";
import { instant, type Instant } from "../core/time/instant.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import type { Row } from "../ports/table.ts";
import { fromBody, toBody } from "./body.ts";
import { definitionsTable, schedulesTable } from "./tables.ts";
import { fireRef, moveTimer, runOfTimer, type Timer } from "./timer-record.ts";

/** The moving part of a schedule. Without a next fire it has ended, or nothing but causes start it. */
export interface ScheduleRecord {
  readonly schedule: ScheduleName;
  readonly project: ProjectId;
  readonly next?: NextFire;
  /** Tells its present timing from any it had before: its timers name it. */
  readonly generation?: string;
  readonly version: number;
}

/** What a schedule says, and which schedules come after it. */
export interface DefinitionRecord {
  readonly definition: ScheduleDefinition;
  /** Schedules whose `after` names this one. */
  readonly downstream: readonly ScheduleName[];
  /** What the configuration says of the rates of its instance types, where it says anything. */
  readonly rates?: Readonly<Record<string, number>>;
  /** Projects that it ran in before: a run of theirs may still be live. */
  readonly formerProjects?: readonly ProjectId[];
}

export async function readSchedules(
  reader: Reader,
  names: readonly ScheduleName[],
): Promise<readonly (ScheduleRecord | undefined)[]> {
  const keys = names.map((schedule) => ({ schedule }));
  const rows = await reader.getMany(schedulesTable, keys);
  return rows.map((row) => (row === undefined ? undefined : decode(row)));
}

export async function readDefinitions(
  reader: Reader,
  names: readonly ScheduleName[],
): Promise<readonly (DefinitionRecord | undefined)[]> {
  const keys = names.map((schedule) => ({ schedule }));
  const rows = await reader.getMany(definitionsTable, keys);
  return rows.map((row) => (row === undefined ? undefined : fromBody<DefinitionRecord>(row.body)));
}

export async function readDefinition(
  reader: Reader,
  name: ScheduleName,
): Promise<DefinitionRecord | undefined> {
  return (await readDefinitions(reader, [name]))[0];
}

/** A page of all schedules by name. */
export async function scanSchedules(
  reader: Reader,
  page: { readonly limit: number; readonly after?: ScheduleName },
): Promise<readonly ScheduleRecord[]> {
  const after = page.after === undefined ? {} : { after: { schedule: page.after } };
  const rows = await reader.scan(schedulesTable, { limit: page.limit, ...after });
  return rows.map(decode);
}

/** Writes the moving part; the timer moves to the next fire, or goes. */
export function writeSchedule(
  tx: Transaction,
  before: ScheduleRecord | undefined,
  after: Omit<ScheduleRecord, "version">,
): void {
  tx.put(schedulesTable, {
    schedule: after.schedule,
    project: after.project,
    state: after.next === undefined ? "idle" : "active",
    version: (before?.version ?? 0) + 1,
    timer_at: after.next?.effectiveAt ?? 0,
    body: toBody({
      ...(after.next === undefined ? {} : { nominalAt: after.next.nominalAt }),
      ...(after.generation === undefined ? {} : { generation: after.generation }),
    }),
  });
  moveTimer(tx, before && fireTimer(before), fireTimer(after));
}

export function writeDefinition(tx: Transaction, record: DefinitionRecord): void {
  const { name, project } = record.definition;
  tx.put(definitionsTable, { schedule: name, project, body: toBody(record) });
}

/** Removes a schedule with its timer; its runs stay. */
export function deleteSchedule(tx: Transaction, record: ScheduleRecord): void {
  tx.delete(schedulesTable, { schedule: record.schedule });
  tx.delete(definitionsTable, { schedule: record.schedule });
  moveTimer(tx, fireTimer(record), undefined);
}

/** Names a timing that begins now; `digests` tell it from another one that begins at this instant. */
export function newGeneration(
  schedule: ScheduleName,
  now: Instant,
  digests: readonly string[] = [],
): string {
  return digest([schedule, String(now), ...digests], 8);
}

/** The timer of a schedule's next fire; those of an older version have no generation. */
export function fireTimer(record: Omit<ScheduleRecord, "version">): Timer | undefined {
  const { schedule, next, generation } = record;
  if (next === undefined) return undefined;
  const run = occurrenceRunId({ schedule, nominalAt: next.nominalAt });
  const ref = generation === undefined ? schedule : fireRef(run, generation);
  return { kind: "schedule", ref, dueAt: next.effectiveAt };
}

/** The schedule that a timer of a schedule is about. */
export function scheduleOfTimer(timer: Timer): ScheduleName {
  const run = runOfTimer(timer);
  return (run && runKeyOf(run)?.schedule) ?? scheduleName(timer.ref);
}

function decode(row: Row<typeof schedulesTable>): ScheduleRecord {
  const { nominalAt, generation } = fromBody<{ nominalAt?: Instant; generation?: string }>(
    row.body,
  );
  const next =
    nominalAt === undefined ? {} : { next: { nominalAt, effectiveAt: instant(row.timer_at) } };
  return {
    schedule: scheduleName(row.schedule),
    project: row.project as ProjectId,
    version: row.version,
    ...next,
    ...(generation === undefined ? {} : { generation }),
  };
}
