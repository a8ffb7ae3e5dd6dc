import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  archiveOf,
  type ArchivedFile,
} from "../../../shared/adapters/datasphere/archive-writer.ts";
import { listArchive } from "../../../shared/adapters/process/archive.ts";

function file(name: string, ...chunks: readonly string[]): ArchivedFile {
  return {
    name,
    async *open() {
      for (const chunk of chunks) yield await Promise.resolve(Buffer.from(chunk));
    },
  };
}

async function bytesOf(files: readonly ArchivedFile[]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of archiveOf(files)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe("an archive of a folder", () => {
  const files = [
    file("data/a.txt", "one ", "two"),
    file("data/empty"),
    file("data/ö/б.bin", "x".repeat(100_000)),
  ];

  it("holds every file, as others read it", async (test) => {
    const folder = mkdtempSync(join(tmpdir(), "orrery-zip-"));
    test.onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const source = join(folder, "a.zip");
    writeFileSync(source, await bytesOf(files));

    const entries = await listArchive({ source, name: "the archive" });
    execFileSync("python3", ["-m", "zipfile", "-e", source, folder]);

    expect(entries.map(({ path, bytes, kind }) => [path, bytes, kind])).toEqual([
      ["data/a.txt", 7, "file"],
      ["data/empty", 0, "file"],
      ["data/ö/б.bin", 100_000, "file"],
    ]);
    expect(readFileSync(join(folder, "data/a.txt"), "utf8")).toBe("one two");
    expect(readFileSync(join(folder, "data/ö/б.bin"), "utf8")).toBe("x".repeat(100_000));
  });

  it("has the same bytes whenever it is packed, so that its hash names it", async () => {
    expect(await bytesOf(files)).toEqual(await bytesOf(files));
  });

  it("fails where a file cannot be read", async () => {
    const broken: ArchivedFile = {
      name: "a",
      async *open() {
        await Promise.resolve();
        throw new Error("gone");
      },
    };

    await expect(bytesOf([broken])).rejects.toThrow("gone");
  });
});
