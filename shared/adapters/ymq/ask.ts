import { limits } from "../../core/limits.ts";
import { QueueFailure } from "./failure.ts";
import type { Ask, QueueClient } from "./queue-client.ts";
import { type Asked, queueError } from "./queue-error.ts";
import { type RetryWorld, untilDone } from "./until-done.ts";

export interface AskParts extends RetryWorld {
  readonly client: QueueClient;
}

/** One question with all its tries; rejects with an OrreryError that begins with what was asked. */
export async function ask<T>(
  { client, ...world }: AskParts,
  asked: Asked,
  question: Ask<T>,
): Promise<T> {
  let answer: { readonly value: T } | undefined;
  const deadlineMs = world.clock.monotonicMs() + limits.ymqDeadlineMs;
  const end = await untilDone(world, deadlineMs, async (limitMs) => {
    answer = { value: await client.call(question, { limitMs }) };
    return undefined;
  });
  if (answer !== undefined) return answer.value;
  const { failure, tries } = end ?? {
    failure: new QueueFailure("unavailable", "no answer"),
    tries: 1,
  };
  throw queueError(asked, failure, tries);
}
