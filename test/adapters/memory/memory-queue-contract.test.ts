import { ManualClock } from "../../../shared/adapters/manual/manual-clock.ts";
import { MemoryQueue } from "../../../shared/adapters/memory/memory-queue.ts";
import { limits } from "../../../shared/core/limits.ts";
import { QUEUE_NAMES } from "../../../shared/ports/queue.ts";
import { describeQueue, RECEIVES_MAX, REDELIVERY_MS } from "../../contract/queue.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { at } from "../../support/timing-builder.ts";

const SETTINGS = {
  visibilityTimeoutMs: REDELIVERY_MS,
  maxReceiveCount: RECEIVES_MAX,
  retentionMs: limits.queueRetentionMs,
};

describeQueue("a queue in memory", async () => {
  const clock = new ManualClock(at("2027-01-15T00:00:00Z"));
  const queues = Object.fromEntries(
    QUEUE_NAMES.flatMap((name) => [
      [name, { ...SETTINGS, deadLetter: `${name}-dead` }],
      [`${name}-dead`, SETTINGS],
    ]),
  );
  const memory = new MemoryQueue({ clock, random: seededRandom(1), queues });
  const arrivalIn = async (queue: string): Promise<void> => {
    await new Promise<void>((resolve) => {
      const stop = memory.onArrival((arrived) => {
        if (arrived !== queue) return;
        stop();
        resolve();
      });
    });
  };
  return await Promise.resolve({
    queue: memory,
    now: () => clock.now(),
    next: async (queue, max) => {
      const received = memory.receive(queue, { max });
      if (received.length > 0) return received;
      const nextAt = memory.nextVisibleAt(queue);
      if (nextAt !== undefined) await clock.advance(nextAt - clock.now());
      else await arrivalIn(queue);
      return memory.receive(queue, { max });
    },
    visible: async (queue) => {
      await clock.advance(REDELIVERY_MS / 10);
      return memory.receive(queue, { max: 10 });
    },
    remove: async (queue, messages) => {
      await Promise.resolve();
      memory.acknowledge(
        queue,
        messages.map(({ receipt }) => receipt),
      );
    },
  });
});
