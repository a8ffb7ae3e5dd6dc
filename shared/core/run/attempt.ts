import type { OutputFile } from "../execution/execution-result.ts";
import type { OperationId } from "../ids.ts";
import type { Instant } from "../time/instant.ts";

/** One try of a run, from its admission on. It holds the reservation of the same id. */
export interface Attempt {
  /** Counted from 1. */
  readonly number: number;
  readonly operation: OperationId;
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
  /** How often it was polled while running; the next poll is that much later. */
  readonly polls: number;
  readonly end?: AttemptEnd;
}

/** How an attempt ended and what it cost. */
export interface AttemptEnd {
  readonly endedAt: Instant;
  readonly exitCode?: number;
  readonly unitsSettled: number;
  readonly outputs: readonly OutputFile[];
}
