import type { Instant } from "../../core/time/instant.ts";
import type { DeliveryOutcome } from "../../ports/channel.ts";
import { answerExcerpt } from "./answer-excerpt.ts";
import type { Answer } from "./exchange.ts";
import { readRetryAfterMs } from "./retry-after.ts";

/** Client errors that time cures: timeout, conflict, too early, too many requests. */
const PASSING: ReadonlySet<number> = new Set([408, 409, 425, 429]);

/** Any 2xx is a delivery; a redirect is a wrong URL; other 4xx, 410 above all, are final. */
export function judgeAnswer(
  answer: Answer,
  asked: { readonly url: URL; readonly secret: string | undefined; readonly now: Instant },
): DeliveryOutcome {
  const { status, headers } = answer;
  if (status < 300) return { delivered: true, detail: `HTTP ${status}` };
  const from = `HTTP ${status} from ${asked.url.origin}`;
  if (status < 400) {
    const place = originOf(headerOf(headers["location"]), asked.url.href);
    const detail = `${from} points to ${place}, and redirects are not followed`;
    return { delivered: false, retryable: false, detail };
  }
  const excerpt = answerExcerpt(answer.start, asked);
  const detail = excerpt === "" ? from : `${from}: ${excerpt}`;
  const retryable = status >= 500 || PASSING.has(status);
  if (!retryable) return { delivered: false, retryable, detail };
  const retryAfterMs = readRetryAfterMs(headerOf(headers["retry-after"]), asked.now);
  return {
    delivered: false,
    retryable,
    detail,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** A header sent twice counts once. */
function headerOf(value: string | readonly string[] | undefined): string {
  return (typeof value === "string" ? value : value?.[0]) ?? "";
}

/** The rest of a location may hold a token, like the rest of any URL. */
function originOf(location: string, base: string): string {
  if (location === "" || !URL.canParse(location, base)) return "no readable place";
  const { origin, protocol } = new URL(location, base);
  return origin === "null" ? `a ${protocol} URL` : origin;
}
