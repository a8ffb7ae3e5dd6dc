import {
  chmod,
  mkdir,
  readFile,
  readdir,
  stat,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { limits } from "../../../shared/core/limits.ts";
import { filesBelow, processWorld, PROJECT, type ProcessWorld } from "./process-world.ts";

let world: ProcessWorld;
beforeEach(async () => {
  world = await processWorld();
});
afterEach(async () => {
  await world.dispose();
});

async function put(path: string, content: string, mode = 0o644): Promise<void> {
  const target = join(world.root, path);
  await mkdir(join(target, ".."), { recursive: true });
  await writeFile(target, content);
  await chmod(target, mode);
}

describe("the inputs of a job", () => {
  it("keep their paths and whether they may be executed, folders with all they hold", async () => {
    await put("data/deep/a.csv", "a");
    await put("data/b.csv", "b");
    await put("tools/run", "#!/bin/sh\necho ran", 0o755);
    await mkdir(join(world.root, "data/empty"));
    const { attempt, stdout } = await world.run({
      command: "tools/run; cat data/deep/a.csv data/b.csv; test -d data/empty && echo there",
      inputs: [{ path: "data" }, { path: "./tools/run" }, { path: "data/b.csv" }],
    });

    expect(stdout).toBe("ran\nabthere\n");
    expect(await filesBelow(await world.launchFile(attempt, "work"))).toEqual([
      "data/b.csv",
      "data/deep/a.csv",
      "tools/run",
    ]);
  });

  it("with a variable are where the variable says", async () => {
    await put("data.csv", "csv");
    const outside = join(world.root, "..", "outside.txt");
    await writeFile(outside, "txt");
    const { stdout } = await world.run({
      command: "cd /; cat ${DATA} ${FAR}; echo ; basename ${FAR}",
      inputs: [
        { path: "data.csv", variable: "DATA" },
        { path: outside, variable: "FAR" },
      ],
    });

    expect(stdout).toBe("csvtxt\noutside.txt\n");
  });

  it("include the main script and, for Python, the modules it imports from its folder", async () => {
    await put("src/train.py", "import os, pack.model\nfrom near import word\nprint(word)");
    await put("src/near.py", "import far\nword = far.word");
    await put("far.py", "word = 'far'");
    await put("pack/model.py", "");
    await put("unused.py", "");
    const { attempt } = await world.run({
      command: "python3 src/train.py",
      python: { type: "auto", rootPaths: [], localPaths: [] },
    });

    expect(await filesBelow(await world.launchFile(attempt, "work"))).toEqual([
      "far.py",
      "pack/model.py",
      "src/near.py",
      "src/train.py",
    ]);
  });

  it("can be changed by a job without changing what the next one gets", async () => {
    await put("data.csv", "clean");
    const job = { command: "cat data.csv; echo spoilt >data.csv", inputs: [{ path: "data.csv" }] };

    const first = await world.run(job);
    const second = await world.run(job);

    expect([first.stdout, second.stdout]).toEqual(["clean", "clean"]);
    expect(await readFile(join(world.root, "data.csv"), "utf8")).toBe("clean");
  });

  it("are stored once per content", async () => {
    await put("a", "same");
    await put("b", "same");
    await world.run({ inputs: [{ path: "a" }, { path: "b" }] });

    const stored = join(world.directory, "files/bt1process");
    const names = await readdir(stored);
    expect(names).toHaveLength(1);
    expect((await stat(join(stored, names[0] ?? ""))).mode & 0o222).toBe(0);
  });

  it("leave the executor's own directory out of the job's folder", async () => {
    const inner = await processWorld();
    try {
      const { attempt } = await inner.run({
        root: join(inner.directory, ".."),
        inputs: [{ path: "." }],
      });

      expect(await filesBelow(await inner.launchFile(attempt, "work"))).toEqual([]);
    } finally {
      await inner.dispose();
    }
  });
});

describe("inputs that cannot be staged", () => {
  const refusal = async (
    job: Parameters<ProcessWorld["request"]>[0],
  ): Promise<string | undefined> =>
    (await world.executor.check(PROJECT, world.request(job).work))?.reason;

  it.each([
    ["../secret", "must be a path inside"],
    ["a/../../secret", "must be a path inside"],
    ["/etc/passwd", "is absolute"],
    ["missing.csv", "does not exist"],
  ])("are refused: %s", async (path, reason) => {
    expect(await refusal({ inputs: [{ path }] })).toContain(reason);
  });

  it("are refused where a script or a local path leads outside", async () => {
    const python = { type: "manual" as const, rootPaths: [], localPaths: ["../lib"] };

    expect(await refusal({ python })).toContain("must be a path inside");
    expect(await refusal({ command: "python ../other.py" })).toBeUndefined();
  });

  it("are refused when one file or all together are too large", async () => {
    await put("large", "");
    await truncate(join(world.root, "large"), limits.jobFileBytes + 1);
    for (const name of ["one", "two", "three"]) {
      await put(name, "");
      await truncate(join(world.root, name), limits.jobFileBytes);
    }

    expect(await refusal({ inputs: [{ path: "large" }] })).toContain("one file may have");
    expect(await refusal({ inputs: ["one", "two", "three"].map((path) => ({ path })) })).toContain(
      "together",
    );
  });

  it("are refused when there are too many, or one twice", async () => {
    const inputs = Array.from({ length: limits.jobListEntries + 1 }, (_, index) => ({
      path: String(index),
    }));

    expect(await refusal({ inputs })).toContain("may list 100");
    expect(await refusal({ inputs: [{ path: "a" }, { path: "./a" }] })).toContain("listed twice");
  });

  it("are refused when a folder holds itself", async () => {
    await mkdir(join(world.root, "folder"));
    await symlink(".", join(world.root, "folder/again"));

    expect(await refusal({ inputs: [{ path: "folder" }] })).toContain("folder it stands in");
  });
});
