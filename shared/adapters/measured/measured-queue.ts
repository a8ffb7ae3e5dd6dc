import type { Queue } from "../../ports/queue.ts";
import type { Telemetry } from "../../ports/telemetry.ts";

/** The same queue, each sending a span. */
export function measuredQueue(queue: Queue, telemetry: Telemetry): Queue {
  return {
    send: async (name, messages) => {
      const facts = { queue: name, messages: messages.length };
      await telemetry.span({ name: `send ${name}`, kind: "client", facts }, async () => {
        try {
          await queue.send(name, messages);
        } catch (error) {
          telemetry.count("orrery.queue.refused", messages.length, { queue: name });
          throw error;
        }
      });
    },
    ...(queue.deadLetters === undefined
      ? {}
      : { deadLetters: async (name) => (await queue.deadLetters?.(name)) ?? 0 }),
  };
}
