import { limits } from "../core/limits.ts";
import { plusMs } from "../core/time/instant.ts";
import type { Alarms, Clock } from "../ports/clock.ts";

/** Answers that came in time, and those still to come. */
export interface Ready<T> {
  readonly ready: readonly PromiseSettledResult<T>[];
  readonly late: readonly Promise<T>[];
}

/**
 * Waits for all answers, but `limits.batchPatienceMs` at most, so that one slow answer holds up
 * nobody else's work. Whoever takes the late ones has to handle their failures.
 */
export async function readyWithin<T>(
  services: { readonly clock: Clock; readonly alarms: Alarms },
  answers: readonly Promise<T>[],
): Promise<Ready<T>> {
  const settled = new Map<Promise<T>, PromiseSettledResult<T>>();
  const all = Promise.all(
    answers.map(async (answer) => {
      const [result] = await Promise.allSettled([answer]);
      settled.set(answer, result);
    }),
  );
  let cancel: () => void = () => undefined;
  const patience = new Promise<void>((resolve) => {
    const until = plusMs(services.clock.now(), limits.batchPatienceMs);
    cancel = services.alarms.set(until, resolve);
  });
  await Promise.race([all, patience]);
  cancel();
  return {
    ready: answers.flatMap((answer) => settled.get(answer) ?? []),
    late: answers.filter((answer) => !settled.has(answer)),
  };
}
