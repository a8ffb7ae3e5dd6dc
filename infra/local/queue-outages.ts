import { messageOf, OrreryError } from "../../shared/core/errors.ts";
import type { Log } from "../../shared/ports/log.ts";

/**
 * Tells of queues that cannot be received from: each reason once, whatever number of queues and
 * tries it meets, and once that all of them answer again.
 */
export class QueueOutages {
  readonly #log: Log;
  /** Why each queue that fails does. */
  readonly #failing = new Map<string, string>();

  constructor(log: Log) {
    this.#log = log;
  }

  failed(queue: string, error: unknown): void {
    const reason = error instanceof OrreryError ? error.code : messageOf(error);
    const isKnown = [...this.#failing.values()].includes(reason);
    this.#failing.set(queue, reason);
    if (isKnown) return;
    this.#log.write({
      level: "warn",
      name: "queue.unreached",
      message: `The queues cannot be received from, and are asked again: ${messageOf(error)}`,
      fields: { queue, reason },
    });
  }

  answered(queue: string): void {
    if (!this.#failing.delete(queue) || this.#failing.size > 0) return;
    this.#log.write({
      level: "info",
      name: "queue.reached",
      message: "The queues answer again",
      fields: { queue },
    });
  }
}
