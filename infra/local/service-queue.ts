import { OrreryError } from "../../shared/core/errors.ts";
import type { Log } from "../../shared/ports/log.ts";
import {
  type OutgoingMessage,
  QUEUE_NAMES,
  type Queue,
  type QueueName,
} from "../../shared/ports/queue.ts";
import { DURABLE_QUEUE } from "./local-queue.ts";
import type { MessageJournal } from "./message-journal.ts";
import type { ConsumedMessage, ConsumedQueues, PlatformQueues } from "./platform-queues.ts";

/** An attribute of a queue that is not as `serverless.yaml` has it. */
interface Difference {
  readonly queue: string;
  readonly attribute: string;
  readonly found: string;
  readonly expected: string;
}

/** Queues of a service elsewhere. */
interface Service extends Required<Queue>, ConsumedQueues {
  prepare(report: (difference: Difference) => void): Promise<void>;
  depthOf(queue: string): Promise<{ readonly visible: number; readonly inFlight: number }>;
  close(): void;
}

/**
 * A platform's queues at a service. They outlive the process, so nothing is journaled; what a
 * command beside the platform journaled, or a platform before, is sent on.
 */
export class ServiceQueue implements PlatformQueues {
  readonly address: string;
  readonly #service: Service;
  readonly #journal: MessageJournal;

  constructor(address: string, service: Service, journal: MessageJournal) {
    this.address = address;
    this.#service = service;
    this.#journal = journal;
  }

  async prepare(log: Log): Promise<void> {
    await this.#service.prepare(({ queue, attribute, found, expected }) => {
      log.write({
        level: "warn",
        name: "queue.differs",
        message:
          `Queue ${queue} was there before, and its ${attribute} is ${found}, not ${expected} as ` +
          "serverless.yaml has it. It is left as it is: set the attribute at the service, or delete " +
          "the queue while no platform runs, and the next start makes it anew",
        fields: { queue, attribute },
      });
    });
  }

  async send(queue: QueueName, messages: readonly OutgoingMessage[]): Promise<void> {
    await this.#service.send(queue, messages);
  }

  async receive(
    queue: string,
    wanted: { readonly max: number; readonly signal: AbortSignal },
  ): Promise<readonly ConsumedMessage[]> {
    return await this.#service.receive(queue, wanted);
  }

  async remove(queue: string, messages: readonly ConsumedMessage[]): Promise<void> {
    await this.#service.remove(queue, messages);
  }

  async deadLetters(queue: QueueName): Promise<number> {
    return await this.#service.deadLetters(queue);
  }

  /** A crash between the two sends a message again; its own id makes that one run. */
  async takeJournaled(): Promise<void> {
    for (const { id, body } of await this.#journal.list(DURABLE_QUEUE)) {
      await this.#service.send(DURABLE_QUEUE, [{ body, delayMs: 0 }]);
      await this.#journal.remove(DURABLE_QUEUE, [id]);
    }
  }

  /**
   * By the service's approximate counts. What is invisible counts in the durable queue alone: in the
   * others it may be what a crash left in flight, for minutes, and timer rows owe its work.
   */
  async areEmpty(): Promise<boolean> {
    try {
      for (const queue of QUEUE_NAMES) {
        const { visible, inFlight } = await this.#service.depthOf(queue);
        if (visible > 0 || (queue === DURABLE_QUEUE && inFlight > 0)) return false;
      }
      return true;
    } catch (error) {
      // The triggers tell that the service cannot be reached; nobody knows what it holds.
      if (error instanceof OrreryError) return false;
      throw error;
    }
  }

  close(): void {
    this.#service.close();
  }
}
