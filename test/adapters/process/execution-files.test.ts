import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AttemptId } from "../../../shared/core/ids.ts";
import { limits } from "../../../shared/core/limits.ts";
import type { ExecutionFile } from "../../../shared/ports/executor.ts";
import { eventually, resultOf } from "../../contract/executor.ts";
import { processWorld, type ProcessWorld } from "./process-world.ts";

let world: ProcessWorld;
beforeEach(async () => {
  world = await processWorld();
});
afterEach(async () => {
  await world.dispose();
});

const sha256 = (content: string | Buffer): string =>
  createHash("sha256").update(content).digest("hex");

async function pathOf(attempt: AttemptId, file: ExecutionFile): Promise<string | undefined> {
  const found = await world.executor.locate(attempt, file);
  return found?.kind === "path" ? found.path : undefined;
}

describe("the logs in a result", () => {
  it("are the program's streams and the platform's own, each where it says and as it says", async () => {
    const { attempt, result } = await world.run({
      command: `echo out; echo err >&2; echo '{"progress":1}' >>"$JOB_PROGRESS_FILENAME"`,
    });

    expect(result.logs?.map(({ path, kind }) => [path, kind])).toEqual([
      ["stdout.txt", "log"],
      ["stderr.txt", "log"],
      ["system.log", "diagnostic"],
      ["job_progress.jsonl", "diagnostic"],
    ]);
    expect(result.logs?.[0]).toMatchObject({ sha256: sha256("out\n"), bytes: 4 });
    for (const { path, ...log } of result.logs ?? []) {
      const content = await readFile((await pathOf(attempt, { kind: "log", path })) ?? "");
      expect({ path, sha256: sha256(content), bytes: content.length }).toMatchObject({
        path,
        sha256: log.sha256,
        bytes: log.bytes,
      });
    }
  });

  it("leave out a progress file that the program did not write", async () => {
    const { result } = await world.run({ command: "true" });

    expect(result.logs?.map(({ path }) => path)).not.toContain("job_progress.jsonl");
  });

  it("have at most the bytes that a reader gets, note and all", async () => {
    const { attempt, result } = await world.run({
      command: `head -c ${limits.jobLogBytes + 5_000} /dev/zero`,
    });
    const note = await world.executor.readLog(attempt, "stdout", limits.jobLogBytes);
    const path = await pathOf(attempt, { kind: "log", path: "stdout.txt" });
    const content = await readFile(path ?? "");

    expect(Buffer.from(note.bytes).toString()).toContain("what came after is not kept");
    expect(content.length).toBe(limits.jobLogBytes + note.bytes.length);
    expect(content.subarray(limits.jobLogBytes).equals(note.bytes)).toBe(true);
    expect(result.logs?.[0]).toMatchObject({ sha256: sha256(content), bytes: content.length });
  });
});

describe("a file of an execution", () => {
  it("is found by its path and variable, with what was collected", async () => {
    const { attempt } = await world.run({
      command: "echo a >a.txt; echo b >${FAR}",
      outputs: [{ path: "a.txt" }, { path: "/somewhere/far.bin", variable: "FAR" }],
    });
    const plain = await pathOf(attempt, { kind: "output", path: "a.txt" });
    const far = { kind: "output", path: "/somewhere/far.bin" } as const;

    expect(await readFile(plain ?? "", "utf8")).toBe("a\n");
    expect(await readFile((await pathOf(attempt, { ...far, variable: "FAR" })) ?? "", "utf8")).toBe(
      "b\n",
    );
    expect(await pathOf(attempt, far)).toBeUndefined();
  });

  it.each(["../claim", "result.json", "/etc/passwd", "", "system", "../../x/system.log"])(
    "is not whatever stands beside it: %s",
    async (path) => {
      const { attempt } = await world.run({ command: "echo a >a", outputs: [{ path: "a" }] });

      expect(await pathOf(attempt, { kind: "output", path })).toBeUndefined();
      expect(await pathOf(attempt, { kind: "log", path })).toBeUndefined();
    },
  );

  it("is not found behind a link that leads out of the attempt", async () => {
    const { attempt } = await world.run({ command: "echo a >d-a", outputs: [{ path: "d-a" }] });
    const secret = join(world.root, "secret");
    await mkdir(secret);
    await writeFile(join(secret, "d-a"), "secret");
    const outputs = join(world.directory, "attempts", attempt, "outputs");
    const log = await world.launchFile(attempt, "stdout");
    await rename(outputs, `${outputs}.moved`);
    await symlink(secret, outputs);
    await rm(log);
    await symlink(join(secret, "d-a"), log);

    expect(await pathOf(attempt, { kind: "output", path: "d-a" })).toBeUndefined();
    expect(await pathOf(attempt, { kind: "log", path: "stdout.txt" })).toBeUndefined();
  });
});

