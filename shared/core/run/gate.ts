import { assertNever } from "../assert.ts";
import type { RunId } from "../ids.ts";
import { limits } from "../limits.ts";
import type { Dependency, ScheduleDefinition } from "../schedule/schedule-definition.ts";
import { formatInstant, plusMs, type Instant } from "../time/instant.ts";
import type { Reason, ReasonCode } from "./reason.ts";
import { isFinal, type Run, type RunState } from "./run.ts";

/**
 * Whether a run may ask its project for units now: everything that is decided before money is.
 * The order is fixed, so the reason a person reads does not flicker: removed, changed, too late,
 * not supported, upstream, overlap.
 */
export interface GateFacts {
  readonly run: Run;
  readonly now: Instant;
  /** Absent when the schedule is no longer configured. */
  readonly definition?: ScheduleDefinition;
  /** False where the schedule was changed since and no longer names the run's occurrence. */
  readonly isNamed: boolean;
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
    }
  | {
      readonly kind: "conclude";
      readonly state: "skipped" | "refused" | "expired";
      readonly reason: Reason;
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
  const deadlineAt = startDeadlineAt(run, definition);
  if (deadlineAt !== undefined && now > deadlineAt) {
    return conclude("expired", "deadline", `It had to start by ${formatInstant(deadlineAt)}`);
  }
  if (facts.refusal !== undefined) return conclude("refused", "not_supported", facts.refusal);
  return dependencyGate(facts) ?? overlapGate(facts, definition) ?? { kind: "open", definition };
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

function overlapGate(facts: GateFacts, definition: ScheduleDefinition): GateDecision | undefined {
  const ahead = facts.others.filter((other) => isAhead(other, facts.run));
  const [first] = ahead;
  if (first === undefined || definition.overlap === "allow") return undefined;
  const text = `Run ${first.run} of the same schedule is ${first.state}`;
  switch (definition.overlap) {
    case "skip":
      return conclude("skipped", "overlap", text);
    case "queue-one":
      return facts.run.state === "queued" && ahead.some((other) => other.reason === "overlap")
        ? conclude("skipped", "overlap", `${text}, and another one already waits behind it`)
        : wait(facts.now, "overlap", text);
    case "queue-all":
      return wait(facts.now, "overlap", text);
    case "cancel-running":
      return wait(
        facts.now,
        "overlap",
        `${text} and was asked to end`,
        ahead.map((each) => each.run),
      );
    default:
      return assertNever(definition.overlap);
  }
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
