import { SECOND_MS } from "../../core/time/duration.ts";
import type { Instant } from "../../core/time/instant.ts";

/** Nine digits are thirty years. */
const DELAY_SECONDS = /^\d{1,9}$/;

/** RFC 9110, 5.6.7: the one form a sender may generate; the two obsolete forms are ignored. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;

/**
 * What a `Retry-After` asks for, in milliseconds from `now`; a past date asks for none. Undefined
 * where the text is neither seconds nor a date. Source: RFC 9110, 10.2.3.
 */
export function readRetryAfterMs(text: string, now: Instant): number | undefined {
  if (DELAY_SECONDS.test(text)) return Number(text) * SECOND_MS;
  const atMs = HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - now);
}
