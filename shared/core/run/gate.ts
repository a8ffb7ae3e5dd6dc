import { assertNever } from "../assert.ts";
import type { RunId } from "../ids.ts";
import { limits } from "../limits.ts";
import { leftOutBecause, type OperatorState } from "../schedule/operator-state.ts";
import type { Dependency, ScheduleDefinition } from "../schedule/schedule-definition.ts";
import { formatInstant, plusMs, type Instant } from "../time/instant.ts";
import type { Reason, ReasonCode } from "./reason.ts";
import { isFinal, type Run, type RunState } from "./run.ts";

/**
 * Whether a run may ask its project for units now: everything that is decided before money is.
 * The order is fixed, so the reason a person reads does not flicker: removed, changed, left out, too late,
 * not supported, upstream, overlap.
 */
export interface GateFacts {
  readonly run: Run;
  readonly now: Instant;
  /** Absent when the schedule is no longer configured. */
  readonly definition?: ScheduleDefinition;
  /** False where the schedule was changed since and no longer names the run's occurrence. */
  readonly isNamed: boolean;
  /** What operators decided about its schedule; absent where nothing. */
  readonly operator?: OperatorState;
  /** What the executor cannot honour, in its own words. */
  readonly refusal?: string;
  /** Other runs of the schedule that wait or run, by id. */
  readonly others: readonly ActiveRun[];
  /** One fact for each dependency of the schedule. */
  readonly upstream: readonly UpstreamFact[];
}

export interface ActiveRun {
  readonly run: RunId;
  readonly effectiveAt: Instant;
  readonly state: RunState;
  readonly reason: string;
}

export interface UpstreamFact {
  readonly dependency: Dependency;
  /** The upstream schedule still owes an occurrence at or before ours. */
  readonly owes: boolean;
  /** Its latest run at or before our nominal time. */
  readonly state?: RunState;
}

export type GateDecision =
  | { readonly kind: "open"; readonly definition: ScheduleDefinition }
  | {
      readonly kind: "wait";
      readonly reason: Reason;
      readonly nextEligibleAt: Instant;
      /** Runs that must end for ours to start, by the policy `cancel-running`. */
      readonly cancel: readonly RunId[];
      /** Set where time, or the end of what runs, frees what it waits for: so its age counts. */
      readonly isInLine?: true;
    }
  | {
      readonly kind: "conclude";
      readonly state: "skipped" | "refused" | "expired";
      readonly reason: Reason;
      /** The started run's nominal time that it came too soon after, while its project is low. */
      readonly spacedFrom?: Instant;
    };

export function gate(facts: GateFacts): GateDecision {
  const { run, now, definition } = facts;
  if (definition === undefined) {
    return conclude(
      "skipped",
      "schedule_removed",
      `Schedule ${run.schedule} is no longer configured`,
    );
  }
  if (!facts.isNamed && run.attempts.length === 0) {
    const text = `Schedule ${run.schedule} was changed and no longer names this time`;
    return conclude("skipped", "schedule_changed", text);
  }
  const leftOut = leftOutGate(facts);
  if (leftOut !== undefined) return leftOut;
  const deadlineAt = startDeadlineAt(run, definition);
  if (deadlineAt !== undefined && now > deadlineAt) {
    return conclude("expired", "deadline", `It had to start by ${formatInstant(deadlineAt)}`);
  }
  if (facts.refusal !== undefined) return conclude("refused", "not_supported", facts.refusal);
  return dependencyGate(facts) ?? overlapGate(facts, definition) ?? { kind: "open", definition };
}

/**
 * An occurrence alone is left out, and only before it has started: a person or a message that asks for
 * a run means that one.
 */
function leftOutGate({ run, operator }: GateFacts): GateDecision | undefined {
  if (run.cause.kind !== "occurrence" || run.attempts.length > 0) return undefined;
  const reason = leftOutBecause(operator, run);
  return reason && { kind: "conclude", state: "skipped", reason };
}

