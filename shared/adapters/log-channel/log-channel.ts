import * as z from "zod";
import type { Target } from "../../core/notification/subscription.ts";
import type { Channel, DeliveryOutcome, Notification } from "../../ports/channel.ts";
import type { Log } from "../../ports/log.ts";

type LogTarget = Extract<Target, { readonly kind: "log" }>;

const envelope = z.object({ type: z.string(), subject: z.string() });

/**
 * Delivers by writing one log entry, named `notification`, and that always succeeds. The body is a
 * CloudEvent of ours, so one that cannot be read is a bug and throws.
 */
export class LogChannel implements Channel<LogTarget> {
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  deliver(_target: LogTarget, notification: Notification): Promise<DeliveryOutcome> {
    const { type, subject } = envelope.parse(JSON.parse(notification.body));
    this.#log.write({
      level: "info",
      name: "notification",
      message: `${type} ${subject}`,
      fields: { notification: notification.id, type, subject, body: notification.body },
    });
    return Promise.resolve({ delivered: true, detail: "written to the log" });
  }
}
