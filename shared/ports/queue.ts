/** Our queues, one per function that a queue fires. */
export type QueueName = "intake" | "submit" | "watch" | "notify";

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
}
