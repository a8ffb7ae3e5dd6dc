import { request as httpRequest, type ClientRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { plusMs } from "../../core/time/instant.ts";
import type { Alarms, Clock } from "../../ports/clock.ts";
import type { OtlpTarget } from "./otlp-settings.ts";

/** One request to a collector. */
export interface Payload {
  readonly target: OtlpTarget;
  readonly contentType: "application/x-protobuf" | "application/json";
  readonly bytes: Uint8Array;
}

/** Why a payload did not arrive, without anything that may be secret. */
export interface SendFailure {
  readonly payload: Payload;
  readonly reason: string;
  /** Whether sending it again may help. */
  readonly retryable: boolean;
}

/** Source: OTLP specification, "OTLP/HTTP Response", retryable response codes. */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);

const gzipped = promisify(gzip);

/**
 * Posts payloads side by side and resolves to those that did not arrive, within `withinMs`, whatever
 * the collector does. Each has a connection of its own that is closed afterwards: one that a freeze
 * fell upon is dead, and would cost the next call its telemetry. The runtime's own client does for
 * that, and every function carries it anyway.
 */
export async function sendPayloads(
  payloads: readonly Payload[],
  { withinMs, clock }: { readonly withinMs: number; readonly clock: Clock & Alarms },
): Promise<readonly SendFailure[]> {
  const giveUp = new AbortController();
  const cancel = clock.set(plusMs(clock.now(), withinMs), () => giveUp.abort());
  try {
    const failures = await Promise.all(
      payloads.map(async (payload) => await post(payload, giveUp.signal)),
    );
    if (!giveUp.signal.aborted) return failures.flatMap((failure) => failure ?? []);
    const reason = `no answer within ${withinMs} ms`;
    return failures.flatMap((failure) => (failure === undefined ? [] : [{ ...failure, reason }]));
  } finally {
    cancel();
  }
}

async function post(payload: Payload, signal: AbortSignal): Promise<SendFailure | undefined> {
  const { target, contentType, bytes } = payload;
  const { url, headers, isGzipped, ca } = target;
  try {
    const body = isGzipped ? await gzipped(bytes) : bytes;
    const options = {
      method: "POST",
      agent: false,
      signal,
      headers: {
        "user-agent": "Orrery",
        ...headers,
        "content-type": contentType,
        "content-length": body.length,
        ...(isGzipped ? { "content-encoding": "gzip" } : {}),
      },
    } as const;
    const isSecure = url.protocol === "https:";
    const request = isSecure
      ? httpsRequest(url, { ...options, ...(ca === undefined ? {} : { ca }) })
      : httpRequest(url, options);
    const statusCode = await exchanged(request, body);
    if (statusCode >= 200 && statusCode < 300) return undefined;
    return { payload, reason: `HTTP ${statusCode}`, retryable: RETRYABLE.has(statusCode) };
  } catch (error) {
    return { payload, reason: reasonOf(error), retryable: true };
  }
}

/** The status of the answer. Its body says nothing that we would act on, and is not waited for. */
async function exchanged(request: ClientRequest, body: Uint8Array): Promise<number> {
  return await new Promise<number>((resolve, reject) => {
    request.on("error", reject);
    request.on("response", (response: IncomingMessage) => {
      response.on("error", () => undefined);
      resolve(response.statusCode ?? 0);
      request.destroy();
    });
    request.end(body);
  });
}

/** The code of a network's error: its text may quote a URL with what is secret in it. */
function reasonOf(error: unknown): string {
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
  return typeof code === "string" ? code : String(name);
}
