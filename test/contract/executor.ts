import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  attemptIdOf,
  projectId,
  runIdOf,
  scheduleName,
  type AttemptId,
} from "../../shared/core/ids.ts";
import type { JobDefinition } from "../../shared/core/job/job-definition.ts";
import { instant } from "../../shared/core/time/instant.ts";
import type { ExecutionReport, ExecutionResult, Executor } from "../../shared/ports/executor.ts";

/** What the program of a job does, in terms every engine can act out. */
export type Behaviour =
  | {
      readonly does: "exit";
      readonly code: number;
      readonly prints?: string;
      /** Content of the output `result.txt`, which the job declares; left out, it is missing. */
      readonly output?: string;
    }
  /** Runs on until it is asked to end, and then ends with this code. */
  | { readonly does: "wait"; readonly codeWhenAsked: number }
  /** Runs on whatever it is asked. */
  | { readonly does: "resist" };

export interface ExecutorWorld {
  readonly executor: Executor;
  /** An executor as a restarted platform makes it, over what the first one left. */
  reopen(): Executor;
  jobThat(behaviour: Behaviour): JobDefinition;
  /** A job this executor has to refuse. */
  readonly refusedJob: JobDefinition;
  /** How often the program of this attempt began. */
  beginnings(attempt: AttemptId): Promise<number>;
  /** Resolves once the program of this attempt listens to signals. */
  listening(attempt: AttemptId): Promise<void>;
  dispose(): Promise<void>;
}

let attempts = 0;

/** An attempt nobody has used. */
export function freshAttempt(): AttemptId {
  attempts += 1;
  const key = { schedule: scheduleName("nightly"), nominalAt: instant(1_800_000_000_000) };
  return attemptIdOf(runIdOf(key, `contract-${attempts}`), 1);
}

/** Looks again until the condition holds; a real process gives no other sign. */
export async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  const giveUpAt = performance.now() + 20_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > giveUpAt) throw new Error("The condition did not come to hold.");
    await pause(5);
  }
}

/** The result of an attempt, once it has one. */
export async function resultOf(executor: Executor, attempt: AttemptId): Promise<ExecutionResult> {
  return await eventually(async () => {
    const report = await executor.poll(attempt);
    return report.state === "ended" ? report.result : undefined;
  });
}

const GENEROUS = { softLimitMs: 60_000, hardLimitMs: 120_000 };

