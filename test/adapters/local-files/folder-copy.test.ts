import { readdirSync, readFileSync, statSync } from "node:fs";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { FolderCopy } from "../../../shared/adapters/local-files/folder-copy.ts";
import { folderJobFiles } from "../../../shared/adapters/local-files/folder-job-files.ts";
import { limits } from "../../../shared/core/limits.ts";
import { plusMs, type Instant } from "../../../shared/core/time/instant.ts";
import type { JobFiles } from "../../../shared/ports/job-files.ts";
import { aFolder } from "../../infra/local/a-front.ts";
import { collect } from "../../support/collect.ts";
import { type Closing } from "../../support/opened.ts";
import { realClock } from "../../support/real-clock.ts";

interface CopyWorld {
  readonly root: string;
  readonly directory: string;
  readonly copy: FolderCopy;
  /** The paths that were read so far. */
  readonly reads: string[];
  now: Instant;
  write(path: string, text: string): Promise<void>;
}

function aWorld(test: Closing, jobFiles: Partial<JobFiles> = {}): CopyWorld {
  const root = aFolder(test);
  const directory = join(aFolder(test), "copies");
  const reads: string[] = [];
  const world: CopyWorld = {
    ...{ root, directory, reads, now: realClock.now() },
    copy: new FolderCopy({
      directory,
      root,
      clock: { ...realClock, now: () => world.now },
      jobFiles: {
        list: async (...asked) => await folderJobFiles.list(...asked),
        read: (from, path) => {
          reads.push(path);
          return folderJobFiles.read(from, path);
        },
        ...jobFiles,
      },
    }),
    async write(path, text) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    },
  };
  return world;
}

describe("a copy of a folder", () => {
  it("is what the folder is now, and stays what it was while it is read", async (test) => {
    const world = aWorld(test);
    await world.write("a.txt", "one");
    await world.write("deep/er/b.txt", "two");
    const first = await world.copy.current();
    await world.write("a.txt", "changed");

    const second = await world.copy.folderOf(join(world.root, "deep"));

    expect(readFileSync(join(first, "a.txt"), "utf8")).toBe("one");
    expect(readFileSync(join(second, "er/b.txt"), "utf8")).toBe("two");
    expect(readFileSync(join(dirname(second), "a.txt"), "utf8")).toBe("changed");
    expect(await world.copy.folderOf("/somewhere/else")).toBe("/somewhere/else");
  });

  it("is made once for each state, by however many ask, and takes only what changed", async (test) => {
    const world = aWorld(test);
    await world.write("a.txt", "one");
    await world.write("b.txt", "two");

    const all = await Promise.all([1, 2, 3].map(async () => await world.copy.current()));
    expect(new Set(all).size).toBe(1);
    expect(world.reads.toSorted()).toEqual(["a.txt", "b.txt"]);

    await world.write("a.txt", "changed");
    await world.copy.current();
    expect(world.reads.slice(2)).toEqual(["a.txt"]);
    const [first = ""] = all;
    await world.write("c.txt", "three");
    const third = await world.copy.current();
    expect(statSync(join(third, "b.txt")).ino).toBe(statSync(join(first, "b.txt")).ino);
  });

  it("goes once nobody has asked for it for long, and not before", async (test) => {
    const world = aWorld(test);
    await world.write("a.txt", "one");
    const first = await world.copy.current();
    world.now = plusMs(world.now, limits.folderCopyMs - 1);
    await world.write("a.txt", "second");
    await world.copy.current();
    expect(readdirSync(world.directory)).toHaveLength(2);

    world.now = plusMs(world.now, 2);
    await world.write("a.txt", "the third");
    await world.copy.current();

    expect(readdirSync(world.directory)).toHaveLength(2);
    expect(() => statSync(first)).toThrow("ENOENT");
  });

  it("leaves nothing half made where the folder cannot be read", async (test) => {
    const world = aWorld(test, {
      read: () => {
        throw new Error("The bucket is away");
      },
    });
    await world.write("a.txt", "one");

    await expect(world.copy.current()).rejects.toThrow("The bucket is away");
    expect(readdirSync(world.directory)).toEqual([]);
  });

  it.each([
    ["../escape", "../escape"],
    ["/etc/passwd", "/etc/passwd"],
    ["a//b", "a//b"],
  ])("is refused for a name that no file of a machine can have: %s", async (path) => {
    const opened: (() => void | Promise<void>)[] = [];
    const world = aWorld(
      { onTestFinished: (close) => void opened.push(close) },
      { list: () => Promise.resolve([{ path, bytes: 1, version: "1" }]) },
    );
    try {
      await expect(world.copy.current()).rejects.toMatchObject({ code: "FILE_REJECTED" });
    } finally {
      for (const close of opened) await close();
    }
  });

  it("is refused where it is larger than what is copied, or a file stands where a folder does", async (test) => {
    const large = { path: "a", bytes: limits.jobInputsBytes + 1, version: "1" };
    const both = [
      { path: "a", bytes: 1, version: "1" },
      { path: "a/b", bytes: 1, version: "1" },
    ];
    async function* one(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Buffer.from("x"));
    }
    for (const entries of [[large], both]) {
      const world = aWorld(test, { list: () => Promise.resolve(entries), read: () => one() });
      await expect(world.copy.current()).rejects.toMatchObject({ code: "FILE_REJECTED" });
    }
  });
});

describe("the files of a job in a folder of this machine", () => {
  it("are listed in their order, through links, and read", async (test) => {
    const world = aWorld(test);
    await world.write("job/b.txt", "two");
    await world.write("job/a/x.txt", "one");
    await world.write("common.txt", "common");
    await symlink("../common.txt", join(world.root, "job", "link.txt"));
    const root = join(world.root, "job");

    const all = await folderJobFiles.list(root, "");

    expect(all.map(({ path, bytes }) => [path, bytes])).toEqual([
      ["a/x.txt", 3],
      ["b.txt", 3],
      ["link.txt", 6],
    ]);
    expect(await folderJobFiles.list(root, "b.txt")).toMatchObject([{ path: "" }]);
    expect(await folderJobFiles.list(root, "../common.txt")).toMatchObject([{ path: "" }]);
    expect(await folderJobFiles.list(root, "absent")).toEqual([]);
    const bytes = await collect(folderJobFiles.read(root, "a/x.txt"));
    expect(Buffer.concat(bytes).toString()).toBe("one");
    await expect(collect(folderJobFiles.read(root, "a"))).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
    });
    await rm(join(root, "b.txt"));
  });

  it("have an end, also where a link leads up", async (test) => {
    const world = aWorld(test);
    await world.write("job/a.txt", "one");
    await symlink("..", join(world.root, "job", "up"));

    await expect(folderJobFiles.list(join(world.root, "job"), "")).rejects.toMatchObject({
      code: "FILE_REJECTED",
    });
  });
});
