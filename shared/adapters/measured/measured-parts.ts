import type { Target } from "../../core/notification/subscription.ts";
import type { Channel } from "../../ports/channel.ts";
import type { Executor } from "../../ports/executor.ts";
import type { Queue } from "../../ports/queue.ts";
import type { Store } from "../../ports/store.ts";
import { measuredChannel } from "./measured-channel.ts";
import { measuredExecutor } from "./measured-executor.ts";
import { measuredQueue } from "./measured-queue.ts";
import { measuredStore, type Measuring } from "./measured-store.ts";

/** The ways out of a process that are worth a span and a duration. */
interface Measurable {
  readonly store?: Store;
  readonly queue?: Queue;
  readonly executor?: Executor;
  readonly channels?: { readonly [K in Target["kind"]]: Channel<Extract<Target, { kind: K }>> };
}

/**
 * Those of some parts that can be measured, measured: to be laid over them. None where nobody
 * listens, so that it costs nothing then.
 */
export function measuredParts(parts: Measurable, measuring: Measuring): Measurable {
  const { telemetry } = measuring;
  if (!telemetry.isOn) return {};
  const { store, queue, executor, channels } = parts;
  return {
    ...(store === undefined ? {} : { store: measuredStore(store, measuring) }),
    ...(queue === undefined ? {} : { queue: measuredQueue(queue, telemetry) }),
    ...(executor === undefined ? {} : { executor: measuredExecutor(executor, measuring) }),
    ...(channels === undefined
      ? {}
      : {
          channels: {
            webhook: measuredChannel(channels.webhook, "webhook", telemetry),
            log: measuredChannel(channels.log, "log", telemetry),
          },
        }),
  };
}