/** States what any executor does; an engine's test file calls it with a way to make its world. */
export function describeExecutor(name: string, make: () => Promise<ExecutorWorld>): void {
  describe(`${name}, as an executor`, () => {
    let world: ExecutorWorld;
    let attempt: AttemptId;
    const start = async (behaviour: Behaviour, limits = GENEROUS): Promise<void> => {
      await world.executor.start({
        project: projectId("bt1contract"),
        attempt,
        job: world.jobThat(behaviour),
        variables: {},
        ...limits,
      });
    };

    beforeEach(async () => {
      world = await make();
      attempt = freshAttempt();
    });
    afterEach(async () => {
      await world.executor.stop(attempt, "kill", "cancelled");
      await world.dispose();
    });

    it("answers unknown for an attempt that never started, and runs nothing of it", async () => {
      expect(await world.executor.poll(attempt)).toEqual({ state: "unknown" });
      expect(await world.beginnings(attempt)).toBe(0);
    });

    it("reports the exit code, the instance type and times in order", async () => {
      await start({ does: "exit", code: 7 });

      const result = await resultOf(world.executor, attempt);

      expect(result).toMatchObject({ ending: "exited", exitCode: 7, instanceType: "c1.4" });
      expect(result.finishedAt).toBeGreaterThanOrEqual(result.startedAt);
    });

    it("collects an output with its hash and size", async () => {
      await start({ does: "exit", code: 0, output: "42\n" });

      const { outputs, outputErrors } = await resultOf(world.executor, attempt);

      // echo 42 | sha256sum
      const sha256 = "084c799cd551dd1d8d5c5f9a5d593b2e931f5e36122ee5c793c1d08a19839cc0";
      expect(outputs).toEqual([{ path: "result.txt", sha256, bytes: 3 }]);
      expect(outputErrors).toEqual([]);
    });

    it("names an output that is missing and still ends as the program did", async () => {
      await start({ does: "exit", code: 0 });

      const result = await resultOf(world.executor, attempt);

      expect(result).toMatchObject({
        ending: "exited",
        exitCode: 0,
        outputs: [],
        outputErrors: [{ path: "result.txt", type: "NOT_FOUND" }],
      });
    });

    it("runs one program however often an attempt is started, before its end and after", async () => {
      const behaviour: Behaviour = { does: "exit", code: 0 };
      const other = world.reopen();
      const request = {
        project: projectId("bt1contract"),
        attempt,
        job: world.jobThat(behaviour),
        variables: {},
        ...GENEROUS,
      };

      await Promise.all([
        ...[1, 2].map(async () => await world.executor.start(request)),
        ...[1, 2].map(async () => await other.start(request)),
      ]);
      await resultOf(other, attempt);
      await world.executor.start(request);

      expect(await world.beginnings(attempt)).toBe(1);
    });

    it("is found again by another executor, while it runs and after it ended", async () => {
      await start({ does: "wait", codeWhenAsked: 3 });
      const other = world.reopen();
      const during: ExecutionReport = await other.poll(attempt);
      await world.listening(attempt);
      await other.stop(attempt, "graceful", "cancelled");
      const result = await resultOf(other, attempt);

      expect(during.state).toBe("running");
      expect(result).toMatchObject({ ending: "cancelled", exitCode: 3 });
      expect(await world.reopen().poll(attempt)).toEqual({ state: "ended", result });
    });

    it("kills at once when told to, whatever the program does about signals", async () => {
      await start({ does: "resist" });
      await world.listening(attempt);

      await world.executor.stop(attempt, "kill", "cancelled");

      const result = await resultOf(world.executor, attempt);
      expect(result).toMatchObject({ ending: "cancelled", exitCode: 137 });
    });

    it("asks at the soft limit, and says that time ran out", async () => {
      await start({ does: "wait", codeWhenAsked: 5 }, { softLimitMs: 400, hardLimitMs: 60_000 });

      const result = await resultOf(world.executor, attempt);

      expect(result).toMatchObject({ ending: "timedOut", exitCode: 5 });
    });

    it("kills at the hard limit what did not end at the soft one", async () => {
      await start({ does: "resist" }, { softLimitMs: 200, hardLimitMs: 600 });

      const result = await resultOf(world.executor, attempt);

      expect(result).toMatchObject({ ending: "timedOut", exitCode: 137 });
    });

    it("keeps the first reason when it is stopped again", async () => {
      await start({ does: "wait", codeWhenAsked: 0 });
      await world.listening(attempt);

      await world.executor.stop(attempt, "graceful", "timedOut");
      await world.executor.stop(attempt, "kill", "cancelled");

      expect((await resultOf(world.executor, attempt)).ending).toBe("timedOut");
    });

    it("does nothing when what it should stop has ended or never started", async () => {
      const never = freshAttempt();
      await start({ does: "exit", code: 0 });
      const result = await resultOf(world.executor, attempt);

      await world.executor.stop(attempt, "kill", "cancelled");
      await world.executor.stop(never, "graceful", "cancelled");

      expect(await world.executor.poll(attempt)).toEqual({ state: "ended", result });
      expect(await world.executor.poll(never)).toEqual({ state: "unknown" });
    });

    it("gives a log from any offset and nothing at its end", async () => {
      await start({ does: "exit", code: 0, prints: "first second" });
      await resultOf(world.executor, attempt);

      const tail = await world.executor.readLog(attempt, "stdout", 6);
      const end = await world.executor.readLog(attempt, "stdout", tail.nextOffset);

      expect(Buffer.from(tail.bytes).toString()).toBe("second");
      expect(tail.nextOffset).toBe(12);
      expect(end).toMatchObject({ nextOffset: 12 });
      expect(end.bytes).toHaveLength(0);
    });

    it("refuses a job it cannot honour, with a reason, and takes one it can", async () => {
      expect((await world.executor.check(world.refusedJob))?.reason).toMatch(/\w+/);
      expect(await world.executor.check(world.jobThat({ does: "exit", code: 0 }))).toBeUndefined();
    });
  });
}
