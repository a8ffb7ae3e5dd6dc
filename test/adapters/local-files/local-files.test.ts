// One file for one port: contents, storage and signed URLs share a folder and how it is looked at.

import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  createLocalFiles,
  type LocalFiles,
} from "../../../shared/adapters/local-files/local-files.ts";
import { ManualClock } from "../../../shared/adapters/manual/manual-clock.ts";
import { jobId, projectId } from "../../../shared/core/ids.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import type { Upload } from "../../../shared/ports/files.ts";
import { START_AT } from "../../support/builders.ts";
import { collect } from "../../support/collect.ts";
import { Opened, type Closing } from "../../support/opened.ts";
import { seededRandom } from "../../support/seeded-random.ts";

const project = projectId("demo");
const job = jobId("job00000000000000000");

interface World {
  readonly directory: string;
  readonly files: LocalFiles;
  readonly clock: ManualClock;
}

function aWorld(test: Closing, directory = aFolder(test)): World {
  const clock = new ManualClock(START_AT);
  const random = seededRandom(1);
  const publicUrl = (): string => "http://127.0.0.1:7070";
  return { directory, clock, files: createLocalFiles({ directory, clock, random, publicUrl }) };
}

function aFolder(test: Closing): string {
  const folder = mkdtempSync(join(tmpdir(), "orrery-files-"));
  test.onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

const uploadOf = (text: string): Upload => ({
  project,
  sha256: sha256(text),
  bytes: Buffer.byteLength(text),
});

async function* chunksOf(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(Buffer.from(text));
}

async function* broken(): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from("ha"));
  throw new Error("the client went away");
}

/** Fails as a write to a full disk does. */
async function* fullDisk(): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from("ha"));
  throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
}

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  return Buffer.concat(await collect(chunks)).toString();
}

/** Every file below a folder, whatever it is for. */
function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && entry.name !== "url.key")
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

const signedOf = (url: string): string => url.slice("http://127.0.0.1:7070/files/".length);

describe("a signed URL", () => {
  const later = plusMs(START_AT, 60_000);

  it("allows what it was made for until it expires, and not a millisecond longer", async (test) => {
    const { files, clock } = aWorld(test);
    const upload = uploadOf("hello");
    const signed = signedOf(await files.uploadUrl(upload, later));

    await clock.advance(59_999);
    expect(files.grant(signed)).toMatchObject({ verb: "PUT", upload });
    await clock.advance(1);
    expect(files.grant(signed)).toEqual({ denied: "expired" });
  });

  it("carries which job's file it is for", async (test) => {
    const { files } = aWorld(test);
    const download = {
      job,
      file: { kind: "output", path: "a/ночь.txt", variable: "OUT" },
    } as const;

    const url = await files.downloadUrl(download, later);

    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:7070\/files\/[\w-]+\.[\w-]{43}$/);
    expect(files.grant(signedOf(url))).toMatchObject({ verb: "GET", download });
  });

  it("allows nothing once a single character of it is changed", async (test) => {
    const { files } = aWorld(test);
    const signed = signedOf(await files.uploadUrl(uploadOf("hello"), later));

    for (let at = 0; at < signed.length; at += 1) {
      const other = signed[at] === "A" ? "B" : "A";
      const forged = `${signed.slice(0, at)}${other}${signed.slice(at + 1)}`;
      expect(files.grant(forged), `character ${at}`).toEqual({ denied: "forged" });
    }
    for (const more of ["=", "!!", " ", "A"]) {
      expect(files.grant(`${signed}${more}`), more).toEqual({ denied: "forged" });
    }
  });

  it.each(["", ".", "..", "a.b", "e30.", ".e30", "a.b.c", "%00", "//", "\u{1f600}.x"])(
    "is not one where it says %j",
    async (signed) => {
      await using opened = new Opened();
      const { files } = aWorld(opened);

      expect(files.grant(signed)).toEqual({ denied: "forged" });
    },
  );

  it("is known to every process on its data directory, and to none on another", async (test) => {
    const { files, directory } = aWorld(test);
    const signed = signedOf(await files.uploadUrl(uploadOf("hello"), later));

    expect(aWorld(test, directory).files.grant(signed)).toMatchObject({ verb: "PUT" });
    const other = createLocalFiles({
      directory: aFolder(test),
      clock: new ManualClock(START_AT),
      random: seededRandom(2),
      publicUrl: () => "",
    });
    expect(other.grant(signed)).toEqual({ denied: "forged" });
    expect(statSync(join(directory, "url.key")).mode & 0o777).toBe(0o600);
  });
});

