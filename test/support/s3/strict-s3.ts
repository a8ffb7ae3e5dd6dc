import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { startFauxqs, type FauxqsServer } from "fauxqs";
import type { BucketConnection } from "../../../shared/adapters/object-storage/open-object-storage.ts";
import { assert } from "../../../shared/core/assert.ts";
import type { Clock } from "../../../shared/ports/clock.ts";
import type { Closing } from "../opened.ts";
import { realClock } from "../real-clock.ts";
import { refusedBecause, type SignedRequest } from "./signature.ts";

/** What goes wrong with one request. */
export type Fault =
  /** An error of the object storage itself. */
  | { readonly kind: "status"; readonly status: number; readonly code: string }
  /** No answer, ever. */
  | { readonly kind: "hang" }
  /** The connection breaks before the answer; what was asked for is done all the same. */
  | { readonly kind: "cut" }
  /** The answer breaks off after so many bytes of its body. */
  | { readonly kind: "truncate"; readonly bytes: number }
  /** The answer stands still after so many bytes of its body. */
  | { readonly kind: "stall"; readonly bytes: number };

/** A request that came, by its method and key. */
export interface SeenRequest {
  readonly method: string;
  /** Without the bucket; empty where it is about the bucket. */
  readonly key: string;
  readonly headers: SignedRequest["headers"];
  readonly query: URLSearchParams;
}

/** An object storage that believes no request whose signature is not right, and fails on demand. */
export interface StrictS3 {
  readonly connection: BucketConnection;
  /** `s3://127.0.0.1:PORT/BUCKET`. */
  readonly address: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Every request so far; a test may empty it. */
  readonly seen: SeenRequest[];
  /** Asked for each request; what it answers goes wrong. */
  fault: ((request: SeenRequest) => Fault | undefined) | undefined;
  /** The object storage's own clock, for expiry. */
  nowMs: () => number;
  /** Every key there is. */
  keys(prefix?: string): Promise<readonly string[]>;
  /** Puts an object as the owner of the bucket does elsewhere. */
  put(key: string, body: string | Buffer): Promise<void>;
  /** The bytes of an object; undefined where there is none. */
  get(key: string): Promise<string | undefined>;
  remove(key: string): Promise<void>;
  /** Breaks every connection, as a proxy does that forgot them. */
  disconnect(): void;
  /** How many connections were ever made. */
  connections(): number;
}

const BUCKET = "orrery-test";
const KEYS = { accessKeyId: "YCAJEtest", secretAccessKey: "YCMsecretOfTheTest" };

export async function strictS3(test: Closing, clock: Clock = realClock): Promise<StrictS3> {
  const behind = await startFauxqs({ port: 0, logger: false });
  behind.createBucket(BUCKET);
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    answer(s3, behind, { request, response }).catch(() => request.destroy());
  });
  let connections = 0;
  server.on("connection", () => (connections += 1));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  test.onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await behind.stop();
  });
  const { port } = server.address() as AddressInfo;
  const direct = `${behind.address}/${BUCKET}`;
  const s3: StrictS3 = {
    connection: {
      endpoint: `http://127.0.0.1:${port}`,
      region: "ru-central1",
      credentials: KEYS,
      bucket: BUCKET,
      clock,
    },
    address: `s3://127.0.0.1:${port}/${BUCKET}`,
    environment: {
      AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
    },
    seen,
    fault: undefined,
    nowMs: () => clock.now(),
    async keys(prefix = "") {
      const keys: string[] = [];
      for (let after = ""; ; after = keys.at(-1) ?? "") {
        const query = new URLSearchParams({ "list-type": "2", prefix, "start-after": after });
        const text = await (await fetch(`${direct}?${query.toString()}`)).text();
        const page = [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = ""]) => key);
        keys.push(...page);
        if (page.length < 1_000) return keys;
      }
    },
    async put(key, body) {
      const { status } = await fetch(urlOf(direct, key), { method: "PUT", body: body as string });
      assert(status === 200, `${key} was put, not ${status}`);
    },
    async get(key) {
      const response = await fetch(urlOf(direct, key));
      return response.ok ? await response.text() : undefined;
    },
    async remove(key) {
      await fetch(urlOf(direct, key), { method: "DELETE" });
    },
    disconnect: () => server.closeAllConnections(),
    connections: () => connections,
  };
  return s3;
}

