import { assert } from "../core/assert.ts";
import { OrreryError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";

/** Our queues, one per function that a queue fires. */
export type QueueName = "intake" | "submit" | "watch" | "notify";

/** Every one of them. */
export const QUEUE_NAMES = [
  "intake",
  "submit",
  "watch",
  "notify",
] as const satisfies readonly QueueName[];

export interface OutgoingMessage {
  /** At most `limits.queueMessageBytes` of UTF-8. */
  readonly body: string;
  /** 0 to `limits.queueDelayMs`; an engine may round up to whole seconds. */
  readonly delayMs: number;
}

/**
 * A queue that delivers at least once, in no order. Queues only make things prompt: whatever a
 * message asks for is also owed by a timer row, so losing every message loses no work.
 */
export interface Queue {
  /** Resolves once every message is accepted; on an error some may have been. */
  send(queue: QueueName, messages: readonly OutgoingMessage[]): Promise<void>;
  /** How many messages of a queue were given up, where an engine can tell. */
  deadLetters?(queue: QueueName): Promise<number>;
}

/** Refuses what no queue takes, before any of it is sent; every queue asks this first. */
export function checkMessage(queue: string, { body, delayMs }: OutgoingMessage): void {
  assert(
    Number.isSafeInteger(delayMs) && delayMs >= 0 && delayMs <= limits.queueDelayMs,
    `a message to ${queue} is delayed by 0 to ${limits.queueDelayMs} ms, got ${delayMs}`,
  );
  checkMessageBody(queue, body);
}

/** Throws MESSAGE_INVALID for an empty body and MESSAGE_TOO_LARGE for one that no queue takes. */
export function checkMessageBody(queue: string, body: string): void {
  if (body === "") {
    throw new OrreryError("MESSAGE_INVALID", `A message to ${queue} is empty: nothing was sent`);
  }
  const bytes = Buffer.byteLength(body);
  if (bytes <= limits.queueMessageBytes) return;
  throw new OrreryError(
    "MESSAGE_TOO_LARGE",
    `A message to ${queue} has ${bytes} bytes, and at most ${limits.queueMessageBytes} fit: ` +
      "nothing was sent; send a reference instead of the data",
  );
}
