import { plusMs } from "../../core/time/instant.ts";
import type { Alarms, Clock } from "../../ports/clock.ts";
import { YdbFailure } from "./failure.ts";

interface Waiter {
  readonly admit: () => void;
  readonly refuse: (failure: YdbFailure) => void;
}

/** A number of places, taken in the order of asking. */
export class Places {
  readonly #clock: Clock & Alarms;
  readonly #total: number;
  #free: number;
  readonly #waiters: Waiter[] = [];
  #closed: YdbFailure | undefined;

  constructor(clock: Clock & Alarms, total: number) {
    this.#clock = clock;
    this.#total = total;
    this.#free = total;
  }

  /** Takes a place. Rejects with a `YdbFailure` when none is free by then, or ever again. */
  async take(deadlineMs: number): Promise<void> {
    if (this.#closed !== undefined) throw this.#closed;
    const leftMs = deadlineMs - this.#clock.monotonicMs();
    if (leftMs <= 0) throw new YdbFailure("DEADLINE_PASSED", "no session was free before");
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait(leftMs);
  }

  /** Gives a place back: to the first who waits. */
  free(): void {
    const first = this.#waiters.shift();
    if (first === undefined) this.#free += 1;
    else first.admit();
  }

  /** Refuses whoever waits, now and from now on. */
  close(failure: YdbFailure): void {
    this.#closed ??= failure;
    for (const waiter of this.#waiters.splice(0)) waiter.refuse(this.#closed);
  }

  async #wait(leftMs: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const dueAt = plusMs(this.#clock.now(), Math.ceil(leftMs));
      const cancel = this.#clock.set(dueAt, () => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(this.#none(`all ${this.#total} stayed in use for ${Math.ceil(leftMs)} ms`));
      });
      const waiter: Waiter = {
        admit: () => {
          cancel();
          resolve();
        },
        refuse: (failure) => {
          cancel();
          reject(failure);
        },
      };
      this.#waiters.push(waiter);
    });
  }

  #none(why: string): YdbFailure {
    return new YdbFailure("NO_SESSION", `no session with the database: ${why}`);
  }
}
