import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { caFile, serverCertificate } from "../../../infra/local/certificates.ts";
import { openFrontPort, type FrontPort } from "../../../infra/local/front-port.ts";
import { createGrpcFace } from "../../../infra/local/grpc-face.ts";
import { createHttpFace } from "../../../infra/local/http-face.ts";
import type { Api } from "../../../shared/api/api.ts";
import type { Alarms, Clock } from "../../../shared/ports/clock.ts";
import type { Closing } from "../../support/opened.ts";
import { realClock } from "../../support/real-clock.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { anApi } from "./an-api.ts";

/** An empty folder, gone when the test ends. */
export function aFolder(test: Closing): string {
  const folder = mkdtempSync(join(tmpdir(), "orrery-front-"));
  test.onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An open front port before a small API, and the certificate to trust. */
export interface AFront extends FrontPort {
  readonly ca: Buffer;
}

/** Opens a front port on a free port of this machine; it is closed when the test ends. */
export async function aFront(
  test: Closing,
  options: {
    readonly api?: Api;
    readonly routes?: RequestListener;
    readonly files?: RequestListener;
    readonly clock?: Clock & Alarms;
    readonly host?: string;
    readonly port?: number;
    readonly directory?: string;
    /** How long a request's head may take. */
    readonly headersMs?: number;
    readonly firstBytesMs?: number;
  } = {},
): Promise<AFront> {
  const { host = "127.0.0.1", port = 0, clock = realClock } = options;
  const directory = options.directory ?? aFolder(test);
  const tls = await serverCertificate(directory, host, realClock.now());
  const hello: RequestListener = (_request, response) => void response.end("hello");
  const { routes = hello, files = hello } = options;
  const { headersMs, firstBytesMs } = options;
  const http = createHttpFace({
    files,
    routes,
    clock,
    ...(headersMs === undefined ? {} : { headersMs }),
  });
  const front = await openFrontPort({
    host,
    port,
    tls,
    clock,
    http,
    ...(firstBytesMs === undefined ? {} : { firstBytesMs }),
    grpc: createGrpcFace(options.api ?? anApi(), seededRandom(1)),
  });
  test.onTestFinished(async () => await front.close());
  return { ...front, ca: readFileSync(caFile(directory)) };
}
