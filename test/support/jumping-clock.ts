import { type Instant, plusMs } from "../../shared/core/time/instant.ts";
import type { Alarms, Clock } from "../../shared/ports/clock.ts";

interface Watch {
  readonly dueAt: Instant;
  readonly wake: () => void;
}

/**
 * Time for whoever waits and for whoever watches that something ends in time. A wait is over at
 * once, and time has then passed by as much; a watch ends where that, or `pass`, brings time so far.
 * So what takes seconds is tested in milliseconds, and never ends early because a machine is slow.
 */
export class JumpingClock {
  #nowAt: Instant;
  readonly #startAt: Instant;
  #watches: Watch[] = [];
  /** Every wait so far, in ms. */
  readonly waitedMs: number[] = [];

  constructor(startAt: Instant) {
    this.#startAt = startAt;
    this.#nowAt = startAt;
  }

  /** For whoever waits: its alarms go off at once. */
  readonly waits: Clock & Alarms = {
    ...this.#clock(),
    set: (dueAt, wake) => {
      const immediate = setImmediate(() => {
        this.waitedMs.push(Math.max(0, dueAt - this.#nowAt));
        this.pass(dueAt - this.#nowAt);
        wake();
      });
      return () => clearImmediate(immediate);
    },
  };

  /** For whoever watches: its alarms go off when time has come so far. */
  readonly watches: Clock & Alarms = {
    ...this.#clock(),
    set: (dueAt, wake) => {
      const watch = { dueAt, wake };
      this.#watches.push(watch);
      return () => {
        this.#watches = this.#watches.filter((other) => other !== watch);
      };
    },
  };

  /** Lets so much time pass. */
  pass(durationMs: number): void {
    this.#nowAt = plusMs(this.#nowAt, Math.max(0, durationMs));
    const due = this.#watches.filter(({ dueAt }) => dueAt <= this.#nowAt);
    this.#watches = this.#watches.filter(({ dueAt }) => dueAt > this.#nowAt);
    for (const { wake } of due) wake();
  }

  /** Lets time pass until the first watch ends; for who knows that nothing else will happen. */
  passToNextWatch(): void {
    const first = Math.min(...this.#watches.map(({ dueAt }) => dueAt));
    if (Number.isFinite(first)) this.pass(first - this.#nowAt);
  }

  #clock(): Clock {
    return {
      now: () => this.#nowAt,
      monotonicMs: () => this.#nowAt - this.#startAt,
    };
  }
}
