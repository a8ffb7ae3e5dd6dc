import type { ScheduleName } from "../core/ids.ts";
import type { ProjectEvent } from "../core/notification/project-event.ts";
import type { ScheduleDefinition } from "../core/schedule/schedule-definition.ts";
import { paused, resumed, type Pause } from "../core/schedule/operator-state.ts";
import { formatInstant, type Instant } from "../core/time/instant.ts";
import type { Log } from "../ports/log.ts";
import type { Transaction } from "../ports/store.ts";
import { readConfiguration } from "../records/configuration-record.ts";
import {
  readDefinition,
  writeDefinition,
  type DefinitionRecord,
} from "../records/schedule-record.ts";
import { findSchedule, scheduleNotFound, type LiveSchedule } from "./list-schedules.ts";
import { sendNudges, type Nudge } from "./nudge.ts";
import type { Services } from "./services.ts";
import { tellProject } from "./tell.ts";

type PauseServices = Pick<Services, "store" | "clock" | "queue" | "log">;

/** Who pauses a schedule, and what they say of it. */
type PauseRequest = Pick<Pause, "by" | "note">;

/**
 * Stops a schedule's occurrences from running until it is resumed: those that are due after this
 * instant are skipped, one that was claimed ahead included. Whatever is under way or waits goes on.
 * Repeating it changes nothing but the note.
 */
export async function pauseSchedule(
  services: PauseServices,
  schedule: ScheduleName,
  request: PauseRequest,
): Promise<LiveSchedule> {
  return await change(services, schedule, async (tx, record, now) => {
    const before = record.operator?.pause;
    const operator = paused(record.operator, { at: now, ...request });
    if (operator.pause === before) return undefined;
    const { pause } = operator;
    if (before === undefined) return await writePause(tx, { ...record, operator }, pause);
    writeDefinition(tx, { ...record, operator });
    return [];
  });
}

/** Writes a schedule that has just been paused, and tells of it. */
export async function writePause(
  tx: Transaction,
  record: DefinitionRecord,
  pause: Pause,
): Promise<readonly Nudge[]> {
  const { by, note } = pause;
  writeDefinition(tx, record);
  return await tellOf(tx, record, {
    type: "schedule.paused",
    at: pause.at,
    key: formatInstant(pause.at),
    data: { by: by ?? "", note: note ?? "" },
  });
}

/**
 * Lets a paused schedule's occurrences run again: those that are due after this instant. What was due
 * before is not made up for. One that is not paused stays as it is.
 */
export async function resumeSchedule(
  services: PauseServices,
  schedule: ScheduleName,
  by: string,
): Promise<LiveSchedule> {
  return await change(services, schedule, async (tx, record, now) => {
    const { operator: before, ...rest } = record;
    const pause = before?.pause;
    if (pause === undefined) return undefined;
    writeDefinition(tx, { ...rest, operator: resumed(before, now) });
    return await tellOf(tx, record, {
      type: "schedule.resumed",
      at: now,
      // A pause ends once.
      key: formatInstant(pause.at),
      data: { by, pausedAt: formatInstant(pause.at), note: pause.note ?? "" },
    });
  });
}

async function tellOf(
  tx: Transaction,
  { definition: { name: schedule, project } }: DefinitionRecord,
  event: Omit<ProjectEvent, "project" | "schedule">,
): Promise<readonly Nudge[]> {
  const subscriptions = (await readConfiguration(tx))?.subscriptions ?? [];
  return tellProject(tx, subscriptions, { ...event, project, schedule });
}

async function change(
  services: PauseServices,
  schedule: ScheduleName,
  write: (
    tx: Transaction,
    record: DefinitionRecord,
    now: Instant,
  ) => Promise<readonly Nudge[] | undefined>,
): Promise<LiveSchedule> {
  const now = services.clock.now();
  const nudges = await services.store.transact("pause-schedule", async (tx) => {
    const record = await readDefinition(tx, schedule);
    if (record === undefined) throw scheduleNotFound(schedule);
    return await write(tx, record, now);
  });
  await sendNudges(services, nudges ?? [], now);
  const after = await services.store.snapshot(
    async (reader) => await findSchedule(reader, schedule, now),
  );
  if (nudges !== undefined) reportPause(services.log, after);
  return after;
}

/** A schedule that was paused, or resumed where there is no pause. */
export interface PausedSchedule {
  readonly definition: Pick<ScheduleDefinition, "name" | "project">;
  readonly pause?: Pause;
}

export function reportPause(
  log: Log,
  { definition: { name, project }, pause }: PausedSchedule,
): void {
  const fields = { schedule: name, project };
  if (pause === undefined) {
    const message = `${name} is resumed`;
    log.write({ level: "info", name: "schedule.resumed", message, fields });
    return;
  }
  const { by, note } = pause;
  const who = by === undefined ? "by itself" : `by ${by}`;
  log.write({
    level: by === undefined ? "warn" : "info",
    name: "schedule.paused",
    message: `${name} is paused ${who}${note === undefined ? "" : `: ${note}`}`,
    fields,
  });
}
