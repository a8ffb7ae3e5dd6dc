import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { openObjectStorage } from "../../../shared/adapters/object-storage/open-object-storage.ts";
import { messageOf, OrreryError } from "../../../shared/core/errors.ts";
import { jobId, projectId } from "../../../shared/core/ids.ts";
import { limits } from "../../../shared/core/limits.ts";
import { plusMs, type Instant } from "../../../shared/core/time/instant.ts";
import type { Files } from "../../../shared/ports/files.ts";
import { collect } from "../../support/collect.ts";
import { Opened, type Closing } from "../../support/opened.ts";
import { realClock } from "../../support/real-clock.ts";
import {
  strictS3,
  type Fault,
  type SeenRequest,
  type StrictS3,
} from "../../support/s3/strict-s3.ts";

const PROJECT = projectId("demo");
const LARGE = Buffer.alloc(20 * 1024 * 1024, "orrery ");

async function aBucket(test: Closing): Promise<{ s3: StrictS3; files: Files }> {
  const s3 = await strictS3(test);
  const storage = openObjectStorage(s3.connection);
  test.onTestFinished(() => storage.close());
  return { s3, files: storage.files };
}

/** Lets the first so many requests that fit fail. */
function failing(
  s3: StrictS3,
  fault: Fault,
  fits: (request: SeenRequest) => boolean,
  times = Infinity,
): void {
  let left = times;
  s3.fault = (request) => {
    if (!fits(request) || left === 0) return undefined;
    left -= 1;
    return fault;
  };
}

const by =
  (method: string) =>
  (request: SeenRequest): boolean =>
    request.method === method;

async function* once(content: string | Buffer): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(content));
}

async function write(files: Files, path: string, content: string | Buffer): Promise<number> {
  const bytes = Buffer.byteLength(content);
  return await files.write(PROJECT, { path, bytes }, once(content));
}

async function textOf(files: Files, path: string): Promise<string> {
  return Buffer.concat(await collect(files.read(PROJECT, path))).toString();
}

const hashOf = (content: Buffer): string => createHash("sha256").update(content).digest("hex");

const unavailable = { status: 503, code: "SlowDown", kind: "status" } as const;

describe("a bucket that fails for a moment", () => {
  it.each([
    ["says that it is busy", unavailable],
    ["breaks the connection", { kind: "cut" }],
  ] as const)("takes, gives and lists files as ever where it %s", async (_what, fault) => {
    await using opened = new Opened();
    const { s3, files } = await aBucket(opened);
    for (const method of ["PUT", "GET", "HEAD"]) {
      failing(s3, fault, by(method), 2);
      await write(files, "a", "hello");
      expect(await textOf(files, "a")).toBe("hello");
      expect(await files.stat(PROJECT, "a")).toMatchObject({ bytes: 5 });
      expect(await files.usedBytes(PROJECT)).toBe(5);
    }
    failing(s3, fault, by("POST"), 2);
    await files.removeProject(PROJECT);
    expect(await s3.keys()).toEqual([]);
  });

  it("is asked again where it does not answer", async (test) => {
    const { s3, files } = await aBucket(test);
    await write(files, "a", "hello");
    failing(s3, { kind: "hang" }, by("HEAD"), 1);

    expect(await files.stat(PROJECT, "a")).toMatchObject({ bytes: 5 });
  });

  it.each([
    ["break off", { kind: "truncate", bytes: 3_000_000 }],
    ["stand still", { kind: "stall", bytes: 3_000_000 }],
  ] as const)("gives a file whole though its answers %s", async (_what, fault) => {
    await using opened = new Opened();
    const { s3, files } = await aBucket(opened);
    await write(files, "large", LARGE);
    failing(s3, fault, by("GET"), 2);
    s3.seen.splice(0);

    const read = Buffer.concat(await collect(files.read(PROJECT, "large")));

    expect(hashOf(read)).toBe(hashOf(LARGE));
    const ranges = s3.seen.map(({ headers }) => headers.range);
    expect(ranges[0]).toBeUndefined();
    expect(ranges.slice(1)).toEqual(["bytes=3000000-", "bytes=6000000-"]);
  });

  it("gives no mixture of two files where one is written anew while it is read", async (test) => {
    const { s3, files } = await aBucket(test);
    await write(files, "large", LARGE);
    failing(s3, { kind: "truncate", bytes: 3_000_000 }, by("GET"), 1);
    async function readSlowly(): Promise<number> {
      let bytes = 0;
      for await (const chunk of files.read(PROJECT, "large")) {
        if (bytes === 0) await s3.put("storage/demo/large", "other");
        bytes += chunk.length;
      }
      return bytes;
    }

    await expect(readSlowly()).rejects.toMatchObject({ code: "BUCKET_UNAVAILABLE" });
  });

  it("is left a whole file where one of many parts is lost, and nothing where all are", async (test) => {
    const { s3, files } = await aBucket(test);
    const isPart = ({ query }: SeenRequest): boolean => query.has("partNumber");
    failing(s3, { kind: "cut" }, isPart, 1);
    await write(files, "large", LARGE);
    expect(await files.usedBytes(PROJECT)).toBe(LARGE.length);

    failing(s3, unavailable, isPart);
    await expect(write(files, "other", LARGE)).rejects.toMatchObject({
      code: "BUCKET_UNAVAILABLE",
    });
    s3.fault = undefined;

    expect(await s3.keys()).toEqual(["storage/demo/large"]);
    expect(s3.seen.at(-1)).toMatchObject({ method: "DELETE", key: "storage/demo/other" });
  });
});

