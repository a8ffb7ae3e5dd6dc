import { messageOf } from "../../shared/core/errors.ts";
import { limits } from "../../shared/core/limits.ts";
import type { Instant } from "../../shared/core/time/instant.ts";
import type { Alarms, Clock } from "../../shared/ports/clock.ts";
import type { Log } from "../../shared/ports/log.ts";
import { queueEvent, type QueuedMessage } from "./trigger-events.ts";

/** The consuming side of a queue. */
interface ConsumedQueue {
  receive(
    queue: string,
    page: { readonly max: number },
  ): readonly (QueuedMessage & { readonly receipt: string })[];
  acknowledge(queue: string, receipts: readonly string[]): void;
  nextVisibleAt(queue: string): Instant | undefined;
  onArrival(listener: (queue: string) => void): () => void;
}

export interface QueueTriggerOptions {
  readonly queue: string;
  readonly batch: number;
  readonly messages: ConsumedQueue;
  readonly clock: Clock & Alarms;
  readonly log: Log;
  /** Calls the function; a rejection fails the whole batch. */
  readonly call: (event: object) => Promise<unknown>;
  /** Told once a batch is done for good. */
  readonly onDone: (ids: readonly string[]) => Promise<void>;
}

/**
 * Hands a queue's messages to a function as Yandex Message Queue's trigger does: up to `batch` at a
 * time, the whole batch done or the whole batch again after its visibility timeout. What is visible
 * goes at once; nothing waits for a batch to fill, which only the cloud's bill has a use for.
 */
export class QueueTrigger {
  readonly #options: QueueTriggerOptions;
  readonly #stopListening: () => void;
  #cancelAlarm: (() => void) | undefined;
  #calls = 0;
  #stopped = false;

  constructor(options: QueueTriggerOptions) {
    this.#options = options;
    this.#stopListening = options.messages.onArrival((queue) => {
      if (queue === options.queue) this.#pump();
    });
    this.#pump();
  }

  /** Takes no more messages; calls under way go on. */
  stop(): void {
    this.#stopped = true;
    this.#stopListening();
    this.#cancelAlarm?.();
  }

  #pump(): void {
    const { messages, queue, batch } = this.#options;
    while (!this.#stopped && this.#calls < limits.triggerCallsMax) {
      const received = messages.receive(queue, { max: batch });
      if (received.length === 0) break;
      this.#calls += 1;
      void this.#handOver(received);
    }
    this.#arm();
  }

  async #handOver(
    received: readonly (QueuedMessage & { readonly receipt: string })[],
  ): Promise<void> {
    const { queue, clock, log, messages, call, onDone } = this.#options;
    try {
      await call(queueEvent(queue, received, clock.now()));
      await onDone(received.map((message) => message.id));
      messages.acknowledge(
        queue,
        received.map((message) => message.receipt),
      );
    } catch (error) {
      log.write({
        level: "error",
        name: "function.failed",
        message: `A batch of ${received.length} from ${queue} failed and comes again: ${messageOf(error)}`,
        fields: { queue, messages: received.length },
      });
    } finally {
      this.#calls -= 1;
      this.#pump();
    }
  }

  /** One alarm at the next moment a message becomes visible; a busy trigger pumps when a call ends. */
  #arm(): void {
    this.#cancelAlarm?.();
    this.#cancelAlarm = undefined;
    const { messages, queue, clock } = this.#options;
    if (this.#stopped || this.#calls >= limits.triggerCallsMax) return;
    const nextAt = messages.nextVisibleAt(queue);
    if (nextAt === undefined) return;
    this.#cancelAlarm = clock.set(nextAt, () => {
      this.#pump();
    });
  }
}
