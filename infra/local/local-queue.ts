import type { Clock } from "../../shared/ports/clock.ts";
import type { OutgoingMessage, Queue, QueueName } from "../../shared/ports/queue.ts";
import type { Random } from "../../shared/ports/random.ts";
import type { JournaledMessage, MessageJournal } from "./message-journal.ts";

/** The queue whose messages nothing else owes: it alone must outlive the process. */
export const DURABLE_QUEUE: QueueName = "intake";

/** The sending side of the in-memory queues. */
interface VolatileQueue extends Queue {
  restore(queue: string, message: JournaledMessage): void;
}

/**
 * The laptop's queues: in memory where timer rows owe the same work anyway, and journaled first
 * where a lost message would be lost work.
 */
export class LocalQueue implements Queue {
  readonly #memory: VolatileQueue;
  readonly #journal: MessageJournal;
  readonly #world: { readonly clock: Clock; readonly random: Random };
  /** Journaled messages that are in memory already. */
  readonly #taken = new Set<string>();

  constructor(
    memory: VolatileQueue,
    journal: MessageJournal,
    world: { readonly clock: Clock; readonly random: Random },
  ) {
    this.#memory = memory;
    this.#journal = journal;
    this.#world = world;
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

  /** Takes over every journaled message that is not in memory yet. */
  async takeJournaled(): Promise<void> {
    for (const message of await this.#journal.list(DURABLE_QUEUE)) this.#take(message);
  }

  /** Forgets messages that are done; a crash before this brings them again, with the same ids. */
  async forget(queue: string, ids: readonly string[]): Promise<void> {
    if (queue !== DURABLE_QUEUE) return;
    await this.#journal.remove(queue, ids);
    for (const id of ids) this.#taken.delete(id);
  }

  #take(message: JournaledMessage): void {
    if (this.#taken.has(message.id)) return;
    this.#taken.add(message.id);
    this.#memory.restore(DURABLE_QUEUE, message);
  }
}