describe("an end with outputs", () => {
  it("is collected by a fresh executor where the one that saw it is gone", async () => {
    const request = world.request({ command: "echo a >a", outputs: [{ path: "a" }] });
    await world.executor.start(request);
    await eventually(async () =>
      (await world.executor.poll(request.attempt)).state === "collecting" ? true : undefined,
    );
    const place = join(world.directory, "attempts", request.attempt);

    expect(await readdir(place)).not.toContain("result.json");
    expect(await readdir(place)).not.toContain("outputs");
    expect(await world.reopen().poll(request.attempt)).toMatchObject({
      state: "ended",
      result: { ending: "exited", exitCode: 0, outputs: [{ path: "a", bytes: 2 }] },
    });
  });

  it("is said once, however many polls see it at the same time", async () => {
    const request = world.request({ command: "echo a >a", outputs: [{ path: "a" }] });
    await world.executor.start(request);
    const exit = await world.launchFile(request.attempt, "exit");
    await eventually(async () => (await readFile(exit, "utf8").catch(() => "")) || undefined);
    const executors = [world.executor, world.reopen(), world.reopen()];

    const reports = await Promise.all(
      executors.map(async (executor) => (await executor.poll(request.attempt)).state),
    );

    expect(reports.filter((state) => state === "collecting").length).toBeLessThanOrEqual(1);
    expect((await resultOf(world.executor, request.attempt)).outputs).toHaveLength(1);
  });

  it("is reported at once where the job declares none", async () => {
    const request = world.request({ command: "true" });
    await world.executor.start(request);
    const seen = new Set<string>();
    await eventually(async () => {
      const { state } = await world.executor.poll(request.attempt);
      seen.add(state);
      return state === "ended" ? true : undefined;
    });

    expect(seen).not.toContain("collecting");
  });
});

describe("a cleared attempt", () => {
  it("has left the disk, also where an earlier clearing was cut short", async () => {
    const first = await world.run({ command: "mkdir -p deep/er; echo a >deep/er/a" });
    const second = await world.run({ command: "true" });
    const cleared = join(world.directory, "cleared");
    await mkdir(cleared);
    // What a crash between moving the directory away and removing it leaves.
    await rename(join(world.directory, "attempts", first.attempt), join(cleared, first.attempt));

    await world.executor.clear(first.attempt);
    await world.executor.clear(second.attempt);

    expect(await readdir(cleared)).toEqual([]);
    expect(await readdir(join(world.directory, "attempts"))).toEqual([]);
  });

  // The superuser may remove anything, so only others see the difference.
  it.runIf(process.getuid?.() !== 0)("may have folders that the program closed", async () => {
    const { attempt } = await world.run({ command: "mkdir -p a/b; touch a/b/c; chmod -R a-w a" });

    await world.executor.clear(attempt);

    expect(await readdir(join(world.directory, "attempts"))).toEqual([]);
  });

  it("is not one that is still being prepared", async () => {
    const inputs = Array.from({ length: 30 }, (_, index) => ({ path: `in-${index}` }));
    for (const { path } of inputs) await writeFile(join(world.root, path), path);
    const request = world.request({ inputs });

    const starting = world.executor.start(request);
    await eventually(async () =>
      (await world.executor.poll(request.attempt)).state === "preparing" ? true : undefined,
    );
    await expect(world.executor.clear(request.attempt)).rejects.toThrow("before it is cleared");
    await starting;

    expect(await resultOf(world.executor, request.attempt)).toMatchObject({ exitCode: 0 });
  });
});
