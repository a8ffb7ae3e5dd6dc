import { setImmediate } from "node:timers/promises";
import { assert } from "../../core/assert.ts";
import { type Instant, plusMs } from "../../core/time/instant.ts";
import type { Alarms, Clock } from "../../ports/clock.ts";

interface Alarm {
  readonly dueAt: Instant;
  readonly wake: () => void;
}

/** Waits until what an alarm woke has done all it will do at this instant. */
type Settle = () => Promise<unknown>;

/**
 * Time that moves only when told to. Alarms fire in due order, those of one instant in the order
 * in which they were set, and each finds the clock at its own instant.
 */
export class ManualClock implements Clock, Alarms {
  readonly #startAt: Instant;
  readonly #settle: Settle;
  #nowAt: Instant;
  #alarms: Alarm[] = [];
  #isAdvancing = false;

  /**
   * `settle` is awaited around every alarm. The default lets one turn of the event loop pass, which
   * settles promises but not files or sockets: work that needs those brings its own.
   */
  constructor(startAt: Instant, settle: Settle = async () => await setImmediate()) {
    this.#startAt = startAt;
    this.#nowAt = startAt;
    this.#settle = settle;
  }

  now(): Instant {
    return this.#nowAt;
  }

  monotonicMs(): number {
    return this.#nowAt - this.#startAt;
  }

  /** An alarm for now or earlier fires with the next `advance`, be it by zero. */
  set(dueAt: Instant, wake: () => void): () => void {
    const alarm = { dueAt, wake };
    this.#alarms.push(alarm);
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm);
    };
  }

  /**
   * Moves time on, firing every alarm on the way, also those set on the way. Resolves at the new
   * instant; rejects with what an alarm threw, standing at the instant of that alarm.
   */
  async advance(durationMs: number): Promise<void> {
    assert(durationMs >= 0, "time never goes backwards");
    assert(!this.#isAdvancing, "one advance ends before the next begins");
    this.#isAdvancing = true;
    try {
      const targetAt = plusMs(this.#nowAt, durationMs);
      await this.#settle();
      for (let alarm = this.#takeDue(targetAt); alarm; alarm = this.#takeDue(targetAt)) {
        if (alarm.dueAt > this.#nowAt) this.#nowAt = alarm.dueAt;
        alarm.wake();
        await this.#settle();
      }
      this.#nowAt = targetAt;
    } finally {
      this.#isAdvancing = false;
    }
  }

  /** The instant of the next alarm, which is where a simulation may jump to. */
  nextAlarmAt(): Instant | undefined {
    return this.#first()?.dueAt;
  }

  #takeDue(throughAt: Instant): Alarm | undefined {
    const first = this.#first();
    if (first === undefined || first.dueAt > throughAt) return undefined;
    this.#alarms.splice(this.#alarms.indexOf(first), 1);
    return first;
  }

  #first(): Alarm | undefined {
    let first = this.#alarms[0];
    for (const alarm of this.#alarms) {
      if (first === undefined || alarm.dueAt < first.dueAt) first = alarm;
    }
    return first;
  }
}
