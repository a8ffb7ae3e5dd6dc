import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { Home, until } from "./home.ts";
import { JOBS, RestClient, type FileUrl } from "./rest-client.ts";

const CONFIG = "version: 1\nschedules: {}\n";

const MIB = 1024 * 1024;

/** The file that DataSphere's own limits make ordinary: far larger than what a platform may hold. */
const LARGE_MIB = 200;

/** What memory may grow by while it passes: buffers of a few connections, and garbage not yet collected. */
const GROWTH_MIB = 90;

/** Pieces of a large file, none like the one before, made as they are asked for. */
function* pieces(): Generator<Buffer> {
  const piece = Buffer.alloc(MIB, "orrery");
  for (let index = 0; index < LARGE_MIB; index += 1) {
    piece.writeUInt32LE(index);
    yield Buffer.from(piece);
  }
}

interface Sent {
  readonly status: number;
  readonly body: string;
}

/** Sends bytes to a URL as they come; without a length they go in chunks. */
async function put(
  url: string,
  chunks: Iterable<Buffer>,
  options: { readonly length?: number; readonly method?: string } = {},
): Promise<Sent> {
  const { length, method = "PUT" } = options;
  const headers = length === undefined ? {} : { "Content-Length": length };
  const request = httpRequest(url, { method, headers, agent: false });
  const answered = once(request, "response") as Promise<[IncomingMessage]>;
  const [[response]] = await Promise.all([
    answered,
    // What a refusal cuts off is seen by its answer.
    pipeline(Readable.from(chunks), request).catch(() => undefined),
  ]);
  return { status: response.statusCode ?? 0, body: await text(response) };
}

/** Resident memory of a process in MiB. */
function memoryOf(pid: number): number {
  return Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" })) / 1024;
}

function inputOf(path: string, content: Buffer, claimed: object = {}): object {
  const sha256 = createHash("sha256").update(content).digest("hex");
  return { desc: { path }, sha256, sizeBytes: String(content.length), ...claimed };
}

async function uploadOf(client: RestClient, project: string, input: object): Promise<string> {
  const job = await client.newJob(project, { cmd: "true", inputFiles: [input] });
  return job.uploads[0]?.url ?? "";
}

describe("files that a job needs", () => {
  it("are taken only as they were announced, whatever else is sent", async (test) => {
    const home = await Home.of(test);
    await home.write("orrery.yaml", CONFIG);
    const platform = home.up("--log", "json");
    const client = await RestClient.of(home, platform);
    const project = await client.newProject("demo");
    const hello = Buffer.from("hello");
    const job = await client.newJob(project, {
      cmd: "cat in.txt",
      inputFiles: [inputOf("in.txt", hello)],
    });
    const url = job.uploads[0]?.url ?? "";
    const split = [Buffer.from("hel"), Buffer.from("lo")];
    const incoming = async (): Promise<number> =>
      (await readdir(join(home.data, "incoming")).catch(() => [])).length;

    expect(await put(url, [Buffer.from("hellx")], { length: 5 })).toMatchObject({ status: 400 });
    expect(await put(url, [Buffer.from("hell")], { length: 4 })).toMatchObject({ status: 400 });
    expect(await put(url, split.slice(1))).toMatchObject({ status: 400 });
    expect(await put(url, [...split, hello])).toMatchObject({ status: 413 });
    expect(await put(url, [], { method: "GET" })).toMatchObject({ status: 403 });
    expect(await put(`${url}=`, [hello])).toMatchObject({ status: 403 });
    expect(await put(url.replace("/files/", "/files/x"), [hello])).toMatchObject({ status: 403 });
    const early = await client.ask("POST", `${JOBS}/${job.id}:execute`);
    expect(early.status).toBe(400);
    expect(early.text).toContain("JOB_FILES_MISSING");

    // Its sender goes away in the middle, politely or not.
    const { port, pathname } = new URL(url);
    for (const leave of ["end", "resetAndDestroy"] as const) {
      const socket = connect(Number(port), "127.0.0.1").on("error", () => undefined);
      socket.write(`PUT ${pathname} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhel`);
      await until("the upload has begun", async () => (await incoming()) === 1);
      socket[leave]();
      await until("nothing of it is left", async () => (await incoming()) === 0);
    }

    const same = await Promise.all(Array.from({ length: 10 }, async () => await put(url, split)));
    expect(same.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    const ended = await client.ended(await client.execute(job.id));
    expect(ended.response).toMatchObject({ result: {} });

    // It is there now: nobody sends it again, and nobody who lies about its size can use it.
    expect(await uploadOf(client, project, inputOf("again.txt", hello))).toBe("");
    const lying = await client.newJob(project, {
      cmd: "cat in.txt",
      inputFiles: [inputOf("in.txt", hello, { sizeBytes: "4" })],
    });
    const refused = await client.ask("POST", `${JOBS}/${lying.id}:execute`);
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining("5 bytes")]);
    for (const path of ["../up", "/etc/up", "a/../../up"]) {
      const request = {
        projectId: project,
        jobParameters: { cmd: "true", inputFiles: [inputOf(path, hello)] },
      };
      expect(await client.ask("POST", JOBS, request), path).toMatchObject({ status: 400 });
    }
    const empty = await uploadOf(client, project, inputOf("empty", Buffer.alloc(0)));
    expect(await put(empty, [])).toMatchObject({ status: 200 });

    const signature = url.split(".").at(-1) ?? "";
    expect(platform.output).toContain("run.succeeded");
    for (const secret of [client.token, signature]) expect(platform.output).not.toContain(secret);
  });

  it("may be large: they pass through, in and out, and memory stays", async (test) => {
    const home = await Home.of(test);
    await home.write("orrery.yaml", CONFIG);
    const platform = home.up();
    const client = await RestClient.of(home, platform);
    const project = await client.newProject("demo");
    const hash = createHash("sha256");
    for (const piece of pieces()) hash.update(piece);
    const sha256 = hash.digest("hex");
    const bytes = LARGE_MIB * MIB;
    const input = { desc: { path: "large.bin" }, sha256, sizeBytes: String(bytes) };
    const job = await client.newJob(project, { cmd: "true", inputFiles: [input] });
    const before = memoryOf(platform.pid);
    let peak = 0;
    const watched = function* (): Generator<Buffer> {
      let sent = 0;
      for (const piece of pieces()) {
        yield piece;
        if (++sent % 20 === 0) peak = Math.max(peak, memoryOf(platform.pid));
      }
    };

    const sent = await put(job.uploads[0]?.url ?? "", watched(), { length: bytes });
    const { downloadFiles } = await client.json<{ downloadFiles: readonly FileUrl[] }>(
      "POST",
      `${JOBS}/${job.id}:downloadFiles`,
      { files: [input] },
    );
    const received = createHash("sha256");
    let count = 0;
    const response = await fetch(downloadFiles[0]?.url ?? "");
    for await (const chunk of response.body ?? []) {
      received.update(chunk as Uint8Array);
      if (++count % 500 === 0) peak = Math.max(peak, memoryOf(platform.pid));
    }

    expect(sent).toEqual({ status: 200, body: "" });
    expect(received.digest("hex")).toBe(sha256);
    expect(peak).toBeGreaterThan(0);
    expect(peak - before).toBeLessThan(GROWTH_MIB);
  });
});
