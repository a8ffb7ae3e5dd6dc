import { plusMs } from "../../core/time/instant.ts";
import type { Alarms, Clock } from "../../ports/clock.ts";

export interface Pace {
  /** At most so many operations … */
  readonly operations: number;
  /** … in any stretch of time this long. */
  readonly windowMs: number;
}

/** Keeps operations under a quota that is counted over a sliding window. */
export class SchemaPace {
  readonly #clock: Clock & Alarms;
  readonly #pace: Pace | undefined;
  /** When the latest operations began, on the monotonic clock; as many as fit a window. */
  #begunMs: readonly number[] = [];

  /** Without a pace nothing ever waits. */
  constructor(clock: Clock & Alarms, pace: Pace | undefined) {
    this.#clock = clock;
    this.#pace = pace;
  }

  /** How long the next operation has to wait as things stand, in ms. */
  waitMs(): number {
    if (this.#pace === undefined) return 0;
    const { operations, windowMs } = this.#pace;
    const first = this.#begunMs.at(-operations);
    return first === undefined ? 0 : Math.max(0, first + windowMs - this.#clock.monotonicMs());
  }

  /** Resolves when the next operation may begin, and counts it. One caller at a time. */
  async turn(): Promise<void> {
    for (let waitMs = this.waitMs(); waitMs > 0; waitMs = this.waitMs()) {
      await pause(this.#clock, waitMs);
    }
    const most = this.#pace?.operations ?? 1;
    this.#begunMs = [...this.#begunMs, this.#clock.monotonicMs()].slice(-most);
  }
}

/** Resolves after some time has passed. */
export async function pause(clock: Clock & Alarms, waitMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    clock.set(plusMs(clock.now(), Math.ceil(waitMs)), resolve);
  });
}
