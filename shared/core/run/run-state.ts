import { assert, assertNever } from "../assert.ts";
import type { Instant } from "../time/instant.ts";
import type { Attempt, AttemptEnd } from "./attempt.ts";
import type { Reason } from "./reason.ts";
import { isFinal, liveAttempt, type FinalState, type Run } from "./run.ts";

/**
 * How a run moves. The table of states and events is in `docs/architecture.md`; change both in one
 * commit.
 *
 * R1 A final state never changes again.
 * R2 At most one attempt is live, and only while the run is starting or running.
 * R3 An event that does not apply is ignored, never an error: messages repeat and overtake.
 */
export type RunEvent =
  | {
      readonly kind: "wait";
      readonly reason: Reason;
      readonly nextEligibleAt: Instant;
      readonly at: Instant;
    }
  | { readonly kind: "admit"; readonly attempt: Attempt }
  | { readonly kind: "launch"; readonly at: Instant }
  | { readonly kind: "observe"; readonly startedAt: Instant }
  | {
      readonly kind: "conclude";
      readonly state: "skipped" | "refused" | "expired";
      readonly reason: Reason;
      readonly at: Instant;
    }
  | { readonly kind: "cancel"; readonly at: Instant; readonly reason: Reason }
  | {
      readonly kind: "end";
      readonly end: AttemptEnd;
      readonly state: "succeeded" | "failed" | "timedOut" | "cancelled";
      /** Absent for a success. */
      readonly reason?: Reason;
    }
  | {
      readonly kind: "retry";
      readonly end: AttemptEnd;
      readonly reason: Reason;
      readonly nextEligibleAt: Instant;
    };

/** The moved run, or `ignored` where the event does not apply in this state. */
export type RunTransition =
  { readonly outcome: "moved"; readonly run: Run } | { readonly outcome: "ignored" };

const IGNORED: RunTransition = { outcome: "ignored" };

export function moveRun(run: Run, event: RunEvent): RunTransition {
  if (isFinal(run.state)) return IGNORED;
  const live = liveAttempt(run);
  switch (event.kind) {
    case "wait":
      return live === undefined ? moved(waiting(run, event)) : IGNORED;
    case "admit":
      return live === undefined ? moved(admitted(run, event.attempt)) : IGNORED;
    case "conclude":
      return live === undefined ? moved(ended(run, event.state, event.at, event.reason)) : IGNORED;
    case "launch":
      return live === undefined || live.launchedAt !== undefined
        ? IGNORED
        : moved(withLive(run, { ...live, launchedAt: event.at }));
    case "observe":
      return live === undefined ? IGNORED : moved(observed(run, live, event.startedAt));
    case "cancel":
      return cancelled(run, event);
    case "end":
      return live === undefined
        ? IGNORED
        : moved(
            ended(
              withLive(run, { ...live, end: event.end }),
              event.state,
              event.end.endedAt,
              event.reason,
            ),
          );
    case "retry":
      return live === undefined
        ? IGNORED
        : moved(waiting(withLive(run, { ...live, end: event.end }), event));
    default:
      return assertNever(event);
  }
}

function moved(run: Run): RunTransition {
  return { outcome: "moved", run };
}

function admitted(run: Run, attempt: Attempt): Run {
  assert(attempt.number === run.attempts.length + 1, "attempts are numbered without a gap");
  const { reason, nextEligibleAt, waitingSince, ...rest } = run;
  return { ...rest, state: "starting", attempts: [...run.attempts, attempt] };
}

/** Waiting for a limit keeps its age through every later look; any other wait has none. */
function waiting(
  run: Run,
  event: { readonly reason: Reason; readonly nextEligibleAt: Instant; readonly at?: Instant },
): Run {
  const { waitingSince, ...rest } = run;
  const since = waitsForLimit(event.reason) ? (waitingSince ?? event.at) : undefined;
  return {
    ...rest,
    state: "waiting",
    reason: event.reason,
    nextEligibleAt: event.nextEligibleAt,
    ...(since === undefined ? {} : { waitingSince: since }),
  };
}

/** Whether time or a finished run frees what this reason waits for, so that its age counts. */
export function waitsForLimit(reason: Reason): boolean {
  return ["limit_hour", "limit_concurrency", "behind"].includes(reason.code);
}

function observed(run: Run, live: Attempt, startedAt: Instant): Run {
  const polls = run.state === "running" ? live.polls + 1 : 0;
  return { ...withLive(run, { ...live, startedAt, polls }), state: "running" };
}

/** A run without a live attempt ends at once; a live one is asked to, and its end says how it went. */
function cancelled(
  run: Run,
  event: { readonly at: Instant; readonly reason: Reason },
): RunTransition {
  if (liveAttempt(run) === undefined) return moved(ended(run, "cancelled", event.at, event.reason));
  return run.cancelRequestedAt === undefined
    ? moved({ ...run, cancelRequestedAt: event.at })
    : IGNORED;
}

function ended(run: Run, state: FinalState, finishedAt: Instant, why: Reason | undefined): Run {
  const { reason, nextEligibleAt, waitingSince, ...rest } = run;
  return { ...rest, state, finishedAt, ...(why === undefined ? {} : { reason: why }) };
}

function withLive(run: Run, attempt: Attempt): Run {
  return { ...run, attempts: [...run.attempts.slice(0, -1), attempt] };
}
