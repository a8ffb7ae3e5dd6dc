import { adHocSchedule, isAdHocSchedule, runKeyOf, type RunId } from "../core/ids.ts";
import type { Run } from "../core/run/run.ts";
import type { ScheduleDefinition } from "../core/schedule/schedule-definition.ts";
import type { Work } from "../core/work.ts";
import { limits } from "../core/limits.ts";
import type { Reader } from "../ports/store.ts";
import { readExecution } from "./execution-record.ts";
import { readJob } from "./job-record.ts";
import { readRun } from "./run-record.ts";
import { readDefinition, type DefinitionRecord } from "./schedule-record.ts";

/** What a run is to do: its schedule's definition, or its own where a caller started it. */
export async function readRunDefinition(
  reader: Reader,
  run: Run,
): Promise<DefinitionRecord | undefined> {
  const { cause } = run;
  switch (cause.kind) {
    case "job": {
      const record = await readJob(reader, cause.job);
      return record && adHoc(run, record.job.definition);
    }
    case "notebook": {
      const execution = await readExecution(reader, run);
      return execution && adHoc(run, execution.definition);
    }
    default:
      return await readDefinition(reader, run.schedule);
  }
}

/** What the run with this id is to do. Its schedule stands in its id, so its own row is not read. */
export async function readDefinitionFor(
  reader: Reader,
  id: RunId,
): Promise<DefinitionRecord | undefined> {
  const schedule = runKeyOf(id)?.schedule;
  if (schedule === undefined) return undefined;
  if (!isAdHocSchedule(schedule)) return await readDefinition(reader, schedule);
  const record = await readRun(reader, id);
  return record && (await readRunDefinition(reader, record.run));
}

/** Started at once or not at all, once, beside whatever else runs. */
function adHoc(run: Run, work: Work): DefinitionRecord {
  const definition: ScheduleDefinition = {
    name: adHocSchedule(run.project),
    project: run.project,
    timezone: "UTC",
    jitterMs: 0,
    work,
    inputs: {},
    timeoutMs: limits.timeoutDefaultMs,
    overlap: "allow",
    catchup: { policy: "none", windowMs: 0 },
    onLimit: "fail",
    priority: run.priority,
    retry: { attempts: 1, initialMs: 0, factor: 1, maxMs: 0, jitter: "none", on: [] },
    after: [],
  };
  return { definition, downstream: [] };
}
