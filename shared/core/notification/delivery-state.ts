import { limits } from "../limits.ts";
import { backoffMs, type Backoff } from "../run/retry.ts";
import { plusMs } from "../time/instant.ts";
import type { Delivery, DeliveryTry } from "./delivery.ts";

const BACKOFF: Backoff = {
  initialMs: limits.deliveryBackoffFirstMs,
  factor: 2,
  maxMs: limits.deliveryBackoffMaxMs,
  jitter: "none",
};

export interface TryResult extends DeliveryTry {
  readonly result: "delivered" | "rejected" | "failed";
  /** What the receiver asked for; it may lengthen the wait, up to the longest backoff. */
  readonly retryAfterMs?: number;
  /** In [0, 1): spreads retries over a tenth of the wait, so receivers do not see a herd. */
  readonly draw: number;
}

/**
 * Records one try. A delivered or buried delivery never changes again; a rejected one, or one out
 * of tries, is buried with its history.
 */
export function recordTry(delivery: Delivery, attempt: TryResult): Delivery {
  if (delivery.state !== "pending") return delivery;
  const { at, tookMs, detail } = attempt;
  const tried: Delivery = { ...delivery, tries: [...delivery.tries, { at, tookMs, detail }] };
  if (attempt.result === "delivered") return { ...tried, state: "delivered" };
  if (attempt.result === "rejected" || tried.tries.length >= limits.deliveryAttemptsMax) {
    return { ...tried, state: "buried" };
  }
  const backoff = backoffMs(BACKOFF, tried.tries.length, 0);
  const asked = Math.min(attempt.retryAfterMs ?? 0, limits.deliveryBackoffMaxMs);
  const waitMs = Math.max(backoff, asked);
  return { ...tried, nextTryAt: plusMs(at, waitMs + Math.floor((waitMs / 10) * attempt.draw)) };
}
