import type { RunId } from "../core/ids.ts";
import type { Reason } from "../core/run/reason.ts";
import { occurrenceRunId, type Run, type RunCause } from "../core/run/run.ts";
import { leftOutBecause } from "../core/schedule/operator-state.ts";
import type { OwedOccurrence } from "../core/schedule/owed.ts";
import type { TraceParent } from "../core/telemetry/traceparent.ts";
import type { Instant } from "../core/time/instant.ts";
import type { DefinitionRecord } from "../records/schedule-record.ts";

const OCCURRENCE: RunCause = { kind: "occurrence" };

/** What is known of the instant at which an occurrence becomes a run. */
export interface Making {
  readonly now: Instant;
  /** Begins the trace of a run, the same however often this is asked. */
  readonly traceOf?: (run: RunId) => TraceParent | undefined;
}

/** The run of an occurrence that a schedule owes: queued, or skipped where it does not run. */
export function occurrenceRun(
  record: DefinitionRecord,
  occurrence: OwedOccurrence,
  { now, traceOf }: Making,
): Run {
  const { name: schedule, project, priority } = record.definition;
  const { nominalAt, effectiveAt } = occurrence;
  const id = occurrenceRunId({ schedule, nominalAt });
  const traceParent = traceOf?.(id);
  const run = {
    id,
    schedule,
    project,
    cause: OCCURRENCE,
    priority,
    nominalAt,
    effectiveAt,
    inputs: {},
    attempts: [],
    ...(traceParent === undefined ? {} : { traceParent }),
  };
  const reason = skippedBecause(record, occurrence, now);
  if (reason === undefined) return { ...run, state: "queued" };
  return { ...run, state: "skipped", reason, finishedAt: now };
}

/**
 * Why an occurrence ends as it is claimed. Of one that is still to come operators may think otherwise
 * until it is due, and then the gate decides.
 */
function skippedBecause(
  { operator }: DefinitionRecord,
  occurrence: OwedOccurrence,
  now: Instant,
): Reason | undefined {
  const { effectiveAt, missed } = occurrence;
  const leftOut = effectiveAt > now ? undefined : leftOutBecause(operator, occurrence);
  if (leftOut !== undefined || missed === undefined) return leftOut;
  return { code: "missed", text: missed };
}
