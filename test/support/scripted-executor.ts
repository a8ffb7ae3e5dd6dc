// Longer than most: an executor that does what a script says, in every way that a real one may.
import { createHash } from "node:crypto";
import { assert } from "../../shared/core/assert.ts";
import { OrreryError } from "../../shared/core/errors.ts";
import type {
  ExecutionResult,
  LogFile,
  OutputError,
  OutputFile,
} from "../../shared/core/execution/execution-result.ts";
import type { AttemptId, ProjectId } from "../../shared/core/ids.ts";
import { limits } from "../../shared/core/limits.ts";
import { instant, plusMs, type Instant } from "../../shared/core/time/instant.ts";
import type {
  NotebookResult,
  NotebookTarget,
} from "../../shared/core/notebook/notebook-definition.ts";
import type { Work } from "../../shared/core/work.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type {
  ExecutionFile,
  ExecutionReport,
  Executor,
  FileLocation,
  LogChunk,
  Progress,
  Refusal,
  StartRequest,
} from "../../shared/ports/executor.ts";

/** What one execution does. Times count from its acceptance, and then from its start. */
export interface Script {
  readonly prepareMs?: number;
  /** Infinity: it never ends by itself. */
  readonly runMs: number;
  readonly code?: number;
  /** It vanishes at its end instead of exiting. */
  readonly isLost?: true;
  /** The code it ends with when it is asked to; left out, it goes on until it is killed. */
  readonly codeWhenAsked?: number;
  /** `start` rejects with this for good. */
  readonly prepareFails?: string;
  /** `start` rejects with this because there is no machine. */
  readonly noCapacity?: string;
  /** Its engine is elsewhere and keeps no limits: whoever watches ends it. */
  readonly isElsewhere?: true;
  /** `start` cannot reach the engine this often before it can. */
  readonly unavailableStarts?: number;
  readonly outputs?: readonly OutputFile[];
  readonly outputErrors?: readonly OutputError[];
  readonly logs?: readonly LogFile[];
  /** Its end is seen in two polls: one that answers `collecting`, one that has the result. */
  readonly collects?: true;
  /** What it says about how far it is, from its start on. */
  readonly progress?: Progress;
  readonly notebook?: NotebookResult;
  readonly prints?: string;
  /** The instance it gets; the first one the job lists unless given. */
  readonly instanceType?: string;
}

interface Stop {
  readonly at: Instant;
  readonly because: "cancelled" | "timedOut";
}

/** What an engine keeps of an execution, whatever happens to whoever started it. */
interface Execution {
  readonly request: StartRequest;
  readonly script: Script;
  readonly acceptedAt: Instant;
  asked?: Stop;
  killed?: Stop;
  isCollecting?: true;
}

type End = Pick<ExecutionResult, "ending" | "exitCode"> & { readonly at: number };

/**
 * An executor that acts out scripts on a clock, and that forgets nothing in a crash. It keeps X1 to
 * X3 of the port, and it is strict: a start that nobody scripted throws, and so does a repeated
 * start that asks for something else than the first.
 */
export class ScriptedExecutor implements Executor {
  readonly #clock: Pick<Clock, "now">;
  readonly #scriptOf: (request: StartRequest) => Script | undefined;
  readonly #executions = new Map<AttemptId, Execution>();
  readonly #scripts = new Map<AttemptId, Script>();
  readonly #failedStarts = new Map<AttemptId, number>();
  readonly #refusals = new Map<string, string>();
  readonly #cleared = new Set<AttemptId>();
  /** Every poll, for tests that count them. */
  polls = 0;

  /** `scriptOf` is asked once for each attempt. */
  constructor(clock: Pick<Clock, "now">, scriptOf: (request: StartRequest) => Script | undefined) {
    this.#clock = clock;
    this.#scriptOf = scriptOf;
  }

