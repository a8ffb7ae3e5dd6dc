import type { Instant } from "../core/time/instant.ts";

/** The only source of time. A use case reads `now` once per pass and uses it throughout. */
export interface Clock {
  /** Wall time, for what is stored and compared with stored instants. */
  now(): Instant;
  /** Milliseconds from an arbitrary start that never go backwards, for measuring. */
  monotonicMs(): number;
}

/** Wakes code at an instant of the same clock; only a platform, never a function, needs it. */
export interface Alarms {
  /** Calls `wake` once, at or after `dueAt`; the returned function cancels it. */
  set(dueAt: Instant, wake: () => void): () => void;
}
