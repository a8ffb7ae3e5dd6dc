import { OrreryError } from "../../core/errors.ts";
import { attemptKeyOf, type AttemptId } from "../../core/ids.ts";
import type { MetricAttributes } from "../../core/telemetry/metrics.ts";
import type { Executor } from "../../ports/executor.ts";
import type { Measuring } from "./measured-store.ts";

type Operation = MetricAttributes<"orrery.executor.duration">["operation"];

/** The same executor, each call that starts, asks, ends or clears something a span and a duration. */
export function measuredExecutor(executor: Executor, measuring: Measuring): Executor {
  const call = async <T>(
    operation: Operation,
    attempt: AttemptId | undefined,
    work: () => Promise<T>,
  ): Promise<T> => await measured(measuring, { operation, attempt }, work);
  return {
    check: async (project, work) =>
      await call("check", undefined, async () => await executor.check(project, work)),
    start: async (request) =>
      await call("start", request.attempt, async () => await executor.start(request)),
    poll: async (attempt) => await call("poll", attempt, async () => await executor.poll(attempt)),
    stop: async (attempt, how, because) =>
      await call("stop", attempt, async () => await executor.stop(attempt, how, because)),
    clear: async (attempt) =>
      await call("clear", attempt, async () => await executor.clear(attempt)),
    readLog: async (attempt, stream, offset) => await executor.readLog(attempt, stream, offset),
    progress: async (attempt) => await executor.progress(attempt),
    locate: async (attempt, file) => await executor.locate(attempt, file),
    onEnded: (listener) => executor.onEnded(listener),
  };
}

async function measured<T>(
  { telemetry, clock }: Measuring,
  {
    operation,
    attempt,
  }: { readonly operation: Operation; readonly attempt: AttemptId | undefined },
  work: () => Promise<T>,
): Promise<T> {
  const subject = attempt === undefined ? undefined : attemptKeyOf(attempt)?.run;
  const span = {
    name: `executor ${operation}`,
    kind: "client",
    subject,
    facts: { attempt },
  } as const;
  return await telemetry.span(span, async () => {
    const startedMs = clock.monotonicMs();
    try {
      return await work();
    } catch (error) {
      const code = error instanceof OrreryError ? error.code : "OTHER";
      telemetry.count("orrery.executor.failures", 1, { operation, code });
      throw error;
    } finally {
      const seconds = (clock.monotonicMs() - startedMs) / 1_000;
      telemetry.record("orrery.executor.duration", seconds, { operation });
    }
  });
}
