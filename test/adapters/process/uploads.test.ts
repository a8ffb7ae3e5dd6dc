import { readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JobDefinition } from "../../../shared/core/job/job-definition.ts";
import { limits } from "../../../shared/core/limits.ts";
import { aJob } from "../../support/builders.ts";
import {
  filesBelow,
  processEngine,
  processWorld,
  PROJECT,
  type ProcessWorld,
} from "./process-world.ts";
import { zip, zipEnding, type ZipEntry } from "./zip-builder.ts";

let world: ProcessWorld;
beforeEach(async () => {
  world = await processWorld();
});
afterEach(async () => {
  await world.dispose();
});

/** A job as it comes through the API: nothing of it is in a folder of this machine. */
function uploaded(fields: Partial<JobDefinition>): JobDefinition {
  const { root: _, ...job } = aJob(fields);
  return job;
}

const run = async (fields: Partial<JobDefinition>): ReturnType<ProcessWorld["run"]> =>
  await world.run({}, { work: uploaded(fields) });

const refusalOf = async (fields: Partial<JobDefinition>): Promise<string> =>
  (await world.executor.check(PROJECT, uploaded(fields)))?.reason ?? "taken";

const archived = async (
  entries: readonly ZipEntry[],
  path = "data",
): Promise<Partial<JobDefinition>> => ({
  inputs: [{ path, stored: await world.upload(zip(entries), "archive") }],
});

describe("uploaded inputs", () => {
  it("are at their paths and variables, and the job cannot change the upload", async () => {
    const stored = await world.upload("one\n");
    const { stdout, result } = await run({
      command: "cat src/a.txt ${FAR}; echo two >>src/a.txt; basename ${FAR}",
      inputs: [
        { path: "src/a.txt", stored },
        { path: "/home/me/far.csv", variable: "FAR", stored },
      ],
    });

    expect(result.exitCode).toBe(0);
    expect(stdout).toBe("one\none\nfar.csv\n");
    const upload = processEngine(world.directory).uploaded(PROJECT, stored.sha256);
    expect(await readFile(upload, "utf8")).toBe("one\n");
    // Kept once, and not a second time beside the files of job folders.
    expect(await readdir(world.directory)).not.toContain("files");
  });

  it("are all that is staged: nothing is taken from a folder of this machine", async () => {
    await writeFile(join(world.root, "main.py"), "import near");
    await writeFile(join(world.root, "near.py"), "");
    const stored = await world.upload("print('ran')");
    const { attempt, stdout } = await run({
      command: "python3 main.py",
      inputs: [{ path: "main.py", stored }],
    });

    expect(stdout).toBe("ran\n");
    expect(await filesBelow(await world.launchFile(attempt, "work"))).toEqual(["main.py"]);
  });

  it("are refused where the content is missing or was cut short", async () => {
    const stored = await world.upload("content");
    const inputs = [{ path: "a.txt", stored: { ...stored, sha256: "0".repeat(64) } }];

    expect(await refusalOf({ inputs })).toContain(`${"0".repeat(64)} of "a.txt" is not there`);
    expect(await refusalOf({ inputs: [{ path: "a.txt" }] })).toContain("was not uploaded");
    const place = [{ path: ".", stored: await world.upload("1") }];
    expect(await refusalOf({ inputs: place })).toContain("give it a path of its own");
    const longer = [{ path: "a.txt", stored: { ...stored, bytes: 8 } }];
    expect(await refusalOf({ inputs: longer })).toContain("7 bytes and should have 8");
    await expect(
      world.executor.start(world.request({}, { work: uploaded({ inputs }) })),
    ).rejects.toMatchObject({
      code: "EXECUTION_PREPARE_FAILED",
    });
  });
});

