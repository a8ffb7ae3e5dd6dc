// One file: what goes up is what comes down, over the one front port that is made below.

import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { request as httpRequest, type ClientRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { filesFace } from "../../../infra/local/files-face.ts";
import { contentDisposition } from "../../../infra/local/send-file.ts";
import { openDataDirectory, type LocalFiles } from "../../../infra/local/wiring.ts";
import { jobId, projectId, runIdOf, adHocSchedule } from "../../../shared/core/ids.ts";
import type { Job } from "../../../shared/core/job/job.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import type { Download, Upload } from "../../../shared/ports/files.ts";
import type { Store } from "../../../shared/ports/store.ts";
import type { Executor } from "../../../shared/ports/executor.ts";
import { writeProject } from "../../../shared/records/project-record.ts";
import { deleteJob, readJob, writeJob } from "../../../shared/records/job-record.ts";
import { aProject } from "../../support/access-builders.ts";
import { keptLog, type KeptLog } from "../../support/kept-log.ts";
import { aStoredJob } from "../../support/job-builder.ts";
import { Opened, type Closing } from "../../support/opened.ts";
import { realClock } from "../../support/real-clock.ts";
import { aFolder, aFront } from "./a-front.ts";

const project = projectId("demo");
const MINUTE_MS = 60_000;
const sha256 = (bytes: string | Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex");

interface World {
  readonly directory: string;
  readonly files: LocalFiles;
  readonly log: KeptLog;
  readonly located: { path: string | undefined };
  uploadUrl(content: string | Uint8Array, ttlMs?: number): Promise<string>;
  /** Makes a job need a content, as `uploadUrl` does by itself. */
  need(upload: Upload): Promise<void>;
  /** Deletes the job that needed the last content. */
  deleteJobs(): Promise<void>;
  downloadUrl(file: Download["file"], job?: string): Promise<string>;
  addJob(fields: Partial<Job>): Promise<void>;
  deleteProject(): Promise<void>;
}

async function aWorld(test: Closing, { full = false } = {}): Promise<World> {
  const directory = aFolder(test);
  let address = "";
  const data = openDataDirectory(directory, () => address);
  test.onTestFinished(async () => await data.store.close());
  const log = keptLog();
  const located: World["located"] = { path: undefined };
  if (full) data.files.receive = async () => await Promise.resolve({ outcome: "full" });
  const locate: Executor["locate"] = async () =>
    await Promise.resolve(
      located.path === undefined ? undefined : { kind: "path", path: located.path },
    );
  const { files, store } = data;
  const made = aProject({ id: project });
  await store.transact("test", async (tx) => {
    writeProject(tx, undefined, made);
    await Promise.resolve();
  });
  const executor = { locate } as Partial<Executor> as Executor;
  const front = await aFront(test, {
    directory,
    files: filesFace({ files, store, executor, log, clock: realClock }),
  });
  address = front.address;
  return {
    directory,
    files,
    log,
    located,
    uploadUrl: async (content, ttlMs = MINUTE_MS) => {
      const upload = { project, sha256: sha256(content), bytes: Buffer.byteLength(content) };
      await need(store, upload);
      return await files.uploadUrl(upload, plusMs(realClock.now(), ttlMs));
    },
    need: async (upload) => await need(store, upload),
    deleteJobs: async () => {
      await store.transact("test", async (tx) => {
        const record = await readJob(tx, NEEDY);
        if (record !== undefined) deleteJob(tx, record);
      });
    },
    downloadUrl: async (file, job = "job00000000000000000") =>
      await files.downloadUrl({ job: jobId(job), file }, plusMs(realClock.now(), MINUTE_MS)),
    addJob: async (fields) => {
      await store.transact("test", async (tx) => {
        writeJob(tx, undefined, aStoredJob(fields));
        await Promise.resolve();
      });
    },
    deleteProject: async () => {
      await store.transact("test", async (tx) => {
        writeProject(tx, made, { ...made, deletedAt: realClock.now() });
        await Promise.resolve();
      });
      await files.removeProject(project);
    },
  };
}

const NEEDY = jobId("bt1needy000000000000");

async function need(store: Store, { sha256: hash, bytes }: Upload): Promise<void> {
  await store.transact("test", async (tx) => {
    const file = { sha256: hash, bytes, isArchive: false };
    writeJob(tx, undefined, aStoredJob({ id: NEEDY, files: [file] }));
    await Promise.resolve();
  });
}

/** Every file of the project, and whatever is on its way. */
function kept({ directory }: World): readonly string[] {
  return ["projects", "incoming"].flatMap((folder) => {
    try {
      const entries = readdirSync(join(directory, folder), {
        recursive: true,
        withFileTypes: true,
      });
      return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
    } catch {
      return [];
    }
  });
}

/** A PUT that is written by hand; its answer may come before its end. */
function aPut(url: string, headers: Record<string, string | number> = {}): ClientRequest {
  const request = httpRequest(url, { method: "PUT", headers, agent: false });
  request.on("error", () => undefined);
  return request;
}

async function answerOf(request: ClientRequest): Promise<{ status: number; message: string }> {
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const body = await text(response);
  const { message = "" } = (body === "" ? {} : JSON.parse(body)) as { message?: string };
  return { status: response.statusCode ?? 0, message };
}

describe("an upload", () => {
  it("is there, whole and verified, once it is answered", async (test) => {
    const world = await aWorld(test);
    const content = "Привет ".repeat(100_000);

    const response = await fetch(await world.uploadUrl(content), { method: "PUT", body: content });

    expect(response.status).toBe(200);
    expect(readFileSync(world.files.uploaded(project, sha256(content)), "utf8")).toBe(content);
    expect(kept(world)).toEqual([sha256(content)]);
  });

  it("may be repeated, and may come in pieces of unknown number", async (test) => {
    const world = await aWorld(test);
    const url = await world.uploadUrl("hello");
    const request = aPut(url, { "Transfer-Encoding": "chunked" });
    for (const letter of "hello") request.write(letter);
    request.end();
    expect((await answerOf(request)).status).toBe(200);

    expect((await fetch(url, { method: "PUT", body: "hello" })).status).toBe(200);
    expect(kept(world)).toEqual([sha256("hello")]);
  });

  it("is refused before its bytes where it announces another size", async (test) => {
    const world = await aWorld(test);
    const request = aPut(await world.uploadUrl("hello"), { "Content-Length": 6_000_000_000 });
    request.flushHeaders();

    const answer = await answerOf(request);

    expect(answer).toEqual({
      status: 400,
      message: "The URL is for 5 bytes, and Content-Length says 6000000000: nothing was kept",
    });
    expect(kept(world)).toEqual([]);
  });

  it("is cut off with an answer once it is larger than it may be", async (test) => {
    const world = await aWorld(test);
    const request = aPut(await world.uploadUrl("hello"), { "Transfer-Encoding": "chunked" });
    const answered = answerOf(request);
    let sent = 0;
    async function* endless(): AsyncGenerator<Buffer> {
      for (; sent < 5_000 && !request.destroyed; sent += 1)
        yield await Promise.resolve(Buffer.alloc(65_536));
    }
    const sending = pipeline(Readable.from(endless()), request).catch(() => undefined);

    expect(await answered).toMatchObject({ status: 413 });
    await sending;
    expect(sent).toBeLessThan(5_000);
    expect(kept(world)).toEqual([]);
  });

  it.each([
    ["announces another size", "Content-Length: 20000000\r\n\r\n", 400],
    ["sends too much", "Transfer-Encoding: chunked\r\n\r\n1312d00\r\n", 413],
  ])("tells a client why that %s and reads nothing before", async (_what, head, status) => {
    await using opened = new Opened();
    const url = new URL(await (await aWorld(opened)).uploadUrl("hello"));
    const socket = connect({ port: Number(url.port), host: url.hostname });
    socket.write(`PUT ${url.pathname} HTTP/1.1\r\nHost: x\r\n${head}`);

    await new Promise((resolve) => socket.write(Buffer.alloc(20_000_000), resolve));

    expect(await text(socket)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  it.each([
    ["short", "hell", /for 5 bytes, and 4 came/],
    ["another of the same size", "hallo", new RegExp(`${sha256("hello")}.*${sha256("hallo")}`)],
  ])("that is %s is refused and not kept", async (_what, body, message) => {
    await using world = new Opened();
    const files = await aWorld(world);
    const request = aPut(await files.uploadUrl("hello"), { "Transfer-Encoding": "chunked" });

    request.end(body);
    const answer = await answerOf(request);

    expect(answer.status).toBe(400);
    expect(answer.message).toMatch(message);
    expect(kept(files)).toEqual([]);
  });

  it("brings no project back that was deleted before it, or while its bytes came", async (test) => {
    const world = await aWorld(test);
    const url = await world.uploadUrl("hello");
    const request = aPut(url, { "Transfer-Encoding": "chunked" });
    request.write("he");
    while (kept(world).length === 0) await setImmediate();

    await world.deleteProject();
    request.end("llo");

    expect(await answerOf(request)).toMatchObject({ status: 404 });
    expect((await fetch(url, { method: "PUT", body: "hello" })).status).toBe(404);
    expect(readdirSync(join(world.directory, "projects"))).toEqual([]);
    expect(kept(world)).toEqual([]);
  });

  it("is not kept where its job was deleted before it, or while its bytes came", async (test) => {
    const world = await aWorld(test);
    const url = await world.uploadUrl("hello");
    const request = aPut(url, { "Transfer-Encoding": "chunked" });
    request.write("he");
    while (kept(world).length === 0) await setImmediate();

    await world.deleteJobs();
    request.end("llo");

    expect(await answerOf(request)).toMatchObject({ status: 404 });
    expect((await fetch(url, { method: "PUT", body: "hello" })).status).toBe(404);
    expect(kept(world)).toEqual([]);
  });

  it("is answered 507 where the disk is full", async (test) => {
    const world = await aWorld(test, { full: true });

    const response = await fetch(await world.uploadUrl("hello"), { method: "PUT", body: "hello" });

    expect(response.status).toBe(507);
    expect(await response.json()).toMatchObject({ code: 8 });
  });

  it("leaves nothing where its client goes away", async (test) => {
    const world = await aWorld(test);
    const request = aPut(await world.uploadUrl("x".repeat(1_000_000)), {
      "Content-Length": 1_000_000,
    });
    request.write("x".repeat(500_000));
    while (kept(world).length === 0) await setImmediate();

    request.destroy();

    while (kept(world).length > 0) await setImmediate();
    expect(world.log.entries).toEqual([]);
  });

  it("of 200 MB takes no more memory than one of 1 MB", async (test) => {
    const world = await aWorld(test);
    const megabyte = Buffer.alloc(1024 * 1024, "orrery");
    const hash = createHash("sha256");
    for (let n = 0; n < 200; n += 1) hash.update(megabyte);
    const upload = { project, sha256: hash.digest("hex"), bytes: 200 * megabyte.length };
    await world.need(upload);
    const url = await world.files.uploadUrl(upload, plusMs(realClock.now(), MINUTE_MS));
    const before = process.memoryUsage.rss();
    let peak = 0;
    async function* megabytes(): AsyncGenerator<Buffer> {
      for (let n = 0; n < 200; n += 1) {
        peak = Math.max(peak, process.memoryUsage.rss());
        yield await Promise.resolve(megabyte);
      }
    }
    const request = aPut(url, { "Content-Length": upload.bytes });
    const answered = answerOf(request);

    await pipeline(Readable.from(megabytes()), request);

    expect((await answered).status).toBe(200);
    expect(peak - before).toBeLessThan(64 * 1024 * 1024);
  });
});

describe("a download", () => {
  const content = "0123456789";
  const input = { kind: "input", project, sha256: sha256(content) } as const;

  async function stored(test: Closing): Promise<World> {
    const world = await aWorld(test);
    await fetch(await world.uploadUrl(content), { method: "PUT", body: content });
    return world;
  }

  it("is the file, to keep and not to show", async (test) => {
    const world = await stored(test);

    const response = await fetch(await world.downloadUrl(input));

    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "accept-ranges": "bytes",
      "cache-control": "no-store",
      "content-disposition": `attachment; filename="${input.sha256}"; filename*=UTF-8''${input.sha256}`,
      "content-length": "10",
      "content-type": "application/octet-stream",
      "x-content-type-options": "nosniff",
    });
    expect(await response.text()).toBe(content);
  });

  it("may be asked for by HEAD", async (test) => {
    const world = await stored(test);

    const response = await fetch(await world.downloadUrl(input), { method: "HEAD" });

    expect(response.headers.get("content-length")).toBe("10");
    expect(await response.text()).toBe("");
  });

  it.each([
    ["bytes=2-4", 206, "234", "bytes 2-4/10"],
    ["bytes=7-", 206, "789", "bytes 7-9/10"],
    ["bytes=-2", 206, "89", "bytes 8-9/10"],
    ["bytes=0-99", 206, content, "bytes 0-9/10"],
    ["bytes=-99", 206, content, "bytes 0-9/10"],
    ["bytes=10-", 416, "", "bytes */10"],
    ["bytes=-0", 416, "", "bytes */10"],
    ["bytes=4-2", 200, content, null],
    ["bytes=0-1,4-5", 200, content, null],
    ["bytes=-", 200, content, null],
    ["lines=1-2", 200, content, null],
  ])("may be of a part: %s", async (range, status, body, contentRange) => {
    await using opened = new Opened();
    const world = await stored(opened);

    const response = await fetch(await world.downloadUrl(input), { headers: { Range: range } });

    expect(response.status).toBe(status);
    expect(await response.text()).toBe(body);
    expect(response.headers.get("content-range")).toBe(contentRange);
  });

  it("is whole where its part depends on what we do not tell", async (test) => {
    const world = await stored(test);

    const headers = { Range: "bytes=2-4", "If-Range": '"x"' };
    const response = await fetch(await world.downloadUrl(input), { headers });

    expect(await response.text()).toBe(content);
  });

  it("of an output or a log is what the job's one attempt left", async (test) => {
    const world = await aWorld(test);
    const run = runIdOf({ schedule: adHocSchedule(project), nominalAt: realClock.now() }, "job");
    await world.addJob({ run });
    const path = join(world.directory, "out", "отчёт.txt");
    mkdirSync(dirname(path));
    writeFileSync(path, "report");
    world.located.path = path;

    const response = await fetch(
      await world.downloadUrl({ kind: "output", path: "a/отчёт.txt" }, "job1"),
    );

    expect(response.status).toBe(404);
    const id = aStoredJob({}).id;
    const right = await fetch(await world.downloadUrl({ kind: "output", path: "a/отчёт.txt" }, id));
    expect(await right.text()).toBe("report");
    expect(right.headers.get("content-disposition")).toContain("filename*=UTF-8''%D0%BE");
    await world.addJob({ run, dataCleared: true });
    expect(
      (await fetch(await world.downloadUrl({ kind: "log", path: "stdout.txt" }, id))).status,
    ).toBe(404);
  });

  it("is never what a link leads to, nor a folder", async (test) => {
    const world = await aWorld(test);
    await world.addJob({
      run: runIdOf({ schedule: adHocSchedule(project), nominalAt: realClock.now() }, "job"),
    });
    const link = join(world.directory, "link");
    symlinkSync("/etc/passwd", link);
    const url = await world.downloadUrl({ kind: "log", path: "x" }, aStoredJob({}).id);

    for (const path of [link, world.directory]) {
      world.located.path = path;
      expect((await fetch(url)).status).toBe(404);
    }
    expect(world.log.entries).toEqual([]);
  });

  it("ends without a word in the log where its client goes away", async (test) => {
    const world = await aWorld(test);
    const large = Buffer.alloc(20_000_000);
    await fetch(await world.uploadUrl(large), { method: "PUT", body: large });
    const url = await world.downloadUrl({ kind: "input", project, sha256: sha256(large) });
    const request = httpRequest(url, { agent: false });
    request.on("error", () => undefined);
    request.end();
    const [response] = (await once(request, "response")) as [IncomingMessage];
    await once(response, "data");

    request.destroy();

    expect((await fetch(url, { method: "HEAD" })).status).toBe(200);
    expect(world.log.entries).toEqual([]);
  });
});

describe("a URL that allows nothing", () => {
  it("is answered 403 in the form of every error where it is forged or expired", async (test) => {
    const world = await aWorld(test);
    const expired = await world.uploadUrl("hello", -1);
    const forged = (await world.uploadUrl("hello")).replace(/.{5}$/, "AAAAA");

    for (const url of [
      expired,
      forged,
      new URL("/files/", expired),
      new URL("/files/..%2f", expired),
    ]) {
      const response = await fetch(url, { method: "PUT", body: "hello" });
      expect(response.status).toBe(403);
      expect(response.headers.get("content-type")).toContain("application/json");
      expect(await response.json()).toEqual({
        code: 7,
        message: expect.stringMatching(/URL/) as string,
      });
    }
    expect(kept(world)).toEqual([]);
  });

  it("is answered 403 where it is for another verb", async (test) => {
    const world = await aWorld(test);
    const input = { kind: "input", project, sha256: sha256("hello") } as const;

    const put = await fetch(await world.downloadUrl(input), { method: "PUT", body: "hello" });
    const get = await fetch(await world.uploadUrl("hello"));

    expect([put.status, get.status]).toEqual([403, 403]);
  });

  it("is answered 405 where nothing has that verb", async (test) => {
    const world = await aWorld(test);

    const response = await fetch(await world.uploadUrl("hello"), { method: "DELETE" });

    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, HEAD, PUT");
  });
});

describe("a download's name", () => {
  it.each([
    ["report.csv", `attachment; filename="report.csv"; filename*=UTF-8''report.csv`],
    ["a/b/c d.txt", `attachment; filename="c d.txt"; filename*=UTF-8''c%20d.txt`],
    ["../..", `attachment; filename="file"; filename*=UTF-8''file`],
    ['q"\r\nX: y', `attachment; filename="q___X_ y"; filename*=UTF-8''q___X_%20y`],
    ["ночь.txt", `attachment; filename="____.txt"; filename*=UTF-8''%D0%BD%D0%BE%D1%87%D1%8C.txt`],
    [
      "c:\\x\u{1f600}\ud83d",
      `attachment; filename="c__x__"; filename*=UTF-8''c__x%F0%9F%98%80%EF%BF%BD`,
    ],
  ])("is safe in a header and on a disk: %j", (path, header) => {
    expect(contentDisposition(path)).toBe(header);
  });
});