  /** Attempts that have an execution, in the order in which they got it. */
  get started(): readonly AttemptId[] {
    return [...this.#executions.keys()];
  }

  requestOf(attempt: AttemptId): StartRequest {
    const execution = this.#executions.get(attempt);
    assert(execution !== undefined, `${attempt} has an execution`);
    return execution.request;
  }

  /** When an execution ran: what an owner of the machine would see. */
  ranOf(attempt: AttemptId): { readonly startedAt: number; readonly endedAt: number } {
    const execution = this.#executions.get(attempt);
    assert(execution !== undefined, `${attempt} has an execution`);
    return { startedAt: startedAt(execution), endedAt: endOf(execution).at };
  }

  /** From now on jobs with this command are refused, or notebooks with this path. */
  refuse(command: string, reason: string): void {
    this.#refusals.set(command, reason);
  }

  /** Loses every trace of an execution, as an engine that lost its disk. */
  forget(attempt: AttemptId): void {
    this.#executions.delete(attempt);
  }

  async check(_: ProjectId, work: Work): Promise<Refusal | undefined> {
    const reason = this.#refusals.get(work.kind === "job" ? work.command : nameOf(work.target));
    return await Promise.resolve(reason === undefined ? undefined : { reason });
  }

  async start(request: StartRequest): Promise<void> {
    await Promise.resolve();
    const { attempt } = request;
    assert(!this.#cleared.has(attempt), `${attempt} is not started after it was cleared`);
    const present = this.#executions.get(attempt);
    if (present !== undefined) {
      const same = JSON.stringify(present.request) === JSON.stringify(request);
      assert(same, `a repeated start of ${attempt} asks for the same`);
      return;
    }
    const script = this.#scripts.get(attempt) ?? this.#scriptOf(request);
    assert(script !== undefined, `the test scripted what ${attempt} does`);
    this.#scripts.set(attempt, script);
    const failed = this.#failedStarts.get(attempt) ?? 0;
    if (failed < (script.unavailableStarts ?? 0)) {
      this.#failedStarts.set(attempt, failed + 1);
      throw new OrreryError("EXECUTOR_UNAVAILABLE", `No engine takes ${attempt} now`);
    }
    if (script.prepareFails !== undefined) {
      throw new OrreryError("EXECUTION_PREPARE_FAILED", script.prepareFails);
    }
    if (script.noCapacity !== undefined) {
      throw new OrreryError("EXECUTION_NO_CAPACITY", script.noCapacity);
    }
    this.#executions.set(attempt, { request, script, acceptedAt: this.#clock.now() });
  }

  async poll(attempt: AttemptId): Promise<ExecutionReport> {
    this.polls += 1;
    await Promise.resolve();
    const execution = this.#executions.get(attempt);
    if (execution === undefined || this.#cleared.has(attempt)) return { state: "unknown" };
    const now = this.#clock.now();
    const end = endOf(execution);
    const began = startedAt(execution);
    if (end.at <= now) {
      if (execution.script.collects === undefined || execution.isCollecting) {
        return { state: "ended", result: resultOf(execution, end) };
      }
      execution.isCollecting = true;
      return { state: "collecting", startedAt: instant(began) };
    }
    return began > now ? { state: "preparing" } : { state: "running", startedAt: instant(began) };
  }

  async stop(
    attempt: AttemptId,
    how: "graceful" | "kill",
    because: Stop["because"],
  ): Promise<void> {
    await Promise.resolve();
    const execution = this.#executions.get(attempt);
    const at = this.#clock.now();
    if (execution === undefined || endOf(execution).at <= at) return;
    if (how === "kill") execution.killed ??= { at, because };
    else execution.asked ??= { at, because };
  }

  async readLog(attempt: AttemptId, stream: string, offset: number): Promise<LogChunk> {
    await Promise.resolve();
    const kept = this.#cleared.has(attempt) ? undefined : this.#executions.get(attempt);
    const text = kept?.script.prints ?? "";
    const bytes = new TextEncoder().encode(stream === "stdout" ? text : "").slice(offset);
    return { bytes, nextOffset: offset + bytes.length };
  }

  async progress(attempt: AttemptId): Promise<Progress | undefined> {
    await Promise.resolve();
    const execution = this.#executions.get(attempt);
    if (execution === undefined || startedAt(execution) > this.#clock.now()) return undefined;
    return execution.script.progress;
  }

  /** A path that nothing is at: what a caller does with it is another test's matter. */
  async locate(attempt: AttemptId, file: ExecutionFile): Promise<FileLocation | undefined> {
    await Promise.resolve();
    const execution = this.#executions.get(attempt);
    if (execution === undefined || this.#cleared.has(attempt)) return undefined;
    const end = endOf(execution);
    if (end.at > this.#clock.now()) return undefined;
    const { outputs, logs = [] } = resultOf(execution, end);
    const known: readonly { readonly path: string }[] = file.kind === "output" ? outputs : logs;
    if (!known.some(({ path }) => path === file.path)) return undefined;
    return { kind: "path", path: `/scripted/${attempt}/${file.path}` };
  }

  async clear(attempt: AttemptId): Promise<void> {
    await Promise.resolve();
    const execution = this.#executions.get(attempt);
    const isOver = execution === undefined || endOf(execution).at <= this.#clock.now();
    assert(isOver, `${attempt} has ended before it is cleared`);
    this.#cleared.add(attempt);
  }

  /** It never tells: a hint is no promise, so nothing may need one. */
  onEnded(): () => void {
    return () => undefined;
  }
}

function nameOf(target: NotebookTarget): string {
  return target.kind === "notebook" ? target.path : target.cell;
}

function startedAt(execution: Execution): number {
  const wishedAt = plusMs(execution.acceptedAt, execution.script.prepareMs ?? 0);
  const stoppedAt = Math.min(execution.asked?.at ?? Infinity, execution.killed?.at ?? Infinity);
  return Math.min(wishedAt, stoppedAt);
}

/** The first of: its own end, the end it makes of being asked, and a kill. */
function endOf(execution: Execution): End {
  const { script, request, asked: told, killed } = execution;
  const began = startedAt(execution);
  const own: End = script.isLost
    ? { at: began + script.runMs, ending: "lost" }
    : { at: began + script.runMs, ending: "exited", exitCode: script.code ?? 0 };

  const limitAt = (ms: number): number => (script.isElsewhere === true ? Infinity : began + ms);
  const softAt = limitAt(request.softLimitMs);
  const asked =
    told !== undefined && told.at <= softAt ? told : { at: softAt, because: "timedOut" as const };
  const hardAt = limitAt(request.hardLimitMs);
  const graceMs = request.work.gracefulShutdown?.timeoutMs ?? limits.killGraceMs;
  const killAt = Math.min(
    hardAt,
    asked === told ? told.at + graceMs : Infinity,
    killed?.at ?? Infinity,
  );
  // Whoever came first is the reason.
  const because = asked.at <= killAt || killed === undefined ? asked.because : killed.because;
  const ends: End[] = [own, { at: killAt, ending: because, exitCode: 137 }];
  if (script.codeWhenAsked !== undefined) {
    ends.push({ at: asked.at, ending: asked.because, exitCode: script.codeWhenAsked });
  }
  return ends.reduce((first, end) => (end.at < first.at ? end : first));
}

function resultOf(execution: Execution, end: End): ExecutionResult {
  const { script, request } = execution;
  const { at, ...how } = end;
  return {
    ...how,
    startedAt: instant(startedAt(execution)),
    finishedAt: instant(at),
    instanceType: script.instanceType ?? request.work.instanceTypes[0],
    outputs: script.outputs ?? [],
    outputErrors: script.outputErrors ?? [],
    ...(script.logs === undefined ? {} : { logs: script.logs }),
    ...(script.notebook === undefined ? {} : { notebook: script.notebook }),
  };
}

/** An output with this content, as an executor would collect it. */
export function anOutput(path: string, content: string): OutputFile {
  const sha256 = createHash("sha256").update(content).digest("hex");
  return { path, sha256, bytes: Buffer.byteLength(content) };
}

/** Runs for a while and exits. */
export function exits(runMs: number, code = 0): Script {
  return { runMs, code };
}

/** Runs until it is asked to end, and obeys at once. */
export const obeys: Script = { runMs: Infinity, codeWhenAsked: 143 };

/** Runs until it is killed. */
export const resists: Script = { runMs: Infinity };

export const vanishes = (runMs: number): Script => ({ runMs, isLost: true });

/** Cannot be prepared. */
export const unpreparable: Script = { runMs: 0, prepareFails: "Input data.csv is not there" };
