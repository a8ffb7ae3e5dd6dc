import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { limits } from "../../shared/core/limits.ts";
import type { Target } from "../../shared/core/notification/subscription.ts";
import { instant } from "../../shared/core/time/instant.ts";
import type { Channel, Notification } from "../../shared/ports/channel.ts";

/** What came out at the far end of a channel. */
export type Received = Pick<Notification, "id" | "body">;

/** A channel with a receiver that accepts everything. */
export interface ChannelHarness<T extends Target> {
  readonly channel: Channel<T>;
  readonly target: T;
  /** In the order of arrival. */
  received(): readonly Received[];
  dispose(): Promise<void>;
}

/** A notification that leaves now, so that a signature over it is fresh. */
export function aNotification(fields: Partial<Notification> = {}): Notification {
  const event = {
    specversion: "1.0",
    id: "5f1d8a0c",
    source: "/orrery/projects/demo/schedules/nightly",
    type: "orrery.run.failed.v1",
    subject: "nightly.20270115T023000Z.0a1b2c3d",
    time: "2027-01-15T02:31:00Z",
    data: { reason: "Ошибка в ячейке 3 \u{1f4a5}" },
  };
  const body = JSON.stringify(event);
  return { id: "ops.0123456789abcdef", sentAt: instant(Date.now()), body, ...fields };
}

/** What every channel does, whatever it delivers to. */
export function describeChannel<T extends Target>(
  name: string,
  makeHarness: () => Promise<ChannelHarness<T>>,
): void {
  describe(`${name} with a willing receiver`, () => {
    let harness: ChannelHarness<T>;
    beforeEach(async () => {
      harness = await makeHarness();
    });
    afterEach(async () => {
      await harness.dispose();
    });

    it("hands over the id and the body as they are", async () => {
      const { channel, target } = harness;
      const notification = aNotification();

      const outcome = await channel.deliver(target, notification);

      expect(outcome.delivered).toBe(true);
      expect(harness.received()).toEqual([{ id: notification.id, body: notification.body }]);
    });

    it("sends the same id and body again when asked again", async () => {
      const { channel, target } = harness;

      await channel.deliver(target, aNotification());
      await channel.deliver(target, aNotification());

      const [first, ...repeats] = harness.received();
      expect(repeats).toEqual([first]);
    });

    it("delivers many at once", async () => {
      const { channel, target } = harness;
      const ids = Array.from({ length: 20 }, (_, index) => `ops.${index}`);

      const outcomes = await Promise.all(
        ids.map(async (id) => await channel.deliver(target, aNotification({ id }))),
      );

      expect(outcomes.every(({ delivered }) => delivered)).toBe(true);
      const received = harness.received().map(({ id }) => id);
      expect(received.sort()).toEqual(ids.sort());
    });

    it("says how it went in one short printable line", async () => {
      const { detail } = await harness.channel.deliver(harness.target, aNotification());

      expect(detail).toMatch(/^[\P{C}]+$/u);
      expect(detail.length).toBeLessThanOrEqual(limits.deliveryAnswerBytes);
    });
  });
}
