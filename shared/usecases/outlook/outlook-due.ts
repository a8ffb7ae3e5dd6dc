import { limits } from "../../core/limits.ts";
import { MINUTE_MS } from "../../core/time/duration.ts";
import type { Instant } from "../../core/time/instant.ts";

/** Whether a tick at this instant may look after outlooks. Nothing has to be read to know. */
export function isOutlookDue(now: Instant): boolean {
  const inTurnMs = (now % limits.outlookLooksEveryMs) - limits.outlookLooksAtMs;
  return inTurnMs >= 0 && inTurnMs < MINUTE_MS;
}
