import type { Queue, QueueName } from "../../ports/queue.ts";
import { countDeadLetters } from "./dead-letters.ts";
import { createQueueClient, type QueueServiceOptions } from "./queue-client.ts";
import { sendMessages } from "./send-messages.ts";

export interface YmqOptions extends QueueServiceOptions {
  /** The URLs as the service gave them: they hold generated parts and are never constructed. */
  readonly queueUrls: Readonly<Record<QueueName, string>>;
}

/**
 * Sends to Yandex Message Queue, or to whatever else speaks the SQS protocol. Nothing connects
 * before the first message. Every call ends within `limits.ymqDeadlineMs`; errors are
 * MESSAGE_TOO_LARGE, MESSAGE_INVALID, and those that begin with QUEUE.
 */
export function openYmq(options: YmqOptions): Required<Queue> & { close(): void } {
  const { queueUrls, endpoint, clock, random } = options;
  const client = createQueueClient(options);
  const { host } = new URL(endpoint);
  return {
    send: async (queue, messages) => {
      if (messages.length === 0) return;
      const to = { name: queue, url: queueUrls[queue], host };
      await sendMessages({ client, clock, random }, to, messages);
    },
    deadLetters: async (queue) =>
      await countDeadLetters(
        { client, clock, random, host },
        { name: queue, url: queueUrls[queue] },
      ),
    close: () => client.close(),
  };
}
