import { limits } from "../core/limits.ts";
import type { RetryPolicy } from "../core/run/retry-policy.ts";
import type { ScheduleDefinition } from "../core/schedule/schedule-definition.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../core/time/duration.ts";
import { concurrentRunsOf } from "./budget-reader.ts";
import type { PolicyTexts } from "./policy-schema.ts";

type Policies = Pick<
  ScheduleDefinition,
  | "timeoutMs"
  | "overlap"
  | "concurrentRuns"
  | "atLowBalance"
  | "catchup"
  | "startDeadlineMs"
  | "onLimit"
  | "priority"
  | "retry"
  | "pauseAfterFailures"
>;

/**
 * The policies of a schedule: what it says, then what `defaults` say, then ours, key by key. Ours
 * are the careful ones. A run that finds an earlier one live is skipped; the last occurrence of
 * the past hour is made up for; a run waits for units; nothing is tried twice, because only its
 * author knows whether a job may be.
 */
export function policiesOf(own: PolicyTexts, defaults: PolicyTexts): Policies {
  const pauseAfterFailures = own.pauseAfterFailures ?? defaults.pauseAfterFailures;
  const startDeadlineMs = own.startDeadline ?? defaults.startDeadline;
  const concurrentRuns = concurrentRunsOf(own, defaults);
  const atLowBalance = own.atLowBalance ?? defaults.atLowBalance;
  return {
    timeoutMs: own.timeout ?? defaults.timeout ?? limits.timeoutDefaultMs,
    overlap: own.overlap ?? defaults.overlap ?? "skip",
    ...(concurrentRuns !== undefined && { concurrentRuns }),
    catchup: {
      policy: own.catchup?.policy ?? defaults.catchup?.policy ?? "last",
      windowMs: own.catchup?.window ?? defaults.catchup?.window ?? HOUR_MS,
    },
    ...(startDeadlineMs !== undefined && { startDeadlineMs }),
    onLimit: own.onLimit ?? defaults.onLimit ?? "wait",
    ...(atLowBalance !== undefined && { atLowBalance }),
    priority: own.priority ?? defaults.priority ?? "normal",
    retry: retryOf({ ...defaults.retry, ...own.retry }),
    ...(pauseAfterFailures !== undefined && { pauseAfterFailures }),
  };
}

function retryOf(said: NonNullable<PolicyTexts["retry"]>): RetryPolicy {
  const initialMs = said.initial ?? 30 * SECOND_MS;
  return {
    attempts: said.attempts ?? 1,
    initialMs,
    factor: said.factor ?? 2,
    // An unsaid cap must not cut the first wait that somebody did say.
    maxMs: said.max ?? Math.max(10 * MINUTE_MS, initialMs),
    jitter: said.jitter ?? "full",
    on: said.on ?? ["failed", "timedOut", "system", "capacity"],
  };
}
