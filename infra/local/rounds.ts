import { messageOf } from "../../shared/core/errors.ts";
import { plusMs } from "../../shared/core/time/instant.ts";
import type { Alarms, Clock } from "../../shared/ports/clock.ts";
import type { Log } from "../../shared/ports/log.ts";

/** Chores that a platform does again and again. One that fails is logged and done again. */
export class Rounds {
  readonly #clock: Clock & Alarms;
  readonly #log: Log;
  readonly #cancels = new Set<() => void>();
  readonly #underWay = new Set<Promise<void>>();
  #stopped = false;

  constructor(clock: Clock & Alarms, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Does a chore `periodMs` after it was last done; never twice at once. */
  every(periodMs: number, chore: () => Promise<void>): void {
    if (this.#stopped) return;
    const cancel = this.#clock.set(plusMs(this.#clock.now(), periodMs), () => {
      this.#cancels.delete(cancel);
      const done = this.#do(chore).then(() => {
        this.#underWay.delete(done);
        this.every(periodMs, chore);
      });
      this.#underWay.add(done);
    });
    this.#cancels.add(cancel);
  }

  /** Begins no chore any more; resolves once those under way are done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const cancel of this.#cancels) cancel();
    await Promise.all(this.#underWay);
  }

  async #do(chore: () => Promise<void>): Promise<void> {
    try {
      await chore();
    } catch (error) {
      const message = `A chore failed and is tried again: ${messageOf(error)}`;
      this.#log.write({ level: "error", name: "platform.chore-failed", message, fields: {} });
    }
  }
}
