import { assert } from "../core/assert.ts";
import { OrreryError, messageOf } from "../core/errors.ts";
import { parseTemplate, renderTemplate } from "../core/expression/template.ts";
import { attemptIdOf } from "../core/ids.ts";
import type { Attempt } from "../core/run/attempt.ts";
import { nextPollAt, startByAt } from "../core/run/due.ts";
import {
  cancelledBeforeStart,
  limitedElsewhere,
  noCapacity,
  prepareFailed,
  type Outcome,
} from "../core/run/outcome.ts";
import { liveAttempt, type Run } from "../core/run/run.ts";
import type { ScheduleDefinition } from "../core/schedule/schedule-definition.ts";
import type { Instant } from "../core/time/instant.ts";
import type { StartRequest } from "../ports/executor.ts";
import type { DefinitionRecord } from "../records/schedule-record.ts";
import type { EndedAttempt } from "./attempt-end.ts";
import { endAttempt } from "./end-attempt.ts";
import { sendNudges, type Look } from "./nudge.ts";
import type { Services } from "./services.ts";
import { recordReport, watchRun } from "./watch-run.ts";

/** What whoever launches a run knows of it. */
interface Known {
  /** Absent where its schedule is no longer configured. */
  readonly definition: DefinitionRecord | undefined;
  /** The chain that is to follow it. */
  readonly chain: Look["chain"];
}

/**
 * Starts the execution of a run's admitted attempt and looks at it. The attempt is the executor's
 * idempotency key, so a launch that was cut short anywhere is simply repeated. An attempt that cannot
 * be prepared, or is not wanted any more, ends here with its units released.
 */
export async function launchRun(services: Services, run: Run, known: Known): Promise<void> {
  const attempt = liveAttempt(run);
  if (attempt === undefined || attempt.launchedAt !== undefined) return;
  const { id } = run;
  const { number } = attempt;
  const unwanted = unwantedBecause(run, attempt, services.clock.now());
  if (unwanted !== undefined) {
    await abandon(services, { run: id, number, outcome: unwanted }, known);
    return;
  }
  if (known.definition === undefined) {
    const outcome = prepareFailed(`Schedule ${run.schedule} was removed before it started`);
    await abandon(services, { run: id, number, outcome }, known);
    return;
  }
  try {
    await services.executor.start(startRequest(run, attempt, known.definition.definition));
  } catch (error) {
    const outcome = outcomeOfRefusal(error);
    if (outcome === undefined) throw error;
    await endAttempt(services, { run: id, number, outcome });
    return;
  }
  const report = await services.executor.poll(attemptIdOf(id, number));
  const isOver = report.state === "ended" || report.state === "unknown";
  if (isOver || isAwaited(run)) await recordReport(services, { run, number, report }, known);
  else await lookSoon(services, run, attempt, known);
}

/** What a refused start means for its attempt; undefined where it may be started again. */
function outcomeOfRefusal(error: unknown): Outcome | undefined {
  switch (error instanceof OrreryError ? error.code : undefined) {
    case "EXECUTION_PREPARE_FAILED":
      return prepareFailed(messageOf(error));
    case "EXECUTION_NO_CAPACITY":
      return noCapacity(messageOf(error));
    case "EXECUTION_LIMITED":
      return limitedElsewhere(messageOf(error));
    default:
      return undefined;
  }
}

/**
 * Whether somebody asked for the run, who is shown at once that it started. A run that the clock made
 * is recorded as started at its first poll, and not at all where it has ended by then.
 */
function isAwaited({ cause }: Run): boolean {
  return cause.kind !== "occurrence" && cause.kind !== "upstream";
}

async function lookSoon(
  services: Services,
  run: Run,
  attempt: Attempt,
  { chain }: Known,
): Promise<void> {
  const now = services.clock.now();
  const at = nextPollAt(run, attempt, now);
  const { id: ref, project, traceParent } = run;
  const look = { chain, attempt: attempt.number, isFirst: true } as const;
  await sendNudges(services, [{ kind: "watch", ref, at, project, traceParent, ...look }], now);
}

/** Why nobody wants an admitted attempt to start any more. */
function unwantedBecause(run: Run, attempt: Attempt, now: Instant): Outcome | undefined {
  if (run.cancelRequestedAt !== undefined) return cancelledBeforeStart();
  // Its units were held for a start by then.
  if (now < startByAt(attempt)) return undefined;
  return prepareFailed("It did not start in time, and its units are free again");
}

/**
 * Ends an attempt that never started. A launch that was cut short may have started it all the same:
 * once its executor answers `unknown`, nothing of the attempt can start any more and its units are
 * free; else it is followed like any other.
 */
async function abandon(services: Services, unwanted: EndedAttempt, known: Known): Promise<void> {
  const report = await services.executor.poll(attemptIdOf(unwanted.run, unwanted.number));
  if (report.state === "unknown") await endAttempt(services, unwanted);
  else await watchRun(services, unwanted.run, { ...known, attempt: unwanted.number });
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
    nominalAt: run.inputsAt ?? run.nominalAt,
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
