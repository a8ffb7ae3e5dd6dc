import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DataSphereEngine } from "../../../shared/adapters/datasphere/engine.ts";
import type { HashedFile } from "../../../shared/adapters/datasphere/hash-file.ts";
import { uploadAll } from "../../../shared/adapters/datasphere/upload-file.ts";
import { realClock } from "../../support/real-clock.ts";

interface Received {
  readonly method: string;
  readonly url: string;
  readonly body: string;
}

let server: Server;
let received: Received[];
/** What is answered in turn; 200 after that. */
let statuses: number[];

beforeEach(async () => {
  received = [];
  statuses = [];
  server = createServer((request: IncomingMessage, response) => {
    void (async () => {
      const { method = "", url = "" } = request;
      const body = await buffer(request).catch(() => undefined);
      if (body === undefined) return;
      received.push({ method, url, body: body.toString() });
      response.writeHead(statuses.shift() ?? 200, { location: "/elsewhere" }).end();
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const here = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/put?sig=1`;

/** An engine of which an upload needs no more than where DataSphere is. */
function engineAt(endpoint: string): DataSphereEngine {
  return { clock: realClock, session: { endpoint, ca: undefined } } as unknown as DataSphereEngine;
}

function aFile(content: string, said = content): HashedFile {
  const sha256 = createHash("sha256").update(said).digest("hex");
  return {
    path: "a.txt",
    isArchive: false,
    content: { sha256, bytes: Buffer.byteLength(said) },
    async *open() {
      yield await Promise.resolve(Buffer.from(content));
    },
  };
}

describe("an upload of an input", () => {
  const local = engineAt("localhost:1");

  it("sends the bytes with their length, also where there are none", async () => {
    await uploadAll(local, [
      { file: aFile("content"), url: here() },
      { file: aFile(""), url: here() },
    ]);

    expect(received.map(({ method, url }) => `${method} ${url}`)).toEqual(
      Array(2).fill("PUT /put?sig=1"),
    );
    expect(received.map(({ body }) => body).toSorted()).toEqual(["", "content"]);
  });

  it("is made again where the storage fails for a moment", async () => {
    statuses = [503, 500];

    await uploadAll(local, [{ file: aFile("content"), url: here() }]);

    expect(received).toHaveLength(3);
  });

  it.each([302, 307])("follows no redirect of status %i", async (status) => {
    statuses = [status, status, status];

    const upload = uploadAll(local, [{ file: aFile("content"), url: here() }]);

    await expect(upload).rejects.toMatchObject({ code: "EXECUTOR_UNAVAILABLE" });
    expect(received.every(({ url }) => url.startsWith("/put"))).toBe(true);
  });

  it("is refused by a URL that is over, and no error tells the URL", async () => {
    statuses = [403];

    const failure: unknown = await uploadAll(local, [{ file: aFile("c"), url: here() }]).catch(
      (error: unknown) => error,
    );

    expect(failure).toMatchObject({ name: "UploadRefusedError" });
    expect(String(failure)).not.toContain("sig=1");
  });

  it.each([
    ["another machine", "http://192.0.2.1/put", "localhost:1"],
    ["this machine, for a DataSphere elsewhere", undefined, "datasphere.example:443"],
    ["a file", "file:///etc/passwd", "localhost:1"],
  ])("does not go in plain text to %s", async (_where, url, endpoint) => {
    const upload = uploadAll(engineAt(endpoint), [{ file: aFile("c"), url: url ?? here() }]);

    await expect(upload).rejects.toMatchObject({ code: "EXECUTION_PREPARE_FAILED" });
    expect(received).toEqual([]);
  });

  it.each([
    ["other bytes", "CONTENT"],
    ["more bytes", "content, and more"],
    ["fewer bytes", "cont"],
  ])("is not completed where the file has %s by now", async (_what, content) => {
    const upload = uploadAll(local, [{ file: aFile(content, "content"), url: here() }]);

    await expect(upload).rejects.toMatchObject({ code: "EXECUTION_PREPARE_FAILED" });
    expect(received).toEqual([]);
  });
});
