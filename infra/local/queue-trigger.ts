import { messageOf } from "../../shared/core/errors.ts";
import { limits } from "../../shared/core/limits.ts";
import { plusMs } from "../../shared/core/time/instant.ts";
import type { Alarms, Clock } from "../../shared/ports/clock.ts";
import type { Log } from "../../shared/ports/log.ts";
import type { Random } from "../../shared/ports/random.ts";
import type { ConsumedMessage, ConsumedQueues } from "./platform-queues.ts";
import type { QueueOutages } from "./queue-outages.ts";
import { queueEvent } from "./trigger-events.ts";

export interface QueueTriggerOptions {
  readonly queue: string;
  readonly batch: number;
  readonly messages: ConsumedQueues;
  readonly clock: Clock & Alarms;
  readonly random: Pick<Random, "fraction">;
  readonly log: Log;
  readonly outages: QueueOutages;
  /** Calls the function; a rejection fails the whole batch. */
  readonly call: (event: object) => Promise<unknown>;
}

/**
 * Hands a queue's messages to a function as Yandex Message Queue's trigger does: up to `batch` at a
 * time, the whole batch done or the whole batch again after its visibility timeout. What is visible
 * goes at once; nothing waits for a batch to fill, which only the cloud's bill has a use for.
 */
export class QueueTrigger {
  readonly #options: QueueTriggerOptions;
  readonly #stopping = new AbortController();
  /** Batches that are handed over and not removed yet; as many calls are under way. */
  readonly #underWay = new Set<Promise<void>>();
  /** Goes on taking messages, where that waits for a call to end. */
  #goOn: (() => void) | undefined;

  constructor(options: QueueTriggerOptions) {
    this.#options = options;
    void this.#takeMessages();
  }

  /** Takes no more messages; calls under way go on. */
  stop(): void {
    this.#stopping.abort();
    this.#goOn?.();
  }

  /** Resolves once no batch is under way, removal included; it never rejects. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async #takeMessages(): Promise<void> {
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted;) {
      const free = limits.triggerCallsMax - this.#underWay.size;
      if (free === 0) await this.#callEnded();
      else if (await this.#takeOnce(free)) failures = 0;
      else await this.#pauseAfter((failures += 1));
    }
  }

  /** Takes what there is, for at most so many calls; false where the queue could not be asked. */
  async #takeOnce(free: number): Promise<boolean> {
    const { messages, queue, batch, outages } = this.#options;
    const { signal } = this.#stopping;
    try {
      const received = await messages.receive(queue, { max: roomFor(batch, free), signal });
      outages.answered(queue);
      // Stopped meanwhile: they come again, to whoever takes messages then.
      if (signal.aborted) return true;
      for (let from = 0; from < received.length; from += batch) {
        const done = this.#handOver(received.slice(from, from + batch)).then(() => {
          this.#underWay.delete(done);
          this.#goOn?.();
        });
        this.#underWay.add(done);
      }
      return true;
    } catch (error) {
      if (!signal.aborted) outages.failed(queue, error);
      return false;
    }
  }

  async #handOver(batch: readonly ConsumedMessage[]): Promise<void> {
    const { queue, clock, messages, call } = this.#options;
    let what = "failed";
    try {
      await call(queueEvent(queue, batch, clock.now()));
      what = "is done but could not be removed";
      await messages.remove(queue, batch);
    } catch (error) {
      this.#options.log.write({
        level: "error",
        name: "function.failed",
        message: `A batch of ${batch.length} from ${queue} ${what} and comes again: ${messageOf(error)}`,
        fields: { queue, messages: batch.length },
      });
    }
  }

  async #callEnded(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#goOn = resolve;
    });
    this.#goOn = undefined;
  }

  /** Waits longer after each failure; half of the wait is chance, so that triggers spread. */
  async #pauseAfter(failures: number): Promise<void> {
    const { clock, random } = this.#options;
    const { signal } = this.#stopping;
    if (signal.aborted) return;
    const grownMs = Math.min(limits.pollRetryFirstMs * 2 ** (failures - 1), limits.pollRetryMaxMs);
    const waitMs = Math.ceil(grownMs * (0.5 + random.fraction() / 2));
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        cancel();
        signal.removeEventListener("abort", wake);
        resolve();
      };
      const cancel = clock.set(plusMs(clock.now(), waitMs), wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }
}

/**
 * How many messages to ask for: whole batches that can go at once, as many as one call of a queue
 * service brings, and one batch at least.
 */
function roomFor(batch: number, free: number): number {
  const perReceive = Math.floor(limits.ymqBatchMessages / batch);
  return batch * Math.max(1, Math.min(free, perReceive));
}
