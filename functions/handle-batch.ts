import { messageOf } from "../shared/core/errors.ts";
import type { QueueName } from "../shared/ports/queue.ts";
import { rejectMessage } from "../shared/usecases/reject-message.ts";
import type { Body } from "./message-body.ts";
import { decodeQueueEvent, type QueueMessage } from "./trigger-event.ts";
import { services } from "./wiring.ts";

const NEEDS = ["store", "clock", "log", "telemetry"] as const;

/** A message whose body could be read. */
export interface Readable<T> {
  readonly value: T;
  readonly message: QueueMessage;
}

/**
 * Handles the messages of a batch. A body that cannot be read is set aside, so it never blocks its
 * batch; a message whose handling failed fails the batch, which is the only way to tell a queue
 * trigger, and then the handled ones come again and find their work done.
 */
export async function handleBatch<T>(
  event: unknown,
  queue: {
    readonly name: QueueName;
    readonly read: (body: string) => Body<T>;
    /** What makes two messages the same work, which is then done once; the message's id unless given. */
    readonly identity?: (value: T) => string;
    /** What a message is about, as its row is named. */
    readonly subject: (value: T) => string;
    /** Resolves to what failed, an error for each message. */
    readonly handle: (messages: readonly Readable<T>[]) => Promise<readonly unknown[]>;
  },
): Promise<void> {
  const { identity } = queue;
  const { telemetry } = services(NEEDS);
  const bodies = firstOfEach(
    decodeQueueEvent(event).map((message) => ({ message, body: queue.read(message.body) })),
    ({ message, body }) =>
      body.ok && identity !== undefined ? identity(body.value) : `message ${message.id}`,
  );
  const readable = bodies.flatMap(({ message, body }) =>
    body.ok ? [{ value: body.value, message, parent: body.parent }] : [],
  );
  const about = readable.map(({ value, parent }) => ({ subject: queue.subject(value), parent }));
  const handled = async (): Promise<readonly unknown[]> =>
    readable.length === 0 ? [] : await queue.handle(readable);
  const [failed, rejected] = await Promise.all([
    telemetry.messages(about, handled),
    failuresOf(bodies, async ({ message, body }) => {
      if (body.ok) return;
      await rejectMessage(services(NEEDS), { ...message, source: queue.name, reason: body.reason });
    }),
  ]);
  const failures = [...failed, ...rejected];
  const count = (outcome: "handled" | "failed", of: number): void => {
    if (of > 0) telemetry.count("orrery.messages", of, { queue: queue.name, outcome });
  };
  // One that could not be set aside fails too; those that were are counted where that is done.
  count("handled", readable.length - failed.length);
  count("failed", failures.length);
  if (failures.length === 0) return;
  const text = `${failures.length} of ${bodies.length} messages failed: ${failures.map(messageOf).join("; ")}`;
  throw new AggregateError(failures, text);
}

/** Does the same for each, side by side and each on its own; resolves to what failed. */
export async function failuresOf<T>(
  things: readonly T[],
  handle: (thing: T) => Promise<void>,
): Promise<readonly unknown[]> {
  const results = await Promise.allSettled(things.map(async (thing) => await handle(thing)));
  return results.flatMap((each) => (each.status === "rejected" ? [each.reason as unknown] : []));
}

function firstOfEach<T>(things: readonly T[], identity: (thing: T) => string): readonly T[] {
  const seen = new Set<string>();
  return things.filter((thing) => {
    const key = identity(thing);
    return !seen.has(key) && seen.add(key);
  });
}
