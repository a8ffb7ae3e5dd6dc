import { digest, runKeyOf, scheduleName, type ProjectId, type ScheduleName } from "../core/ids.ts";
import { occurrenceRunId } from "../core/run/run.ts";
import type { NextFire } from "../core/schedule/next-fire.ts";
import type { OperatorState } from "../core/schedule/operator-state.ts";
import type { ScheduleDefinition } from "../core/schedule/schedule-definition.ts";
import type { Instant } from "../core/time/instant.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import type { Row } from "../ports/table.ts";
import { fromBody, toBody } from "./body.ts";
import { definitionsTable, schedulesTable } from "./tables.ts";
import { fireRef, runOfTimer, type Timer } from "./timer-record.ts";

/** A schedule's place in the list of all. */
export interface ScheduleRecord {
  readonly schedule: ScheduleName;
  readonly project: ProjectId;
  readonly version: number;
}

/**
 * How a schedule fires by its present timing. Where it is by now stands in no row of its own: its
 * timer names the next fire, and the runs it made are those that it fired.
 */
interface Firing {
  /** What it fired, or fires, first. */
  readonly first: NextFire;
  /** Tells its present timing from any it had before: its timers name it. */
  readonly generation: string;
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
  /** Absent where no clock starts it, and where all its times had passed when it was applied. */
  readonly firing?: Firing;
  /** What operators decided about it; absent where they decided nothing. */
  readonly operator?: OperatorState;
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

/** A page of what all schedules say, by name, behind `after`. */
export async function scanDefinitions(
  reader: Reader,
  page: { readonly limit: number; readonly after?: ScheduleName | undefined },
): Promise<readonly DefinitionRecord[]> {
  const { limit, after } = page;
  const behind = after === undefined ? {} : { after: { schedule: after } };
  const rows = await reader.scan(definitionsTable, { limit, ...behind });
  return rows.map((row) => fromBody<DefinitionRecord>(row.body));
}

/** Writes what a schedule says, and its place in the list. Its timer is the caller's to move. */
export function writeSchedule(
  tx: Transaction,
  before: ScheduleRecord | undefined,
  record: DefinitionRecord,
): void {
  const { definition, firing } = record;
  const { name: schedule, project } = definition;
  tx.put(schedulesTable, {
    schedule,
    project,
    state: firing === undefined ? "idle" : "active",
    version: (before?.version ?? 0) + 1,
    timer_at: firing?.first.effectiveAt ?? 0,
    body: toBody({}),
  });
  writeDefinition(tx, record);
}

export function writeDefinition(tx: Transaction, record: DefinitionRecord): void {
  const { name, project } = record.definition;
  tx.put(definitionsTable, { schedule: name, project, body: toBody(record) });
}

/** Removes a schedule; its runs stay, and its timer is the caller's to remove. */
export function deleteSchedule(tx: Transaction, schedule: ScheduleName): void {
  tx.delete(schedulesTable, { schedule });
  tx.delete(definitionsTable, { schedule });
}

/** Names a timing that begins now; `digests` tell it from another one that begins at this instant. */
export function newGeneration(
  schedule: ScheduleName,
  now: Instant,
  digests: readonly string[] = [],
): string {
  return digest([schedule, String(now), ...digests], 8);
}

/** The timer of a fire of a schedule. */
export function fireTimer(
  schedule: ScheduleName,
  { nominalAt, effectiveAt }: NextFire,
  generation: string,
): Timer {
  const run = occurrenceRunId({ schedule, nominalAt });
  return { kind: "schedule", ref: fireRef(run, generation), dueAt: effectiveAt };
}

/** The fire that a timer of a schedule names, and the generation of the timing that it is of. */
export function fireOfTimer(
  timer: Timer,
):
  | { readonly schedule: ScheduleName; readonly fire: NextFire; readonly generation: string }
  | undefined {
  const key = runKeyOf(runOfTimer(timer) ?? "");
  if (timer.kind !== "schedule" || key === undefined) return undefined;
  const { schedule, nominalAt, run } = key;
  const generation = timer.ref.slice(fireRef(run, "").length);
  return { schedule, fire: { nominalAt, effectiveAt: timer.dueAt }, generation };
}

function decode(row: Row<typeof schedulesTable>): ScheduleRecord {
  return {
    schedule: scheduleName(row.schedule),
    project: row.project as ProjectId,
    version: row.version,
  };
}
