import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { messageOf } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { type Instant, plusMs } from "../../core/time/instant.ts";
import type { Alarms, Clock } from "../../ports/clock.ts";
import { YdbFailure } from "./failure.ts";
import { heldToken, isToken, lifeOf, type HeldToken, type TokenSource } from "./token-source.ts";

/** The metadata service that the cloud gives every virtual machine and function of a service account. */
const CLOUD_URL =
  "http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token";

export interface MetadataTokenOptions {
  readonly clock: Clock & Alarms;
  /** Where the service answers, if not at the cloud's own address. */
  readonly url?: string;
}

/**
 * Tokens of this machine's service account. One is renewed long before its end, by one request
 * however many callers wait, and serves on while it is good and the service does not answer.
 */
export function metadataToken(options: MetadataTokenOptions): TokenSource {
  return new MetadataToken(options);
}

class MetadataToken implements TokenSource {
  readonly #clock: Clock & Alarms;
  readonly #url: string;
  #held: HeldToken | undefined;
  /** Until then a renewal that failed is not tried again. */
  #restsUntil: Instant | undefined;
  #fetching: Promise<HeldToken> | undefined;

  constructor({ clock, url = CLOUD_URL }: MetadataTokenOptions) {
    this.#clock = clock;
    this.#url = url;
  }

  async token(): Promise<string> {
    const now = this.#clock.now();
    const held = this.#usable(now);
    const rests = this.#restsUntil !== undefined && now < this.#restsUntil;
    if (held !== undefined && (now < held.renewAt || rests)) return held.token;
    try {
      return (await this.#fetch()).token;
    } catch (error) {
      const old = this.#usable(this.#clock.now());
      if (old === undefined) throw error;
      return old.token;
    }
  }

  invalidate(token: string): void {
    if (this.#held?.token === token) this.#held = undefined;
  }

  #usable(now: Instant): HeldToken | undefined {
    return this.#held !== undefined && now < this.#held.usableUntil ? this.#held : undefined;
  }

  async #fetch(): Promise<HeldToken> {
    this.#fetching ??= this.#fetchOnce().finally(() => (this.#fetching = undefined));
    return await this.#fetching;
  }

  async #fetchOnce(): Promise<HeldToken> {
    try {
      const text = await ask(this.#url, this.#clock);
      this.#held = heldOf(text, this.#clock.now());
      return this.#held;
    } catch (error) {
      this.#restsUntil = plusMs(this.#clock.now(), limits.ydbTokenRetryMs);
      throw new YdbFailure(
        "TOKEN_UNAVAILABLE",
        `no token from the metadata service at ${new URL(this.#url).host}: ${messageOf(error)}`,
      );
    }
  }
}

/** Reads the service's answer. No error repeats any of it: a broken one may hold half a token. */
function heldOf(text: string, now: Instant): HeldToken {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new Error("its answer is no JSON");
  }
  const fields = typeof answer === "object" && answer !== null ? answer : {};
  const { access_token: token, expires_in: seconds } = fields as Readonly<Record<string, unknown>>;
  const lifeMs = lifeOf(seconds);
  if (typeof token !== "string" || !isToken(token))
    throw new Error("its answer has no access_token");
  if (lifeMs === undefined) throw new Error("its answer has no expires_in");
  return heldToken(token, lifeMs, now);
}

/** One request, over a connection of its own: one kept for later is often dead after a freeze. */
async function ask(url: string, clock: Clock & Alarms): Promise<string> {
  const aborter = new AbortController();
  const dueAt = plusMs(clock.now(), limits.ydbTokenFetchMs);
  const late = new Error(`no answer within ${limits.ydbTokenFetchMs} ms`);
  const cancel = clock.set(dueAt, () => aborter.abort());
  const request = get(url, {
    agent: false,
    headers: { "Metadata-Flavor": "Google" },
    signal: aborter.signal,
  });
  request.on("error", () => undefined); // Whoever waits hears of it; later ones are nobody's.
  try {
    const [response] = (await once(request, "response")) as [IncomingMessage];
    if (response.statusCode !== 200) {
      throw new Error(`it answered ${response.statusCode ?? 0}; has this place a service account?`);
    }
    return await bodyOf(response);
  } catch (error) {
    throw aborter.signal.aborted ? late : error;
  } finally {
    cancel();
    request.destroy();
  }
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limits.ydbTokenAnswerBytes) throw new Error("its answer is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
