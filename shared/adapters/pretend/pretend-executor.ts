import type { ExecutionResult } from "../../core/execution/execution-result.ts";
import type { AttemptId } from "../../core/ids.ts";
import { earlier, plusMs, type Instant } from "../../core/time/instant.ts";
import type { Pretence } from "../../core/simulation/pretence.ts";
import type { Clock } from "../../ports/clock.ts";
import type {
  ExecutionReport,
  Executor,
  FileLocation,
  LogChunk,
  Progress,
  Refusal,
  StartRequest,
} from "../../ports/executor.ts";

interface Execution {
  readonly startedAt: Instant;
  readonly end: ExecutionResult;
}

/**
 * An executor that runs nothing: each execution starts at once, takes as long as is pretended on the
 * clock, and leaves no files. It keeps X1 to X3 of the port as long as the process lives.
 */
export class PretendExecutor implements Executor {
  readonly #clock: Pick<Clock, "now">;
  readonly #pretend: (request: StartRequest) => Pretence;
  readonly #executions = new Map<AttemptId, Execution>();

  constructor(clock: Pick<Clock, "now">, pretend: (request: StartRequest) => Pretence) {
    this.#clock = clock;
    this.#pretend = pretend;
  }

  /** When an execution that goes on will have ended; undefined for one that is over or not there. */
  endsAt(attempt: AttemptId): Instant | undefined {
    const endAt = this.#executions.get(attempt)?.end.finishedAt;
    return endAt === undefined || endAt <= this.#clock.now() ? undefined : endAt;
  }

  async check(): Promise<Refusal | undefined> {
    await Promise.resolve();
    return undefined;
  }

  async start(request: StartRequest): Promise<void> {
    await Promise.resolve();
    if (this.#executions.has(request.attempt)) return;
    const startedAt = this.#clock.now();
    const { runMs, exitCode } = this.#pretend(request);
    const isTimedOut = runMs > request.softLimitMs;
    const [instanceType] = request.work.instanceTypes;
    this.#executions.set(request.attempt, {
      startedAt,
      end: {
        ending: isTimedOut ? "timedOut" : "exited",
        exitCode: isTimedOut ? ASKED_TO_END : exitCode,
        startedAt,
        finishedAt: plusMs(startedAt, Math.min(runMs, request.softLimitMs)),
        instanceType,
        outputs: [],
        outputErrors: [],
      },
    });
  }

  async poll(attempt: AttemptId): Promise<ExecutionReport> {
    await Promise.resolve();
    const execution = this.#executions.get(attempt);
    if (execution === undefined) return { state: "unknown" };
    const { startedAt, end } = execution;
    return end.finishedAt > this.#clock.now()
      ? { state: "running", startedAt }
      : { state: "ended", result: end };
  }

  /** It obeys at once, however it is asked. */
  async stop(
    attempt: AttemptId,
    _how: "graceful" | "kill",
    because: "cancelled" | "timedOut",
  ): Promise<void> {
    await Promise.resolve();
    const execution = this.#executions.get(attempt);
    const now = this.#clock.now();
    if (execution === undefined || execution.end.finishedAt <= now) return;
    const finishedAt = earlier(execution.end.finishedAt, now);
    const end = { ...execution.end, ending: because, exitCode: ASKED_TO_END, finishedAt };
    this.#executions.set(attempt, { ...execution, end });
  }

  async readLog(_attempt: AttemptId, _stream: string, offset: number): Promise<LogChunk> {
    return await Promise.resolve({ bytes: new Uint8Array(), nextOffset: offset });
  }

  async progress(): Promise<Progress | undefined> {
    await Promise.resolve();
    return undefined;
  }

  async locate(): Promise<FileLocation | undefined> {
    await Promise.resolve();
    return undefined;
  }

  async clear(attempt: AttemptId): Promise<void> {
    await Promise.resolve();
    this.#executions.delete(attempt);
  }

  /** It never tells: a hint is no promise. */
  onEnded(): () => void {
    return () => undefined;
  }
}

/** What a shell shows for a program that SIGTERM ended. */
const ASKED_TO_END = 143;
