import type { Target } from "../../core/notification/subscription.ts";
import type { Channel } from "../../ports/channel.ts";
import type { Telemetry } from "../../ports/telemetry.ts";

/** The same channel, each try a span, which is where its receiver's trace goes on. */
export function measuredChannel<T extends Target>(
  channel: Channel<T>,
  kind: T["kind"],
  telemetry: Telemetry,
): Channel<T> {
  return {
    deliver: async (target, notification) => {
      const span = { name: `deliver ${kind}`, kind: "client", subject: notification.id } as const;
      return await telemetry.span(span, async () => {
        const traceParent = telemetry.here();
        return await channel.deliver(target, {
          ...notification,
          ...(traceParent === undefined ? {} : { traceParent }),
        });
      });
    },
  };
}