describe("an archive", () => {
  it.each([
    ["its files", ""],
    ["its folder", "raw/"],
  ])("of %s is a folder at the input's path", async (_, prefix) => {
    const job = await archived(
      [
        { name: `${prefix}a.csv`, content: "a" },
        { name: `${prefix}run`, content: "#!/bin/sh\necho ran", mode: 0o100755 },
        { name: `${prefix}deep/b.csv`, content: "b" },
        { name: `${prefix}empty/`, mode: 0o040755 },
      ],
      "data/raw",
    );
    const { attempt, stdout } = await run({
      command: "data/raw/run; test -d data/raw/empty && echo there",
      ...job,
    });

    expect(stdout).toBe("ran\nthere\n");
    const work = await world.launchFile(attempt, "work");
    expect(await filesBelow(work)).toEqual([
      "data/raw/a.csv",
      "data/raw/deep/b.csv",
      "data/raw/run",
    ]);
    expect((await stat(join(work, "data/raw/a.csv"))).mode & 0o777).toBe(0o644);
  });

  it("with a variable is where the variable says", async () => {
    const stored = await world.upload(zip([{ name: "set/a.csv", content: "a" }]), "archive");
    const inputs = [{ path: "/home/me/set", variable: "SET", stored }];

    const { stdout } = await run({ command: "cd /; cat ${SET}/a.csv", inputs });

    expect(stdout).toBe("a");
  });

  it("of one file under the input's own name is that file", async () => {
    const job = await archived([{ name: "model.bin", content: "m" }], "out/model.bin");

    expect((await run({ command: "cat out/model.bin", ...job })).stdout).toBe("m");
  });

  it("gives way to a file that is listed by itself", async () => {
    const stored = await world.upload("listed");
    const { inputs = [] } = await archived([{ name: "src/main.py", content: "packed" }], "src");

    const { stdout } = await run({
      command: "cat src/main.py",
      inputs: [...inputs, { path: "src/main.py", stored }],
    });

    expect(stdout).toBe("listed");
  });

  it.each([
    ["leads out by ..", { name: "../out.txt" }, "relative path"],
    ["leads out further down", { name: "a/../../out.txt" }, "relative path"],
    ["leads out with backslashes", { name: "..\\out.txt" }, "relative path"],
    ["is absolute", { name: "/tmp/out.txt" }, "absolute path"],
    ["names a drive", { name: "C:/out.txt" }, "absolute path"],
    ["is a symbolic link", { name: "link", content: "/etc", mode: 0o120777 }, "link or a device"],
    ["is a FIFO", { name: "fifo", mode: 0o010644 }, "link or a device"],
    ["has no name", { name: "./" }, "not a name"],
    ["has a NUL in its name", { name: "a\0b" }, "not a name"],
    ["has a path that is too long", { name: "a/".repeat(300) + "b" }, "512 bytes"],
    ["has a name that is too long", { name: "a".repeat(256) }, "path of more than"],
  ])("is refused where an entry %s", async (_, entry: ZipEntry, reason) => {
    const job = await archived([{ name: "first.txt", content: "fine" }, entry]);

    expect(await refusalOf(job)).toContain(reason);
  });

  it("is refused where two entries are at odds", async () => {
    const twice = [
      { name: "a", content: "1" },
      { name: "a", content: "2" },
    ];
    const inside = [
      { name: "a", content: "1" },
      { name: "a/b", content: "2" },
    ];

    expect(await refusalOf(await archived(twice))).toContain("second and different file");
    expect(await refusalOf(await archived(inside))).toContain(
      "is a file where others want a folder",
    );
    expect(await refusalOf(await archived([...inside].reverse()))).toContain("want one place");
  });

  it("is refused where it is none, or is broken", async () => {
    const broken = zip([{ name: "a", content: "aaaaaaaaaaaaaaaa" }]);
    for (const content of ["no archive", "", broken.subarray(0, -3), zipEnding(1n, 1n << 62n)]) {
      const stored = await world.upload(content, "archive");
      expect(await refusalOf({ inputs: [{ path: "data", stored }] })).toContain("no ZIP archive");
    }
  });

  it("is refused before anything of it is expanded where it says that it is too much", async () => {
    const bomb = [1, 2, 3].map((name) => ({ name: String(name), claims: 2 ** 32 - 2 }));
    const crowd = zipEnding(BigInt(limits.jobInputFiles) + 1n, 0n);
    const stored = await world.upload(crowd, "archive");

    expect(await refusalOf(await archived(bomb))).toContain(
      `${limits.jobInputsBytes} bytes together`,
    );
    expect(await refusalOf({ inputs: [{ path: "data", stored }] })).toContain(
      `holds ${limits.jobInputFiles + 1} files and may hold ${limits.jobInputFiles}`,
    );
  });

  it("stops at the byte where an entry outgrows what it said", async () => {
    // A megabyte of zeros that says it is ten bytes.
    const job = await archived([{ name: "zeros", content: Buffer.alloc(2 ** 20), claims: 10 }]);
    const request = world.request({}, { work: uploaded(job) });

    await expect(world.executor.start(request)).rejects.toMatchObject({
      code: "EXECUTION_PREPARE_FAILED",
    });
    expect(await filesBelow(join(world.directory, "attempts", request.attempt))).toEqual([]);
  });
});
