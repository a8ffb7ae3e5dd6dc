import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { identityOf } from "../../../shared/adapters/process/process-identity.ts";
import type { AttemptId } from "../../../shared/core/ids.ts";
import type { GracefulShutdown, JobDefinition } from "../../../shared/core/job/job-definition.ts";
import { eventually, resultOf } from "../../contract/executor.ts";
import { processWorld, type ProcessWorld } from "./process-world.ts";

let world: ProcessWorld;
beforeEach(async () => {
  world = await processWorld();
});
afterEach(async () => {
  await world.dispose();
});

const WAIT = "while :; do sleep 0.02; done";
const GRACE_MS = 300;
const shutdown = (signal: GracefulShutdown["signal"], timeoutMs = 20_000): GracefulShutdown => ({
  signal,
  timeoutMs,
});

/** Starts a job and waits until its program says "ready". */
async function startReady(job: Partial<JobDefinition>): Promise<AttemptId> {
  const request = world.request(job);
  await world.executor.start(request);
  await eventually(async () =>
    (await world.log(request.attempt)).includes("ready") ? true : undefined,
  );
  return request.attempt;
}

describe("a program asked to end", () => {
  it.each(["HUP", "INT", "USR1", "USR2", "TERM"] as const)(
    "gets the job's own SIG%s once, and its exit code counts",
    async (signal) => {
      const attempt = await startReady({
        command: `trap 'echo asked' ${signal}\necho ready\nuntil [ -e more ]; do sleep 0.01; done; exit 9`,
        gracefulShutdown: shutdown(`SIG${signal}`),
      });

      await world.executor.stop(attempt, "graceful", "cancelled");
      await world.executor.stop(attempt, "graceful", "cancelled");
      await eventually(async () =>
        (await world.log(attempt)).includes("asked") ? true : undefined,
      );
      await writeFile(await world.launchFile(attempt, "work/more"), "");

      const result = await resultOf(world.executor, attempt);
      expect(result).toMatchObject({ ending: "cancelled", exitCode: 9 });
      expect(await world.log(attempt)).toBe("ready\nasked\n");
    },
  );

  it("may take its time behind a shell, and what comes after it does not begin", async () => {
    const program = [
      "import signal, sys, time",
      "def end(*_): time.sleep(0.1); print('saved'); sys.exit(3)",
      "signal.signal(signal.SIGTERM, end)",
      "print('ready', flush=True)",
      "time.sleep(60)",
    ].join("\n");
    await writeFile(join(world.root, "train.py"), program);
    const attempt = await startReady({
      command: "python3 train.py; echo never",
      inputs: [{ path: "train.py" }],
    });

    await world.executor.stop(attempt, "graceful", "cancelled");

    const result = await resultOf(world.executor, attempt);
    expect(result).toMatchObject({ ending: "cancelled", exitCode: 3 });
    expect(await world.log(attempt)).toBe("ready\nsaved\n");
  });

  it("is killed after its grace, with all it started, and the watchdog does it alone", async () => {
    const attempt = await startReady({
      command: `trap '' TERM\nsleep 600 & echo $!; echo ready; ${WAIT}`,
      gracefulShutdown: shutdown("SIGTERM", GRACE_MS),
    });
    const pid = Number.parseInt(await world.log(attempt), 10);

    await world.executor.stop(attempt, "graceful", "cancelled");
    // No poll and no further stop: nothing but the watchdog is left to act.
    await eventually(async () => ((await identityOf(pid)) === undefined ? true : undefined));

    const result = await resultOf(world.executor, attempt);
    expect(result).toMatchObject({ ending: "cancelled", exitCode: 137 });
  });

  it("keeps to the hard limit even where its grace is longer", async () => {
    const request = world.request(
      { command: `trap '' TERM\n${WAIT}`, gracefulShutdown: shutdown("SIGTERM", 600_000) },
      { softLimitMs: 100, hardLimitMs: 500 },
    );
    await world.executor.start(request);

    const result = await resultOf(world.executor, request.attempt);

    expect(result).toMatchObject({ ending: "timedOut", exitCode: 137 });
    expect(result.finishedAt - result.startedAt).toBeLessThan(2_000);
  });

  it("is asked even when it is stopped (SIGSTOP)", async () => {
    const attempt = await startReady({ command: "trap 'exit 4' TERM\necho ready; kill -STOP $$" });

    await world.executor.stop(attempt, "graceful", "cancelled");

    expect(await resultOf(world.executor, attempt)).toMatchObject({ exitCode: 4 });
  });

  it("has its outputs collected all the same", async () => {
    const attempt = await startReady({
      command: `echo half >model; echo ready; ${WAIT}`,
      outputs: [{ path: "model" }],
    });

    await world.executor.stop(attempt, "kill", "timedOut");

    const result = await resultOf(world.executor, attempt);
    expect(result).toMatchObject({ ending: "timedOut", outputs: [{ path: "model", bytes: 5 }] });
  });
});

describe("an attempt stopped while its inputs are still being staged", () => {
  it("never begins its program", async () => {
    const inputs = Array.from({ length: 30 }, (_, index) => ({ path: `in-${index}` }));
    const request = world.request({ command: `touch ${world.root}/began`, inputs });
    for (const { path } of inputs) await writeFile(join(world.root, path), path);

    const starting = world.executor.start(request);
    await eventually(async () =>
      (await world.executor.poll(request.attempt)).state === "preparing" ? true : undefined,
    );
    await world.executor.stop(request.attempt, "graceful", "cancelled");
    await starting;

    const result = await resultOf(world.executor, request.attempt);
    expect(result).toMatchObject({ ending: "cancelled", exitCode: 143 });
    await expect(readFile(join(world.root, "began"))).rejects.toThrow("ENOENT");
  });
});
