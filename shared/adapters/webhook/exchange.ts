import type { Readable } from "node:stream";
import { type buildConnector, Client, type Dispatcher } from "undici";
import { limits } from "../../core/limits.ts";

interface OutgoingRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData["headers"];
  /** At most `limits.deliveryAnswerBytes` from the beginning of the answer's body. */
  readonly start: Uint8Array;
}

/** No status arrived within the time an exchange has. */
export class ExchangeTimeoutError extends Error {
  constructor() {
    super("No answer came in time.");
    this.name = "ExchangeTimeoutError";
  }
}

/**
 * Posts once, over a connection of its own that is closed afterwards, and follows no redirect.
 * A connection kept for later would often be dead after a function's freeze, and cost a try.
 * Settles within `timeoutMs`; whoever sent a status and then stalls, or never ends, has answered.
 */
export async function exchange(
  request: OutgoingRequest,
  options: { readonly connect: buildConnector.connector; readonly timeoutMs: number },
): Promise<Answer> {
  const { url, headers, body } = request;
  const client = new Client(url.origin, { connect: options.connect, pipelining: 0 });
  // An abort signal would not reach a request whose connection is still being opened.
  const timer = setTimeout(
    () => void client.destroy(new ExchangeTimeoutError()),
    options.timeoutMs,
  );
  try {
    const path = url.pathname + url.search;
    const response = await client.request({ method: "POST", path, headers, body });
    return {
      status: response.statusCode,
      headers: response.headers,
      start: await startOf(response.body),
    };
  } finally {
    clearTimeout(timer);
    await client.destroy();
  }
}

async function startOf(body: Readable): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= limits.deliveryAnswerBytes) break;
    }
  } catch {
    // The status stands; what came before the answer broke off is all there is to show.
  }
  return Buffer.concat(chunks).subarray(0, limits.deliveryAnswerBytes);
}
