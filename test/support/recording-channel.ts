import type { Target } from "../../shared/core/notification/subscription.ts";
import type { Channel, DeliveryOutcome, Notification } from "../../shared/ports/channel.ts";

/** Takes what it is given and answers as it is told. */
export class RecordingChannel<T extends Target> implements Channel<T> {
  readonly received: Notification[] = [];
  /** How the try that was just recorded ends. */
  answer: (notification: Notification) => DeliveryOutcome | Promise<DeliveryOutcome> = () => ({
    delivered: true,
    detail: "200 OK",
  });

  async deliver(_target: T, notification: Notification): Promise<DeliveryOutcome> {
    await Promise.resolve();
    this.received.push(notification);
    return await this.answer(notification);
  }

  /** The types of what was received, without their prefix and version: `run.started`. */
  get types(): readonly string[] {
    return this.received.map(({ body }) => {
      const { type } = JSON.parse(body) as { type: string };
      return type.replace(/^orrery\./, "").replace(/\.v1$/, "");
    });
  }
}