/** When a run that never started expires; a retry has started in time. */
export function startDeadlineAt(run: Run, definition: ScheduleDefinition): Instant | undefined {
  if (definition.startDeadlineMs === undefined || run.attempts.length > 0) return undefined;
  return plusMs(run.effectiveAt, definition.startDeadlineMs);
}

/** Only an occurrence waits for its upstream: a person or a message that asks for a run means now. */
function dependencyGate(facts: GateFacts): GateDecision | undefined {
  if (facts.run.cause.kind !== "occurrence") return undefined;
  for (const { dependency, owes, state } of facts.upstream) {
    const { schedule, condition } = dependency;
    if (owes || (state !== undefined && !isFinal(state))) {
      return wait(facts.now, "dependency", `It waits for ${schedule} to end`);
    }
    if (state === undefined || !holds(condition, state)) {
      const found = state ?? "without a run";
      return conclude(
        "skipped",
        "dependency",
        `It needs ${schedule} ${condition}, which is ${found}`,
      );
    }
  }
  return undefined;
}

/** Whether an upstream run that ended so satisfies the condition. */
export function holds(condition: Dependency["condition"], state: RunState): boolean {
  switch (condition) {
    case "succeeded":
      return state === "succeeded";
    case "failed":
      return state === "failed" || state === "timedOut";
    case "finished":
      return isFinal(state);
    default:
      return assertNever(condition);
  }
}

/**
 * So many runs of a schedule may be live, and `overlap` says what happens to one more. Those that wait
 * and were due earlier count as if they were, because their places are theirs.
 */
function overlapGate(facts: GateFacts, definition: ScheduleDefinition): GateDecision | undefined {
  if (definition.overlap === "allow") return undefined;
  const most = definition.concurrentRuns ?? 1;
  const ahead = facts.others.filter((other) => isAhead(other, facts.run)).toSorted(byAge);
  const [first] = ahead;
  if (first === undefined || ahead.length < most) return undefined;
  const text = overlapText(first, ahead.length, most);
  switch (definition.overlap) {
    case "skip":
      return conclude("skipped", "overlap", text);
    case "queue-one":
      return facts.run.state === "queued" && ahead.some((other) => other.reason === "overlap")
        ? conclude("skipped", "overlap", `${text}, and another one already waits behind it`)
        : wait(facts.now, "overlap", text);
    case "queue-all":
      return wait(facts.now, "overlap", text);
    case "cancel-running": {
      // The oldest, so that with this one as many are left as may be live.
      const beyond = ahead.slice(0, ahead.length - most + 1).map(({ run }) => run);
      return wait(facts.now, "overlap", `${text} and was asked to end`, beyond);
    }
    default:
      return assertNever(definition.overlap);
  }
}

function overlapText(first: ActiveRun, ahead: number, most: number): string {
  const oldest = `Run ${first.run} of the same schedule is ${first.state}`;
  if (most === 1) return oldest;
  return `${ahead} runs of the same schedule are ahead and ${most} may be live at once: ${oldest}`;
}

function byAge(a: ActiveRun, b: ActiveRun): number {
  return a.effectiveAt - b.effectiveAt || (a.run < b.run ? -1 : 1);
}

/** Whatever runs is ahead; of those that wait, whoever was due earlier. */
function isAhead(other: ActiveRun, run: Run): boolean {
  if (other.state !== "waiting") return true;
  if (other.effectiveAt !== run.effectiveAt) return other.effectiveAt < run.effectiveAt;
  return other.run < run.id;
}

function wait(
  now: Instant,
  code: ReasonCode,
  text: string,
  cancel: readonly RunId[] = [],
): GateDecision {
  const nextEligibleAt = plusMs(now, limits.waitRecheckMs);
  return { kind: "wait", reason: { code, text }, nextEligibleAt, cancel };
}

function conclude(
  state: "skipped" | "refused" | "expired",
  code: ReasonCode,
  text: string,
): GateDecision {
  return { kind: "conclude", state, reason: { code, text } };
}
