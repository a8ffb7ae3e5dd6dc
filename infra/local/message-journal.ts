import { limits } from "../../shared/core/limits.ts";
import { instant, type Instant } from "../../shared/core/time/instant.ts";
import { checkMessageBody } from "../../shared/ports/queue.ts";
import type { Store } from "../../shared/ports/store.ts";
import { defineTable } from "../../shared/ports/table.ts";

/** Messages that must outlive the process: what other systems sent and nothing else owes yet. */
export const messagesTable = defineTable(
  "messages",
  { queue: "text", message: "text", sent_at: "int", body: "text" },
  ["queue", "message"],
);

export interface JournaledMessage {
  readonly id: string;
  readonly body: string;
  readonly sentAt: Instant;
}

/**
 * Keeps messages in the store until they are done. Any process may add one; the platform takes
 * them over with their ids, so a message that comes again after a crash is known as the same.
 */
export class MessageJournal {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * The message survives any crash from the moment this resolves. One that no queue takes is
   * refused here, because it would stand in the way of every later start.
   */
  async add(queue: string, message: JournaledMessage): Promise<void> {
    checkMessageBody(queue, message.body);
    await this.#store.transact("journal-message", async (tx) => {
      await Promise.resolve();
      const { id, sentAt, body } = message;
      tx.put(messagesTable, { queue, message: id, sent_at: sentAt, body });
    });
  }

  async list(queue: string): Promise<readonly JournaledMessage[]> {
    const found: JournaledMessage[] = [];
    let after: { queue: string; message: string } | undefined;
    for (;;) {
      const page = { prefix: { queue }, limit: limits.scanRows, ...(after && { after }) };
      const rows = await this.#store.snapshot(
        async (reader) => await reader.scan(messagesTable, page),
      );
      for (const { message, sent_at, body } of rows) {
        found.push({ id: message, body, sentAt: instant(sent_at) });
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < limits.scanRows) return found;
      after = { queue, message: last.message };
    }
  }

  async remove(queue: string, ids: readonly string[]): Promise<void> {
    await this.#store.transact("forget-messages", async (tx) => {
      await Promise.resolve();
      for (const message of ids) tx.delete(messagesTable, { queue, message });
    });
  }
}