function urlOf(direct: string, key: string): string {
  return `${direct}/${key.split("/").map(encodeURIComponent).join("/")}`;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function answer(
  s3: StrictS3,
  behind: FauxqsServer,
  { request, response }: Exchange,
): Promise<void> {
  const { method = "", url = "", headers } = request;
  const { pathname, searchParams: query } = new URL(url, "http://host");
  const key = decodeURIComponent(pathname.split("/").slice(2).join("/"));
  const body = await buffer(request);
  const asked: SeenRequest = { method, key, headers, query };
  s3.seen.push(asked);
  const fault = s3.fault?.(asked);
  if (fault?.kind === "hang") return;
  if (fault?.kind === "status") {
    refuse(response, fault.status, fault.code);
    return;
  }
  const because =
    refusedBecause({ method, url, headers, body }, KEYS, s3.nowMs()) ??
    refusedContent(headers, query, body);
  if (because !== undefined) {
    refuse(response, because === "BadDigest" || because === "InvalidRequest" ? 400 : 403, because);
    return;
  }
  if (!(await isStill(behind, headers))) {
    refuse(response, 412, "PreconditionFailed");
    return;
  }
  await forward(behind, { request, response }, body, fault);
}

/** What S3 looks at in a body beside its signature. */
function refusedContent(
  headers: SignedRequest["headers"],
  query: URLSearchParams,
  body: Buffer,
): string | undefined {
  const md5 = headers["content-md5"];
  if (md5 !== undefined && md5 !== createHash("md5").update(body).digest("base64")) {
    return "BadDigest";
  }
  // As object storages do that do not know the newer checksums.
  return query.has("delete") && md5 === undefined ? "InvalidRequest" : undefined;
}

/** fauxqs copies whatever is there, and S3 only what was asked for. */
async function isStill(behind: FauxqsServer, headers: SignedRequest["headers"]): Promise<boolean> {
  const wanted = headers["x-amz-copy-source-if-match"];
  if (wanted === undefined) return true;
  const source = String(headers["x-amz-copy-source"]);
  const head = await fetch(`${behind.address}/${source}`, { method: "HEAD" });
  return head.headers.get("etag") === wanted;
}

function refuse(response: ServerResponse, status: number, code: string): void {
  const text = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>No: ${KEYS.secretAccessKey} X-Amz-Signature=abc</Message></Error>`;
  response.writeHead(status, { "content-type": "application/xml" }).end(text);
}

async function forward(
  behind: FauxqsServer,
  { request, response }: Exchange,
  body: Buffer,
  fault: Fault | undefined,
): Promise<void> {
  const { method, headers } = request;
  const onward = httpRequest(`${behind.address}${request.url ?? ""}`, {
    ...(method === undefined ? {} : { method }),
    headers: { ...headers, "content-length": body.length },
    agent: false,
  });
  onward.end(body);
  const [answered] = (await once(onward, "response")) as [IncomingMessage];
  const bytes = await buffer(answered);
  if (fault?.kind === "cut") {
    request.socket.destroy();
    return;
  }
  const { searchParams: wished } = new URL(request.url ?? "", "http://host");
  for (const name of ["content-disposition", "content-type"]) {
    const value = wished.get(`response-${name}`);
    if (value !== null) answered.headers[name] = value;
  }
  response.writeHead(answered.statusCode ?? 500, answered.headers);
  if (fault?.kind !== "truncate" && fault?.kind !== "stall") {
    response.end(bytes);
    return;
  }
  response.write(bytes.subarray(0, fault.bytes), () => {
    if (fault.kind === "truncate") request.socket.destroy();
  });
}
