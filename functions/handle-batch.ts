import { messageOf } from "../shared/core/errors.ts";
import type { QueueName } from "../shared/ports/queue.ts";
import { rejectMessage } from "../shared/usecases/reject-message.ts";
import type { Body } from "./message-body.ts";
import { decodeQueueEvent, type QueueMessage } from "./trigger-event.ts";
import { services } from "./wiring.ts";

/**
 * Handles every message of a batch, each on its own. A body that cannot be read is set aside, so it
 * never blocks its batch; a message whose handling failed fails the batch, which is the only way to
 * tell a queue trigger, and then the handled ones come again and find their work done.
 */
export async function handleBatch<T>(
  event: unknown,
  queue: {
    readonly name: QueueName;
    readonly read: (body: string) => Body<T>;
    /** What makes two messages the same work, which is then done once; the message's id unless given. */
    readonly identity?: (message: QueueMessage) => string;
    readonly handle: (value: T, message: QueueMessage) => Promise<void>;
  },
): Promise<void> {
  const { identity = (message: QueueMessage) => message.id } = queue;
  const messages = firstOfEach(decodeQueueEvent(event), identity);
  const results = await Promise.allSettled(
    messages.map(async (message) => {
      const body = queue.read(message.body);
      if (body.ok) await queue.handle(body.value, message);
      else await rejectMessage(services(), { ...message, source: queue.name, reason: body.reason });
    }),
  );
  const failures = results.flatMap((each) =>
    each.status === "rejected" ? [each.reason as unknown] : [],
  );
  if (failures.length === 0) return;
  const text = `${failures.length} of ${messages.length} messages failed: ${failures.map(messageOf).join("; ")}`;
  throw new AggregateError(failures, text);
}

function firstOfEach(
  messages: readonly QueueMessage[],
  identity: (message: QueueMessage) => string,
): readonly QueueMessage[] {
  const seen = new Set<string>();
  return messages.filter((message) => {
    const key = identity(message);
    return !seen.has(key) && seen.add(key);
  });
}