describe("an uploaded content", () => {
  it("is there once it is whole, and nothing else is", async (test) => {
    const { files, directory } = aWorld(test);
    const upload = uploadOf("hello");

    expect(await files.present(project, [upload.sha256])).toEqual(new Set());
    const received = await files.receive(upload, chunksOf("hel", "lo"));

    expect(received).toEqual({ outcome: "stored" });
    expect(await files.present(project, [upload.sha256, sha256("other"), "../../etc"])).toEqual(
      new Set([upload.sha256]),
    );
    expect(readFileSync(files.uploaded(project, upload.sha256), "utf8")).toBe("hello");
    expect(filesBelow(directory)).toEqual([`projects/demo/files/${upload.sha256}`]);
  });

  it("is another project's own", async (test) => {
    const { files } = aWorld(test);
    const upload = uploadOf("hello");
    await files.receive(upload, chunksOf("hello"));

    expect(await files.present(projectId("other"), [upload.sha256])).toEqual(new Set());
  });

  it("may be sent again, and at the same time", async (test) => {
    const { files } = aWorld(test);
    const upload = uploadOf("hello");

    const received = await Promise.all(
      [1, 2, 3].map(async () => await files.receive(upload, chunksOf("hel", "lo"))),
    );

    expect(received).toEqual(Array(3).fill({ outcome: "stored" }));
    expect((await files.receive(upload, chunksOf("hello"))).outcome).toBe("stored");
  });

  it.each([
    ["is short", chunksOf("hell"), { outcome: "wrongSize", bytes: 4 }],
    ["is long", chunksOf("hello", "!"), { outcome: "tooLarge" }],
    ["is another", chunksOf("hallo"), { outcome: "wrongContent", sha256: sha256("hallo") }],
    ["is empty", chunksOf(), { outcome: "wrongSize", bytes: 0 }],
  ])("is not kept where what comes %s", async (_what, chunks, outcome) => {
    await using opened = new Opened();
    const { files, directory } = aWorld(opened);

    expect(await files.receive(uploadOf("hello"), chunks)).toEqual(outcome);

    expect(filesBelow(directory)).toEqual([]);
  });

  it("is not kept where its sender goes away", async (test) => {
    const { files, directory } = aWorld(test);

    await expect(files.receive(uploadOf("hello"), broken())).rejects.toThrow("went away");

    expect(filesBelow(directory)).toEqual([]);
  });

  it("is not kept where the disk is full", async (test) => {
    const { files, directory } = aWorld(test);

    expect(await files.receive(uploadOf("hello"), fullDisk())).toEqual({ outcome: "full" });
    const written = files.write(project, { path: "a", bytes: 9 }, fullDisk());
    await expect(written).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });

    expect(filesBelow(directory)).toEqual([]);
  });

  it("may be empty", async (test) => {
    const { files } = aWorld(test);

    expect(await files.receive(uploadOf(""), chunksOf())).toEqual({ outcome: "stored" });
    expect(await files.present(project, [sha256("")])).toEqual(new Set([sha256("")]));
  });

  it("is gone once it is removed, and removing it again is fine", async (test) => {
    const { files } = aWorld(test);
    const upload = uploadOf("hello");
    await files.receive(upload, chunksOf("hello"));

    await files.remove(project, [upload.sha256, "../../x"]);
    await files.remove(project, [upload.sha256]);

    expect(await files.present(project, [upload.sha256])).toEqual(new Set());
  });

  it("that a killed platform left half received is swept away", async (test) => {
    const { files, directory } = aWorld(test);
    mkdirSync(join(directory, "incoming"));
    writeFileSync(join(directory, "incoming", "half"), "ha");

    await files.sweepIncoming();

    expect(filesBelow(directory)).toEqual([]);
  });

  it.each(["../x", "a/b", "..", "UPPER case", "x".repeat(300), "/"])(
    "stays below the data directory in a project called %j",
    async (name) => {
      await using opened = new Opened();
      const { files, directory } = aWorld(opened);
      const upload = { ...uploadOf("hello"), project: projectId(name) };

      await files.receive(upload, chunksOf("hello"));

      expect(filesBelow(directory)).toEqual([
        expect.stringMatching(/^projects\/[\w-]+\/files\/[0-9a-f]{64}$/),
      ]);
    },
  );
});

