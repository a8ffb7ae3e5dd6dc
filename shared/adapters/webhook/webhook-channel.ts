import { lookup } from "node:dns/promises";
import type { buildConnector } from "undici";
import { limits } from "../../core/limits.ts";
import type { Target } from "../../core/notification/subscription.ts";
import { formatDurationMs, SECOND_MS } from "../../core/time/duration.ts";
import type { Channel, DeliveryOutcome, Notification } from "../../ports/channel.ts";
import type { Clock } from "../../ports/clock.ts";
import { OWN_RANGES, PUBLIC_RANGES } from "./address-range.ts";
import { exchange, ExchangeTimeoutError } from "./exchange.ts";
import { AddressRefusedError, guardedConnector, type ResolveHost } from "./guarded-connector.ts";
import { judgeAnswer } from "./judge-answer.ts";
import { signatureHeaders } from "./signature-headers.ts";

/**
 * Delivers to a URL, signed by the Standard Webhooks scheme where the target names a secret.
 *
 * W1 Nothing is sent to an address outside the permitted ranges, however it is spelled and whatever
 *    its name resolves to; redirects are not followed.
 * W2 A try settles within its timeout, and rejects for nothing a receiver or a network does.
 * W3 No detail holds the secret, or more of a URL than its origin: URLs carry tokens.
 * W4 Every try of a notification sends the same `webhook-id` and the same body.
 */

type WebhookTarget = Extract<Target, { readonly kind: "webhook" }>;

export interface WebhookChannelOptions {
  readonly clock: Pick<Clock, "now">;
  /** The secret behind a reference such as `env:NAME`, or undefined where there is none. */
  readonly secretOf: (reference: string) => string | undefined;
  /** Whether loopback and private networks may be told, as a laptop's own services are. */
  readonly allowPrivate: boolean;
  /** How long one try may take; `limits.deliveryTimeoutMs` unless given. */
  readonly timeoutMs?: number;
  /** Every address of a host name; the machine's resolver unless given. */
  readonly resolve?: ResolveHost;
}

/** What a target's secret comes to: headers to send, or how the try ends without sending. */
type Signing =
  | {
      readonly headers: Readonly<Record<string, string>>;
      readonly secret: string | undefined;
    }
  | { readonly outcome: DeliveryOutcome };

export class WebhookChannel implements Channel<WebhookTarget> {
  readonly #options: WebhookChannelOptions;
  readonly #timeoutMs: number;
  readonly #connect: buildConnector.connector;

  constructor(options: WebhookChannelOptions) {
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? limits.deliveryTimeoutMs;
    this.#connect = guardedConnector({
      permittedRanges: options.allowPrivate ? OWN_RANGES : PUBLIC_RANGES,
      resolve: options.resolve ?? (async (hostname) => await lookup(hostname, { all: true })),
      timeoutMs: this.#timeoutMs,
    });
  }

  async deliver(target: WebhookTarget, notification: Notification): Promise<DeliveryOutcome> {
    const url = sendableUrl(target.url);
    if (url === undefined) {
      return final("the target is no http or https URL without credentials, so nothing was sent");
    }
    const signing = this.#sign(target, notification);
    if ("outcome" in signing) return signing.outcome;

    const { id, sentAt, body, traceParent } = notification;
    const headers = {
      "content-type": "application/cloudevents+json; charset=utf-8",
      "user-agent": "Orrery",
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(sentAt / SECOND_MS)),
      ...(traceParent === undefined ? {} : { traceparent: traceParent }),
      ...signing.headers,
    };
    const options = { connect: this.#connect, timeoutMs: this.#timeoutMs };
    try {
      const answer = await exchange({ url, headers, body }, options);
      return judgeAnswer(answer, { url, secret: signing.secret, now: this.#options.clock.now() });
    } catch (error) {
      return this.#unanswered(url.origin, error);
    }
  }

  /** The secret is read for each try: it rests nowhere, and a new one counts at once. */
  #sign(target: WebhookTarget, notification: Notification): Signing {
    const reference = target.secret;
    if (reference === undefined) return { headers: {}, secret: undefined };
    const secret = this.#options.secretOf(reference);
    if (secret === undefined) {
      // Somebody can still set it while the delivery waits for its next try.
      return {
        outcome: passing(`the signing secret ${reference} is not set, so nothing was sent`),
      };
    }
    const headers = signatureHeaders(notification, secret);
    if (headers !== undefined) return { headers, secret };
    const found = `the signing secret ${reference} is not whsec_ and base64`;
    return { outcome: final(`${found}, so nothing was sent`) };
  }

  #unanswered(origin: string, error: unknown): DeliveryOutcome {
    if (error instanceof AddressRefusedError) {
      return final(`${origin} leads to a ${error.range} address, where nothing may be sent`);
    }
    if (error instanceof ExchangeTimeoutError) {
      return passing(`no answer from ${origin} within ${formatDurationMs(this.#timeoutMs)}`);
    }
    return passing(`the exchange with ${origin} failed: ${codeOf(error)}`);
  }
}

function sendableUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return undefined;
  return url.username === "" && url.password === "" ? url : undefined;
}

/** A failure's code or name, never its message: messages quote what was sent and received. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}

/** Nothing a later try could change. */
const final = (detail: string): DeliveryOutcome => ({ delivered: false, retryable: false, detail });

/** What time or an operator may cure. */
const passing = (detail: string): DeliveryOutcome => ({
  delivered: false,
  retryable: true,
  detail,
});
