import { assert } from "../core/assert.ts";
import { OrreryError, messageOf } from "../core/errors.ts";
import { parseTemplate, renderTemplate } from "../core/expression/template.ts";
import { attemptIdOf, type RunId } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Attempt } from "../core/run/attempt.ts";
import { cancelledBeforeStart, prepareFailed, type Outcome } from "../core/run/outcome.ts";
import { liveAttempt, type Run } from "../core/run/run.ts";
import { moveRun } from "../core/run/run-state.ts";
import type { ScheduleDefinition } from "../core/schedule/schedule-definition.ts";
import { plusMs, type Instant } from "../core/time/instant.ts";
import type { StartRequest } from "../ports/executor.ts";
import { readRun, writeRun } from "../records/run-record.ts";
import { readRunDefinition } from "../records/run-definition.ts";
import { endAttempt, type EndedAttempt } from "./end-attempt.ts";
import type { Services } from "./services.ts";
import { watchRun } from "./watch-run.ts";

/**
 * Starts the execution of a run's admitted attempt and records that it is on its way. The attempt
 * is the executor's idempotency key, so a launch that was cut short anywhere is simply repeated.
 * An attempt that cannot be prepared, or is not wanted any more, ends here with its units released.
 */
export async function launchRun(services: Services, id: RunId): Promise<void> {
  const { run, definition } = await services.store.snapshot(async (reader) => {
    const found = (await readRun(reader, id))?.run;
    const record = found && (await readRunDefinition(reader, found));
    return { run: found, definition: record?.definition };
  });
  const attempt = run && liveAttempt(run);
  if (run === undefined || attempt === undefined || attempt.launchedAt !== undefined) return;
  const { number } = attempt;
  const unwanted = unwantedBecause(run, attempt, services.clock.now());
  if (unwanted !== undefined) {
    await abandon(services, { run: id, number, outcome: unwanted });
    return;
  }
  if (definition === undefined) {
    const outcome = prepareFailed(`Schedule ${run.schedule} was removed before it started`);
    await abandon(services, { run: id, number, outcome });
    return;
  }
  try {
    await services.executor.start(startRequest(run, attempt, definition));
  } catch (error) {
    if (!(error instanceof OrreryError && error.code === "EXECUTION_PREPARE_FAILED")) throw error;
    await endAttempt(services, { run: id, number, outcome: prepareFailed(messageOf(error)) });
    return;
  }
  await follow(services, id, number);
}

/** Why nobody wants an admitted attempt to start any more. */
function unwantedBecause(run: Run, attempt: Attempt, now: Instant): Outcome | undefined {
  if (run.cancelRequestedAt !== undefined) return cancelledBeforeStart();
  // Its units were held for a start by then.
  if (now <= plusMs(attempt.admittedAt, limits.startWithinMs)) return undefined;
  return prepareFailed("It did not start in time, and its units are free again");
}

/**
 * Ends an attempt that never started. A launch that was cut short may have started it all the same:
 * once its executor answers `unknown`, nothing of the attempt can start any more and its units are
 * free; else it is followed like any other.
 */
async function abandon(services: Services, unwanted: EndedAttempt): Promise<void> {
  const report = await services.executor.poll(attemptIdOf(unwanted.run, unwanted.number));
  if (report.state === "unknown") await endAttempt(services, unwanted);
  else await follow(services, unwanted.run, unwanted.number);
}

/** Records that the execution is on its way, and looks at it. */
async function follow(services: Services, id: RunId, number: number): Promise<void> {
  const now = services.clock.now();
  const isLive = await services.store.transact("launch", async (tx) => {
    const record = await readRun(tx, id);
    if (record === undefined || liveAttempt(record.run)?.number !== number) return false;
    const moved = moveRun(record.run, { kind: "launch", at: now });
    if (moved.outcome === "moved") writeRun(tx, record, { run: moved.run, timerAt: now });
    return true;
  });
  if (isLive) {
    await watchRun(services, id);
    return;
  }
  // The attempt ended while its start was under way, so nobody holds units for what that started.
  await services.executor.stop(attemptIdOf(id, number), "kill", "cancelled");
}

function startRequest(run: Run, attempt: Attempt, definition: ScheduleDefinition): StartRequest {
  return {
    project: run.project,
    attempt: attemptIdOf(run.id, attempt.number),
    work: definition.work,
    variables: { ...renderInputs(run, attempt, definition), ...run.inputs },
    softLimitMs: attempt.softLimitMs,
    hardLimitMs: attempt.hardLimitMs,
  };
}

/** The schedule's `inputs` for this run; they were checked when the schedule was applied. */
function renderInputs(
  run: Run,
  attempt: Attempt,
  definition: ScheduleDefinition,
): Record<string, string> {
  const values = {
    schedule: run.schedule,
    run: run.id,
    project: run.project,
    attempt: String(attempt.number),
    nominalAt: run.nominalAt,
    effectiveAt: run.effectiveAt,
    timezone: definition.timezone,
  };
  return Object.fromEntries(
    Object.entries(definition.inputs).map(([name, text]) => {
      const template = parseTemplate(text);
      assert(template.ok, `an applied template parses: ${text}`);
      return [name, renderTemplate(template.value, values)];
    }),
  );
}