describe("a bucket that fails for good", () => {
  const cases: readonly (readonly [string, Fault, string])[] = [
    [
      "does not let us in",
      { kind: "status", status: 403, code: "AccessDenied" },
      "BUCKET_ACCESS_DENIED",
    ],
    [
      "does not know our key",
      { kind: "status", status: 403, code: "InvalidAccessKeyId" },
      "BUCKET_ACCESS_DENIED",
    ],
    ["is full", { kind: "status", status: 409, code: "BucketMaxSizeExceeded" }, "BUCKET_REFUSED"],
    ["is not there", { kind: "status", status: 404, code: "NoSuchBucket" }, "BUCKET_NOT_FOUND"],
    ["is busy for long", unavailable, "BUCKET_UNAVAILABLE"],
    ["breaks every connection", { kind: "cut" }, "BUCKET_UNAVAILABLE"],
  ];
  it.each(cases)(
    "says so by a code, and repeats no secret: one that %s",
    async (_what, fault, code) => {
      await using opened = new Opened();
      const { s3, files } = await aBucket(opened);
      s3.fault = () => fault;
      const attempts = [
        async () => await write(files, "a", "hello"),
        async () => await files.usedBytes(PROJECT),
        async () => await files.removeProject(PROJECT),
        async () => await collect(files.read(PROJECT, "a")),
      ];

      for (const attempt of attempts) {
        const error = await attempt().catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(OrreryError);
        expect(error).toMatchObject({ code });
        const told = `${messageOf(error)} ${JSON.stringify(error)} ${String((error as Error).cause)}`;
        expect(told).toContain("orrery-test");
        expect(told).not.toMatch(/Signature|YCAJEtest|YCMsecret|X-Amz/);
      }
    },
  );

  it("is BUCKET_UNAVAILABLE where nobody listens", async (test) => {
    const { s3 } = await aBucket(test);
    const storage = openObjectStorage({ ...s3.connection, endpoint: "http://127.0.0.1:9" });
    test.onTestFinished(() => storage.close());

    await expect(storage.files.usedBytes(PROJECT)).rejects.toMatchObject({
      code: "BUCKET_UNAVAILABLE",
      message: expect.stringContaining("ECONNREFUSED") as string,
    });
  });

  it("has not removed a key that it says it has not", async (test) => {
    const { s3, files } = await aBucket(test);
    await write(files, "a", "hello");
    failing(s3, { kind: "status", status: 500, code: "InternalError" }, by("POST"));

    await expect(files.removeProject(PROJECT)).rejects.toMatchObject({
      code: "BUCKET_UNAVAILABLE",
    });
    expect(await s3.keys()).toHaveLength(1);
  });
});

