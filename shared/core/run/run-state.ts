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
      /** Set where time, or the end of what runs, frees what it waits for. */
      readonly isInLine?: true | undefined;
    }
  | { readonly kind: "admit"; readonly attempt: Attempt }
  | { readonly kind: "launch"; readonly at: Instant }
  | {
      readonly kind: "observe";
      readonly startedAt: Instant;
      /** Present once its program ended and its outputs are being taken over. */
      readonly collectingAt?: Instant;
    }
  | {
      readonly kind: "conclude";
      readonly state: "skipped" | "refused" | "expired";
      readonly reason: Reason;
      readonly at: Instant;
      readonly spacedFrom?: Instant | undefined;
    }
  | {
      readonly kind: "cancel";
      readonly at: Instant;
      readonly reason: Reason;
      /** Kill at once; left out, a program is asked to end first. */
      readonly how?: "kill";
      /** In the words of whoever cancelled. */
      readonly text?: string;
    }
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
      return live === undefined ? moved(concluded(run, event)) : IGNORED;
    case "launch":
      return live === undefined || live.launchedAt !== undefined
        ? IGNORED
        : moved(withLive(run, { ...live, launchedAt: event.at }));
    case "observe":
      return live === undefined ? IGNORED : moved(observed(run, live, event));
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

/** Waiting in line for a limit keeps its age through every later look; any other wait has none. */
function waiting(
  run: Run,
  event: {
    readonly reason: Reason;
    readonly nextEligibleAt: Instant;
    readonly at?: Instant;
    readonly isInLine?: true | undefined;
  },
): Run {
  const { waitingSince, ...rest } = run;
  const since = event.isInLine === true ? (waitingSince ?? event.at) : undefined;
  return {
    ...rest,
    state: "waiting",
    reason: event.reason,
    nextEligibleAt: event.nextEligibleAt,
    ...(since === undefined ? {} : { waitingSince: since }),
  };
}

function observed(
  run: Run,
  live: Attempt,
  seen: { readonly startedAt: Instant; readonly collectingAt?: Instant },
): Run {
  const { startedAt } = seen;
  const collectingAt = live.collectingAt ?? seen.collectingAt;
  const collecting = collectingAt === undefined ? {} : { collectingAt };
  return { ...withLive(run, { ...live, startedAt, ...collecting }), state: "running" };
}

/**
 * A run without a live attempt ends at once; a live one is asked to, and its end says how it went.
 * Whoever asked may still kill it, but not the other way round; the first reason given stays.
 */
function cancelled(run: Run, event: Extract<RunEvent, { readonly kind: "cancel" }>): RunTransition {
  const live = liveAttempt(run);
  if (live === undefined) return moved(ended(run, "cancelled", event.at, event.reason));
  const isNews = event.how === "kill" && run.cancelKills === undefined;
  if (run.cancelRequestedAt !== undefined && !isNews) return IGNORED;
  const text = run.cancelText ?? event.text;
  return moved({
    ...run,
    cancelRequestedAt: run.cancelRequestedAt ?? event.at,
    ...(event.how === "kill" ? { cancelKills: true as const } : {}),
    ...(text === undefined ? {} : { cancelText: text }),
  });
}

function concluded(run: Run, event: Extract<RunEvent, { readonly kind: "conclude" }>): Run {
  const { state, at, reason, spacedFrom } = event;
  const over = ended(run, state, at, reason);
  return spacedFrom === undefined ? over : { ...over, spacedFrom };
}

function ended(run: Run, state: FinalState, finishedAt: Instant, why: Reason | undefined): Run {
  const { reason, nextEligibleAt, waitingSince, ...rest } = run;
  return { ...rest, state, finishedAt, ...(why === undefined ? {} : { reason: why }) };
}

function withLive(run: Run, attempt: Attempt): Run {
  return { ...run, attempts: [...run.attempts.slice(0, -1), attempt] };
}