describe("a project's storage", () => {
  it("gives back what was written, with its size and times", async (test) => {
    const { files } = aWorld(test);

    const bytes = await files.write(project, { path: "a/b.txt", bytes: 10 }, chunksOf("hel", "lo"));

    expect(bytes).toBe(5);
    expect(await textOf(files.read(project, "a/b.txt"))).toBe("hello");
    expect(await textOf(files.read(project, "./a//b.txt"))).toBe("hello");
    const stat = await files.stat(project, "a/b.txt");
    expect(stat).toMatchObject({ path: "a/b.txt", bytes: 5 });
    expect(Number.isInteger(stat?.modifiedAt)).toBe(true);
    expect(stat?.createdAt).toBeGreaterThan(0);
  });

  it("keeps what was there where a new content is not whole", async (test) => {
    const { files, directory } = aWorld(test);
    await files.write(project, { path: "a", bytes: 10 }, chunksOf("old"));

    const long = files.write(project, { path: "a", bytes: 2 }, chunksOf("new"));
    await expect(long).rejects.toMatchObject({ code: "FILE_REJECTED" });
    await expect(files.write(project, { path: "a", bytes: 9 }, broken())).rejects.toThrow("away");

    expect(await textOf(files.read(project, "a"))).toBe("old");
    expect(filesBelow(directory)).toEqual(["projects/demo/storage/a"]);
  });

  it.each([
    "",
    ".",
    "..",
    "../a",
    "a/../../b",
    "/etc/passwd",
    "a/",
    "a\0b",
    "x".repeat(300),
    "d",
    "f/x",
    "dead/x",
  ])("has no file at %j, and takes none", async (path) => {
    await using opened = new Opened();
    const { files, directory } = aWorld(opened);
    await files.write(project, { path: "d/x", bytes: 1 }, chunksOf("x"));
    await files.write(project, { path: "f", bytes: 1 }, chunksOf("x"));
    symlinkSync("nowhere", join(files.storage(project), "dead"));
    const before = filesBelow(directory);

    expect(await files.stat(project, path)).toBeUndefined();
    await expect(textOf(files.read(project, path))).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
    });
    const written = files.write(project, { path, bytes: 9 }, chunksOf("new"));
    await expect(written).rejects.toMatchObject({ code: "FILE_REJECTED" });

    expect(filesBelow(directory)).toEqual(before);
  });

  it("is not left through a link, and is not written through one", async (test) => {
    const { files, directory } = aWorld(test);
    const outside = join(directory, "outside");
    mkdirSync(outside);
    writeFileSync(join(outside, "secret"), "secret");
    await files.makeStorage(project);
    const storage = files.storage(project);
    symlinkSync(outside, join(storage, "folder"));
    symlinkSync(join(outside, "secret"), join(storage, "file"));

    for (const path of ["folder/secret", "file"]) {
      expect(await files.stat(project, path)).toBeUndefined();
      await expect(textOf(files.read(project, path))).rejects.toMatchObject({
        code: "FILE_NOT_FOUND",
      });
    }
    const through = files.write(project, { path: "folder/new", bytes: 3 }, chunksOf("new"));
    await expect(through).rejects.toMatchObject({ code: "FILE_REJECTED" });
    // A link that is itself in the way is replaced; what it led to stays.
    await files.write(project, { path: "file", bytes: 3 }, chunksOf("new"));

    expect(readFileSync(join(outside, "secret"), "utf8")).toBe("secret");
    expect(readdirSync(outside)).toEqual(["secret"]);
    expect(await textOf(files.read(project, "file"))).toBe("new");
  });

  it("may hold links that stay inside", async (test) => {
    const { files } = aWorld(test);
    await files.write(project, { path: "a/b", bytes: 3 }, chunksOf("b"));
    symlinkSync("a", join(files.storage(project), "link"));

    await files.write(project, { path: "link/c", bytes: 3 }, chunksOf("c"));

    expect(await textOf(files.read(project, "link/b"))).toBe("b");
    expect(await textOf(files.read(project, "a/c"))).toBe("c");
  });

  it("does not wait for a pipe that a program put there", async (test) => {
    const { files } = aWorld(test);
    await files.makeStorage(project);
    execFileSync("mkfifo", [join(files.storage(project), "pipe")]);

    expect(await files.stat(project, "pipe")).toBeUndefined();
  });

  it("is as large as its files together", async (test) => {
    const { files, directory } = aWorld(test);
    expect(await files.usedBytes(project)).toBe(0);
    await files.write(project, { path: "a", bytes: 100 }, chunksOf("x".repeat(100)));
    await files.write(project, { path: "b/c/d", bytes: 50 }, chunksOf("x".repeat(50)));
    writeFileSync(join(directory, "large"), "x".repeat(1_000));
    symlinkSync(join(directory, "large"), join(files.storage(project), "link"));

    expect(await files.usedBytes(project)).toBe(150);
  });

  it("is gone with everything else of its project", async (test) => {
    const { files, directory } = aWorld(test);
    await files.write(project, { path: "a", bytes: 9 }, chunksOf("x"));
    await files.receive(uploadOf("hello"), chunksOf("hello"));

    await files.removeProject(project);
    await files.removeProject(project);

    expect(filesBelow(directory)).toEqual([]);
  });
});
