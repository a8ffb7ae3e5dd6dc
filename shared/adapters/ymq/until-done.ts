import { assertNever } from "../../core/assert.ts";
import { limits } from "../../core/limits.ts";
import { plusMs } from "../../core/time/instant.ts";
import type { Alarms, Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import { QueueFailure } from "./failure.ts";

/** The world that retries live in. */
export interface RetryWorld {
  readonly clock: Clock & Alarms;
  readonly random: Random;
}

/** What one try left: undefined where all is done, or the failure that another may mend. */
export type Step = (limitMs: number) => Promise<QueueFailure | undefined>;

/** How it ended when it did not end well. */
export interface GivenUp {
  readonly failure: QueueFailure;
  readonly tries: number;
}

/**
 * Tries until a step leaves nothing, at most `limits.ymqTries` times and until the deadline (on the
 * monotonic clock), with waits between. Resolves to why it gave up, or to undefined. What a step
 * throws counts as its failure where it is a `QueueFailure`; anything else is thrown on.
 */
export async function untilDone(
  { clock, random }: RetryWorld,
  deadlineMs: number,
  step: Step,
): Promise<GivenUp | undefined> {
  for (let tries = 1; ; tries += 1) {
    const leftMs = deadlineMs - clock.monotonicMs();
    const failure = await failureIn(step, Math.min(leftMs, limits.ymqCallMs));
    if (failure === undefined) return undefined;
    const waitMs = tries < limits.ymqTries ? waitAfter(failure, tries, random) : undefined;
    if (waitMs === undefined || clock.monotonicMs() + waitMs >= deadlineMs)
      return { failure, tries };
    await pause(clock, waitMs);
  }
}

async function failureIn(step: Step, limitMs: number): Promise<QueueFailure | undefined> {
  try {
    return await step(limitMs);
  } catch (error) {
    if (error instanceof QueueFailure) return error;
    throw error;
  }
}

/** How long to wait before the next try, in ms; undefined where another cannot help. */
function waitAfter({ kind }: QueueFailure, tries: number, random: Random): number | undefined {
  // Half of the wait is chance: those who met once would else meet again.
  const grown = (firstMs: number): number =>
    Math.min(firstMs * 2 ** (tries - 1), limits.ymqRetryMaxMs) * (0.5 + random.fraction() / 2);
  switch (kind) {
    case "cut":
    case "late":
      // The connection was dead, most likely, and the next one is new.
      return tries === 1 ? 0 : grown(limits.ymqRetryFirstMs);
    case "unavailable":
      return grown(limits.ymqRetryFirstMs);
    case "throttled":
      return grown(limits.ymqThrottledFirstMs);
    case "denied":
    case "absent":
    case "refused":
    case "untrusted":
    case "stopped":
      return undefined;
    default:
      return assertNever(kind);
  }
}

async function pause(clock: Clock & Alarms, waitMs: number): Promise<void> {
  if (waitMs === 0) return;
  await new Promise<void>((resolve) => {
    clock.set(plusMs(clock.now(), Math.ceil(waitMs)), resolve);
  });
}