describe("a process that was frozen", () => {
  it("leaves its old connections, which may be dead, for new ones", async (test) => {
    let now = realClock.now();
    const clock = { ...realClock, now: (): Instant => now };
    const s3 = await strictS3(test, clock);
    const storage = openObjectStorage(s3.connection);
    test.onTestFinished(() => storage.close());
    const { files } = storage;
    await write(files, "a", "hello");
    const before = s3.connections();
    await files.stat(PROJECT, "a");
    expect(s3.connections()).toBe(before);

    now = plusMs(now, limits.bucketIdleMs + 1);
    await files.stat(PROJECT, "a");

    expect(s3.connections()).toBe(before + 1);
  });

  it("is not stopped by connections that died meanwhile", async (test) => {
    const { s3, files } = await aBucket(test);
    await write(files, "a", "hello");

    s3.disconnect();

    expect(await textOf(files, "a")).toBe("hello");
  });
});

describe("2,500 files of a project", () => {
  it("are counted, listed and removed page by page, and no others", async (test) => {
    const s3 = await strictS3(test);
    const storage = openObjectStorage(s3.connection);
    test.onTestFinished(() => storage.close());
    const { files, jobFiles } = storage;
    const paths = Array.from({ length: 2_500 }, (_, n) => `a/${String(n).padStart(4, "0")}`);
    for (let start = 0; start < paths.length; start += 50) {
      const some = paths.slice(start, start + 50);
      await Promise.all(some.map(async (path) => await s3.put(`storage/demo/${path}`, "four")));
    }
    await s3.put("storage/demo2/a", "other");

    expect(await files.usedBytes(PROJECT)).toBe(10_000);
    const listed = await jobFiles.list(`s3://${s3.connection.bucket}/storage/demo`, "a");
    expect(listed.map(({ path }) => `a/${path}`)).toEqual(paths);

    s3.seen.splice(0);
    await files.removeProject(PROJECT);
    expect(await s3.keys()).toEqual(["storage/demo2/a"]);
    expect(s3.seen.filter(({ query }) => query.has("delete"))).toHaveLength(3);
  });
});

describe("a URL of a bucket", () => {
  it("takes one length alone, and nothing once it has expired by the bucket's own clock", async (test) => {
    const { s3, files } = await aBucket(test);
    const upload = { project: PROJECT, sha256: hashOf(Buffer.from("hello")), bytes: 5 };
    const url = await files.uploadUrl(upload, plusMs(realClock.now(), 60_000));
    const status = async (body: string): Promise<number> =>
      (await fetch(url, { method: "PUT", body })).status;

    expect(await status("hello!")).toBe(403);
    expect(await status("hell")).toBe(403);
    expect(await status("hello")).toBe(200);
    s3.nowMs = () => realClock.now() + 61_000;
    expect(await status("hello")).toBe(403);
  });

  it("names the file that it gives out, whatever its name is, and holds no secret", async (test) => {
    const { s3, files } = await aBucket(test);
    const file = { kind: "output", path: "a/отчёт (1).csv" } as const;
    const download = { job: jobId("bt1job00000000000000"), file };
    const url = await files.downloadUrl(download, plusMs(realClock.now(), 60_000));

    expect(url).not.toContain(s3.connection.credentials.secretAccessKey);
    expect(new URL(url).searchParams.get("response-content-disposition")).toBe(
      "attachment; filename*=UTF-8''%D0%BE%D1%82%D1%87%D1%91%D1%82%20%281%29.csv",
    );
    // No executor of ours leaves files in the bucket.
    expect((await fetch(url)).status).toBe(404);
  });
});

describe("an empty content", () => {
  it("is present without an upload, for clients send no length with nothing", async (test) => {
    const { files } = await aBucket(test);
    const sha256 = hashOf(Buffer.alloc(0));

    expect(await files.present(PROJECT, [sha256])).toEqual(new Set([sha256]));
    expect(await collect(files.readContent(PROJECT, sha256))).toEqual([]);
  });
});
