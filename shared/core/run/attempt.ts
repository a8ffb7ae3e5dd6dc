import type { OutputFile } from "../execution/execution-result.ts";
import type { Instant } from "../time/instant.ts";

/**
 * One try of a run, from its admission on. It holds the reservation of the same id, and is all there
 * is of its operation (`attempt-operation.ts`).
 */
export interface Attempt {
  /** Counted from 1. */
  readonly number: number;
  readonly admittedAt: Instant;
  readonly instanceType: string;
  /** Units per second while it runs. */
  readonly rate: number;
  /** Units reserved: what it can cost at the very most. */
  readonly unitsHeld: number;
  /** When the program is asked to end, and when it is killed, counted from its start. */
  readonly softLimitMs: number;
  readonly hardLimitMs: number;
  /** Set once the executor accepted it: from here on only polling tells more. */
  readonly launchedAt?: Instant;
  readonly startedAt?: Instant;
  /** Set once its program ended and its outputs are being taken over. */
  readonly collectingAt?: Instant;
  readonly end?: AttemptEnd;
}

/** How an attempt ended and what it cost. */
export interface AttemptEnd {
  readonly endedAt: Instant;
  /** When that was recorded and its units were settled; absent where it is the same instant. */
  readonly settledAt?: Instant;
  readonly exitCode?: number;
  readonly unitsSettled: number;
  readonly outputs: readonly OutputFile[];
  /** The gRPC status of its operation's error; absent where the program spoke for itself. */
  readonly operationError?: number;
  /** Set where its run is tried again: why, which the run itself forgets. Else its run knows. */
  readonly retriedBecause?: string;
}
