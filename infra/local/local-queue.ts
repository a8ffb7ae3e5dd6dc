import type { Instant } from "../../shared/core/time/instant.ts";
import type { Alarms, Clock } from "../../shared/ports/clock.ts";
import {
  type OutgoingMessage,
  QUEUE_NAMES,
  type Queue,
  type QueueName,
} from "../../shared/ports/queue.ts";
import type { Random } from "../../shared/ports/random.ts";
import type { JournaledMessage, MessageJournal } from "./message-journal.ts";
import type { ConsumedMessage, PlatformQueues } from "./platform-queues.ts";

/** The queue whose messages nothing else owes: it alone must outlive the process. */
export const DURABLE_QUEUE: QueueName = "intake";

/** Queues in memory: they answer at once, and say when to look again. */
interface VolatileQueue extends Queue {
  restore(queue: string, message: JournaledMessage): void;
  receive(queue: string, page: { readonly max: number }): readonly ConsumedMessage[];
  acknowledge(queue: string, receipts: readonly string[]): void;
  nextVisibleAt(queue: string): Instant | undefined;
  onArrival(listener: (queue: string) => void): () => void;
  deadLetters(queue: string): Promise<number>;
  depthOf(queue: string): { readonly visible: number; readonly inFlight: number };
}

/**
 * The laptop's queues: in memory where timer rows owe the same work anyway, and journaled first
 * where a lost message would be lost work.
 */
export class LocalQueue implements PlatformQueues {
  readonly address = undefined;
  readonly #memory: VolatileQueue;
  readonly #journal: MessageJournal;
  readonly #world: { readonly clock: Clock & Alarms; readonly random: Random };
  /** Journaled messages that are in memory already. */
  readonly #taken = new Set<string>();

  constructor(
    memory: VolatileQueue,
    journal: MessageJournal,
    world: { readonly clock: Clock & Alarms; readonly random: Random },
  ) {
    this.#memory = memory;
    this.#journal = journal;
    this.#world = world;
  }

  async prepare(): Promise<void> {
    await Promise.resolve();
  }

  async send(queue: QueueName, messages: readonly OutgoingMessage[]): Promise<void> {
    if (queue !== DURABLE_QUEUE) {
      await this.#memory.send(queue, messages);
      return;
    }
    for (const { body } of messages) {
      const message = { id: this.#world.random.id(), body, sentAt: this.#world.clock.now() };
      await this.#journal.add(queue, message);
      this.#take(message);
    }
  }

  async receive(
    queue: string,
    { max, signal }: { readonly max: number; readonly signal: AbortSignal },
  ): Promise<readonly ConsumedMessage[]> {
    while (!signal.aborted) {
      const received = this.#memory.receive(queue, { max });
      if (received.length > 0) return received;
      await this.#somethingVisible(queue, signal);
    }
    return [];
  }

  /** Out of the journal first: a crash in between brings messages again, with the same ids. */
  async remove(queue: string, messages: readonly ConsumedMessage[]): Promise<void> {
    const ids = messages.map((message) => message.id);
    if (queue === DURABLE_QUEUE) await this.#journal.remove(queue, ids);
    for (const id of ids) this.#taken.delete(id);
    const receipts = messages.map(({ receipt }) => receipt);
    this.#memory.acknowledge(queue, receipts);
  }

  /** Takes over every journaled message that is not in memory yet. */
  async takeJournaled(): Promise<void> {
    for (const message of await this.#journal.list(DURABLE_QUEUE)) this.#take(message);
  }

  async deadLetters(queue: QueueName): Promise<number> {
    return await this.#memory.deadLetters(queue);
  }

  async areEmpty(): Promise<boolean> {
    const isEmpty = QUEUE_NAMES.every((queue) => {
      const { visible, inFlight } = this.#memory.depthOf(queue);
      return visible + inFlight === 0;
    });
    return await Promise.resolve(isEmpty);
  }

  close(): void {
    // They end with the process.
  }

  #take(message: JournaledMessage): void {
    if (this.#taken.has(message.id)) return;
    this.#taken.add(message.id);
    this.#memory.restore(DURABLE_QUEUE, message);
  }

  /** Resolves when a message may have become visible, by arriving or by its time, or at the signal. */
  async #somethingVisible(queue: string, signal: AbortSignal): Promise<void> {
    const { clock } = this.#world;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        stopListening();
        cancelAlarm();
        signal.removeEventListener("abort", wake);
        resolve();
      };
      const nextAt = this.#memory.nextVisibleAt(queue);
      const cancelAlarm = nextAt === undefined ? () => undefined : clock.set(nextAt, wake);
      const stopListening = this.#memory.onArrival((arrived) => {
        if (arrived === queue) wake();
      });
      signal.addEventListener("abort", wake, { once: true });
    });
  }
}
