// One suite: what files must do is read as a whole, whichever way they are kept.
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { projectId } from "../../shared/core/ids.ts";
import { jobId } from "../../shared/core/ids.ts";
import { plusMs } from "../../shared/core/time/instant.ts";
import type { Files } from "../../shared/ports/files.ts";
import { collect } from "../support/collect.ts";
import { Opened, type Closing } from "../support/opened.ts";
import { realClock } from "../support/real-clock.ts";

/** Files under test, with whoever answers their URLs. */
export interface FilesBench {
  readonly files: Files;
  /** Makes a content one that some job needs, where whoever answers asks for that. */
  need(content: string | Buffer): Promise<void>;
}

const PROJECT = projectId("demo");
/** Its name begins with the other's. */
const NEIGHBOUR = projectId("demo2");
const MINUTE_MS = 60_000;
const JOB = jobId("bt1job00000000000000");

const hashOf = (content: string | Buffer): string =>
  createHash("sha256").update(content).digest("hex");

/** What files must do, wherever they are, for those who have their URLs and for the platform. */
export function describeFiles(name: string, open: (test: Closing) => Promise<FilesBench>): void {
  async function aBench(): Promise<FilesBench & AsyncDisposable & { upload: Upload }> {
    const opened = new Opened();
    const bench = await open(opened);
    return {
      ...bench,
      upload: async (content, { as = content, lifeMs = MINUTE_MS, method = "PUT" } = {}) => {
        await bench.need(as);
        const upload = { project: PROJECT, sha256: hashOf(as), bytes: Buffer.byteLength(as) };
        const url = await bench.files.uploadUrl(upload, plusMs(realClock.now(), lifeMs));
        return await fetch(
          url,
          method === "PUT" ? { method, body: content as string } : { method },
        );
      },
      [Symbol.asyncDispose]: async () => await opened[Symbol.asyncDispose](),
    };
  }
  type Upload = (
    content: string | Buffer,
    options?: { as?: string | Buffer; lifeMs?: number; method?: string },
  ) => Promise<Response>;

  describe(`uploaded contents ${name}`, () => {
    it("are present once their bytes were sent to their URL, and are read and downloaded as they are", async () => {
      await using bench = await aBench();
      const content = Buffer.from("Привет ".repeat(50_000));
      const sha256 = hashOf(content);
      expect(await bench.files.present(PROJECT, [sha256])).toEqual(new Set());

      expect((await bench.upload(content)).status).toBe(200);

      expect(await bench.files.present(PROJECT, [sha256, hashOf("x")])).toEqual(new Set([sha256]));
      expect((await bytesOf(bench.files.readContent(PROJECT, sha256))).equals(content)).toBe(true);
      const url = await downloadUrl(bench.files, sha256);
      const response = await fetch(url);
      expect(Buffer.from(await response.arrayBuffer()).equals(content)).toBe(true);
      expect(response.headers.get("content-disposition")).toMatch(/^attachment/);
    });

    it("may be sent again, to the same effect", async () => {
      await using bench = await aBench();
      await bench.upload("hello");
      await bench.files.present(PROJECT, [hashOf("hello")]);

      await bench.upload("hello");

      expect(await bench.files.present(PROJECT, [hashOf("hello")])).toHaveLength(1);
    });

    it.each([
      ["other bytes of the same length", "hallo"],
      ["fewer bytes", "hell"],
      ["more bytes", "hello!"],
      ["no bytes", ""],
    ])(
      "are not present where %s were sent, and are once the right ones follow",
      async (_what, sent) => {
        await using bench = await aBench();
        await bench.upload(sent, { as: "hello" });
        expect(await bench.files.present(PROJECT, [hashOf("hello")])).toEqual(new Set());

        await bench.upload("hello");

        expect(await bench.files.present(PROJECT, [hashOf("hello")])).toHaveLength(1);
      },
    );

    it("stay what they are where other bytes follow to the same URL", async () => {
      await using bench = await aBench();
      await bench.upload("hello");
      await bench.files.present(PROJECT, [hashOf("hello")]);

      await bench.upload("hallo", { as: "hello" });

      const read = await bytesOf(bench.files.readContent(PROJECT, hashOf("hello")));
      expect(read.toString()).toBe("hello");
      const response = await fetch(await downloadUrl(bench.files, hashOf("hello")));
      expect(await response.text()).toBe("hello");
    });

    it("cannot be sent to a URL that has expired", async () => {
      await using bench = await aBench();

      expect((await bench.upload("hello", { lifeMs: -10_000 })).status).toBe(403);
      expect(await bench.files.present(PROJECT, [hashOf("hello")])).toEqual(new Set());
    });

    it("are not given out by the URL that takes them, nor taken by the one that gives them out", async () => {
      await using bench = await aBench();
      await bench.upload("hello");
      await bench.files.present(PROJECT, [hashOf("hello")]);

      expect((await bench.upload("hello", { method: "GET" })).status).toBe(403);
      const url = await downloadUrl(bench.files, hashOf("hello"));
      expect((await fetch(url, { method: "PUT", body: "hello" })).status).toBe(403);
      expect((await fetch(url, { method: "DELETE" })).ok).toBe(false);
    });

    it("are not given out by a URL that was changed", async () => {
      await using bench = await aBench();
      await bench.upload("hello");
      await bench.files.present(PROJECT, [hashOf("hello")]);

      const url = await downloadUrl(bench.files, hashOf("hello"));

      for (const changed of [url.replace(/[0-9a-f](?=[^0-9a-f]*$)/, "g"), `${url}x`]) {
        expect((await fetch(changed)).status).toBe(403);
      }
    });

    it("have no name but their hash", async () => {
      await using bench = await aBench();
      await bench.files.write(PROJECT, { path: "a", bytes: 5 }, chunks("hello"));

      const names = [
        "../storage/a",
        "../../storage/demo/a",
        "",
        "a",
        hashOf("hello").toUpperCase(),
      ];

      expect(await bench.files.present(PROJECT, names)).toEqual(new Set());
      await bench.files.remove(PROJECT, names);
      expect(await bench.files.stat(PROJECT, "a")).toBeDefined();
    });

    it("are gone once they are removed, a thousand that never were among them", async () => {
      await using bench = await aBench();
      await bench.upload("hello");
      await bench.upload("kept");
      await bench.files.present(PROJECT, [hashOf("hello"), hashOf("kept")]);

      const absent = Array.from({ length: 1_200 }, (_, n) => hashOf(String(n)));
      await bench.files.remove(PROJECT, [...absent, hashOf("hello")]);

      expect(await bench.files.present(PROJECT, [hashOf("hello"), hashOf("kept")])).toEqual(
        new Set([hashOf("kept")]),
      );
      expect((await fetch(await downloadUrl(bench.files, hashOf("hello")))).status).toBe(404);
    });

    it("are not there for another project, and cannot be read where they are not", async () => {
      await using bench = await aBench();
      await bench.upload("hello");

      expect(await bench.files.present(NEIGHBOUR, [hashOf("hello")])).toEqual(new Set());
      await expect(
        collect(bench.files.readContent(NEIGHBOUR, hashOf("hello"))),
      ).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    });
  });

  describe(`a project's storage ${name}`, () => {
    it("has what was written into it, whole", async () => {
      await using bench = await aBench();
      const { files } = bench;
      await files.makeStorage(PROJECT);
      const before = realClock.now();

      const bytes = await files.write(
        PROJECT,
        { path: "a/b.txt", bytes: 11 },
        chunks("hello", " world"),
      );

      expect(bytes).toBe(11);
      const file = await files.stat(PROJECT, "a/b.txt");
      expect(file).toMatchObject({ path: "a/b.txt", bytes: 11 });
      expect(file?.modifiedAt).toBeGreaterThan(before - MINUTE_MS);
      expect(await textOf(files, "a/b.txt")).toBe("hello world");
      expect(await files.usedBytes(PROJECT)).toBe(11);
    });

    it("has the latest of what was written to one path", async () => {
      await using bench = await aBench();
      await bench.files.write(PROJECT, { path: "a", bytes: 10 }, chunks("first"));

      await bench.files.write(PROJECT, { path: "./a", bytes: 10 }, chunks("2nd"));

      expect(await textOf(bench.files, "a")).toBe("2nd");
      expect(await bench.files.usedBytes(PROJECT)).toBe(3);
    });

    it("takes a file larger than a part, in pieces of any size", async () => {
      await using bench = await aBench();
      const content = Buffer.alloc(17 * 1024 * 1024 + 3, "orrery ");
      async function* pieces(): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < content.length; at += 1_000_003) {
          yield await Promise.resolve(content.subarray(at, at + 1_000_003));
        }
      }

      await bench.files.write(PROJECT, { path: "large", bytes: content.length }, pieces());

      const hash = createHash("sha256");
      for await (const chunk of bench.files.read(PROJECT, "large")) hash.update(chunk);
      expect(hash.digest("hex")).toBe(hashOf(content));
      expect(await bench.files.usedBytes(PROJECT)).toBe(content.length);
    });

    it("may hold empty files, and names in any language", async () => {
      await using bench = await aBench();
      const names = ["пусто", "a b+c%20&d='e'.txt", "x/…/☃", "#?", "a..b"];
      for (const path of names) {
        await bench.files.write(PROJECT, { path, bytes: 0 }, chunks());
        expect(await bench.files.stat(PROJECT, path)).toMatchObject({ path, bytes: 0 });
        expect(await textOf(bench.files, path)).toBe("");
      }
      expect(await bench.files.usedBytes(PROJECT)).toBe(0);
    });

    it("keeps what it had where more comes than was announced, or the sender fails", async () => {
      await using bench = await aBench();
      await bench.files.write(PROJECT, { path: "a", bytes: 5 }, chunks("first"));
      async function* failing(): AsyncGenerator<Uint8Array> {
        yield* chunks("sec");
        throw new Error("The client has gone");
      }

      const more = bench.files.write(PROJECT, { path: "a", bytes: 5 }, chunks("sec", "ond"));
      await expect(more).rejects.toMatchObject({ code: "FILE_REJECTED" });
      const gone = bench.files.write(PROJECT, { path: "a", bytes: 5 }, failing());
      await expect(gone).rejects.toThrow("The client has gone");

      expect(await textOf(bench.files, "a")).toBe("first");
      expect(await bench.files.usedBytes(PROJECT)).toBe(5);
    });

    it.each(["../b", "a/../../b", "/etc/passwd", "", ".", "a/", "a\0b", "../demo2/b"])(
      "neither writes nor finds the path %j",
      async (path) => {
        await using bench = await aBench();
        await bench.files.write(NEIGHBOUR, { path: "b", bytes: 5 }, chunks("other"));

        const written = bench.files.write(PROJECT, { path, bytes: 5 }, chunks("hello"));
        await expect(written).rejects.toMatchObject({ code: "FILE_REJECTED" });
        expect(await bench.files.stat(PROJECT, path)).toBeUndefined();
        await expect(collect(bench.files.read(PROJECT, path))).rejects.toMatchObject({
          code: "FILE_NOT_FOUND",
        });
        expect(await bench.files.usedBytes(PROJECT)).toBe(0);
      },
    );

    it("is removed with its project's uploads, and no other project's", async () => {
      await using bench = await aBench();
      const { files } = bench;
      await bench.upload("hello");
      await files.present(PROJECT, [hashOf("hello")]);
      for (const project of [PROJECT, NEIGHBOUR]) {
        await files.write(project, { path: "a/b", bytes: 5 }, chunks("hello"));
      }

      await files.removeProject(PROJECT);
      await files.removeProject(PROJECT);

      expect(await files.usedBytes(PROJECT)).toBe(0);
      expect(await files.stat(PROJECT, "a/b")).toBeUndefined();
      expect(await files.present(PROJECT, [hashOf("hello")])).toEqual(new Set());
      expect(await files.stat(NEIGHBOUR, "a/b")).toBeDefined();
    });
  });
}

async function downloadUrl(files: Files, sha256: string): Promise<string> {
  const file = { kind: "input", project: PROJECT, sha256 } as const;
  return await files.downloadUrl({ job: JOB, file }, plusMs(realClock.now(), MINUTE_MS));
}

async function textOf(files: Files, path: string): Promise<string> {
  return (await bytesOf(files.read(PROJECT, path))).toString();
}

async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await collect(chunks));
}

async function* chunks(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(Buffer.from(text));
}
