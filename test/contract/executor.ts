// Longer than most: what every executor promises, in one suite that each of them runs.
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  attemptIdOf,
  projectId,
  runIdOf,
  scheduleName,
  type AttemptId,
  type ProjectId,
} from "../../shared/core/ids.ts";
import type { JobDefinition } from "../../shared/core/job/job-definition.ts";
import { limits } from "../../shared/core/limits.ts";
import { instant } from "../../shared/core/time/instant.ts";
import type {
  ExecutionReport,
  ExecutionResult,
  Executor,
  Progress,
} from "../../shared/ports/executor.ts";

/** What the program of a job does, in terms every engine can act out. */
export type Behaviour =
  | {
      readonly does: "exit";
      readonly code: number;
      readonly prints?: string;
      /** Content of the output `result.txt`, which the job declares; left out, it is missing. */
      readonly output?: string;
      /** What it says about how far it is. */
      readonly reports?: Progress;
    }
  /** Runs on until it is asked to end, and then ends with this code. */
  | { readonly does: "wait"; readonly codeWhenAsked: number }
  /** Runs on whatever it is asked. */
  | { readonly does: "resist" };

export interface ExecutorWorld {
  readonly executor: Executor;
  /** Where its jobs run; a name that nobody has to make unless given. */
  readonly project?: ProjectId;
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

const PROJECT = projectId("bt1contract");
const projectOf = ({ project = PROJECT }: ExecutorWorld): ProjectId => project;
const GENEROUS = { softLimitMs: 60_000, hardLimitMs: 120_000 };

/**
 * States what any executor does; an engine's test file calls it with a way to make its world. One
 * whose engine is a service elsewhere leaves limits to whoever watches, learns no exit code of what
 * was stopped, and may not see how outputs are collected.
 */
export function describeExecutor(
  name: string,
  make: () => Promise<ExecutorWorld>,
  { isElsewhere = false }: { readonly isElsewhere?: boolean } = {},
): void {
  const live = isElsewhere ? ["preparing", "running"] : ["running"];
  const code = (exitCode: number): object => (isElsewhere ? {} : { exitCode });
  describe(`${name}, as an executor`, () => {
    let world: ExecutorWorld;
    let attempt: AttemptId;
    const start = async (behaviour: Behaviour, limits = GENEROUS): Promise<void> => {
      await world.executor.start({
        project: projectOf(world),
        attempt,
        work: world.jobThat(behaviour),
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

    it.skipIf(isElsewhere)(
      "says that it collects outputs before it gives them, whichever executor asks",
      async () => {
        await start({ does: "exit", code: 0, output: "42\n" });

        const ended = await eventually(async () => {
          const report = await world.executor.poll(attempt);
          return ["preparing", "running"].includes(report.state) ? undefined : report;
        });

        expect(ended).toEqual({ state: "collecting", startedAt: expect.any(Number) as number });
        expect((await world.reopen().poll(attempt)).state).toBe("ended");
      },
    );

    it("tells the progress that the program reported, and none where it did not", async () => {
      const reports = { message: "half way", percent: 50, at: instant(1_800_000_000_000) };
      await start({ does: "exit", code: 0, reports });
      await resultOf(world.executor, attempt);

      expect(await world.reopen().progress(attempt)).toEqual(reports);
      expect(await world.executor.progress(freshAttempt())).toBeUndefined();
    });

    it("locates the files that an ended execution lists, and no others", async () => {
      await start({ does: "exit", code: 0, output: "42\n" });
      await resultOf(world.executor, attempt);
      const locate = async (kind: "output" | "log", path: string): Promise<unknown> =>
        await world.executor.locate(attempt, { kind, path });

      expect(await locate("output", "result.txt")).toBeDefined();
      expect(await locate("output", "other.txt")).toBeUndefined();
      expect(await locate("output", "../claim")).toBeUndefined();
      expect(await locate("log", "result.txt")).toBeUndefined();
    });

    it("locates nothing while the program runs", async () => {
      await start({ does: "wait", codeWhenAsked: 0 });

      const file = { kind: "output", path: "result.txt" } as const;
      expect(await world.executor.locate(attempt, file)).toBeUndefined();
    });

    it("has nothing left of an attempt that was cleared, once or twice", async () => {
      await start({ does: "exit", code: 0, output: "42\n", prints: "said" });
      await resultOf(world.executor, attempt);

      await world.executor.clear(attempt);
      await world.reopen().clear(attempt);

      const file = { kind: "output", path: "result.txt" } as const;
      expect(await world.executor.locate(attempt, file)).toBeUndefined();
      expect((await world.executor.readLog(attempt, "stdout", 0)).bytes).toHaveLength(0);
      expect(await world.executor.poll(attempt)).toEqual({ state: "unknown" });
      expect(await world.beginnings(attempt)).toBe(1);
    });

    it("does not clear an attempt that runs, and clears one that never started", async () => {
      await start({ does: "wait", codeWhenAsked: 0 });

      await expect(world.executor.clear(attempt)).rejects.toThrow("has ended before it is cleared");
      await world.executor.clear(freshAttempt());

      expect(live).toContain((await world.executor.poll(attempt)).state);
    });

    it("runs one program however often an attempt is started, before its end and after", async () => {
      const behaviour: Behaviour = { does: "exit", code: 0 };
      const other = world.reopen();
      const request = {
        project: projectOf(world),
        attempt,
        work: world.jobThat(behaviour),
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

      expect(live).toContain(during.state);
      expect(result).toMatchObject({ ending: "cancelled", ...code(3) });
      expect(await world.reopen().poll(attempt)).toEqual({ state: "ended", result });
    });

    it("kills at once when told to, whatever the program does about signals", async () => {
      await start({ does: "resist" });
      await world.listening(attempt);

      await world.executor.stop(attempt, "kill", "cancelled");

      const result = await resultOf(world.executor, attempt);
      expect(result).toMatchObject({ ending: "cancelled", ...code(137) });
    });

    it("kills at once also right after it asked", async () => {
      await start({ does: "resist" });
      await world.listening(attempt);

      await world.executor.stop(attempt, "graceful", "cancelled");
      await world.executor.stop(attempt, "kill", "cancelled");

      const result = await resultOf(world.executor, attempt);
      expect(result).toMatchObject({ ending: "cancelled", ...code(137) });
      expect(result.finishedAt - result.startedAt).toBeLessThan(limits.killGraceMs / 2);
    });

    it.skipIf(isElsewhere)("asks at the soft limit, and says that time ran out", async () => {
      await start({ does: "wait", codeWhenAsked: 5 }, { softLimitMs: 400, hardLimitMs: 60_000 });

      const result = await resultOf(world.executor, attempt);

      expect(result).toMatchObject({ ending: "timedOut", exitCode: 5 });
    });

    it.skipIf(isElsewhere)("kills at the hard limit what did not end at the soft one", async () => {
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
      expect((await world.executor.check(projectOf(world), world.refusedJob))?.reason).toMatch(
        /\w+/,
      );
      const taken = world.jobThat({ does: "exit", code: 0 });
      expect(await world.executor.check(projectOf(world), taken)).toBeUndefined();
    });
  });
}
