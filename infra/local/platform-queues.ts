import type { Log } from "../../shared/ports/log.ts";
import type { Queue } from "../../shared/ports/queue.ts";
import type { QueuedMessage } from "./trigger-events.ts";

/** A message that was received, and what it is removed by. */
export interface ConsumedMessage extends QueuedMessage {
  readonly receipt: string;
}

/** The consuming side of queues, as a trigger sees it. */
export interface ConsumedQueues {
  /**
   * Waits for messages and takes at most `max` of them; they stay invisible to others until they are
   * removed or their visibility timeout has passed. None where the signal ended the waiting, or where
   * none came for a while. Rejects where the queue cannot be reached.
   */
  receive(
    queue: string,
    wanted: { readonly max: number; readonly signal: AbortSignal },
  ): Promise<readonly ConsumedMessage[]>;
  /** Removes messages that are done for good; on an error they come again. */
  remove(queue: string, messages: readonly ConsumedMessage[]): Promise<void>;
}

/** The queues of a platform: its services send to them, its triggers consume them. */
export interface PlatformQueues extends Queue, ConsumedQueues {
  /** Their address, as it was given; undefined where they are in this process. */
  readonly address: string | undefined;
  /** Makes sure that they can be worked with. */
  prepare(log: Log): Promise<void>;
  /** Takes over every message that was put down for this platform and is in no queue yet. */
  takeJournaled(): Promise<void>;
  /** Whether nothing is in them that is owed now; what a timer row owes as well does not count. */
  areEmpty(): Promise<boolean>;
  close(): void;
}
