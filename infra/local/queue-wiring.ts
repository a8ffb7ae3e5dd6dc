import { MemoryQueue, type QueueSettings } from "../../shared/adapters/memory/memory-queue.ts";
import type { ServiceQueues } from "../../shared/adapters/ymq/service-queues.ts";
import { limits } from "../../shared/core/limits.ts";
import { LocalQueue } from "./local-queue.ts";
import type { Manifest } from "./manifest.ts";
import type { PlatformQueues } from "./platform-queues.ts";
import { ServiceQueue } from "./service-queue.ts";
import { CLOUD_REGION, localClock, localRandom, type DataDirectory } from "./wiring.ts";

/**
 * Opens a platform's queues: in memory, or at the service of an address. Nothing connects yet. Throws
 * QUEUE_ADDRESS_INVALID and QUEUE_CREDENTIALS_MISSING.
 */
export async function openQueues(
  address: string | undefined,
  { clock, journal }: DataDirectory,
  manifest: Manifest,
): Promise<PlatformQueues> {
  const world = { clock, random: localRandom };
  if (address === undefined) {
    const memory = new MemoryQueue({ ...world, queues: queueSettings(manifest) });
    return new LocalQueue(memory, journal, world);
  }
  return new ServiceQueue(address, await openQueueService(address, manifest.queues), journal);
}

/** Opens queues at a service; for who only sends, by name, they need no settings. */
export async function openQueueService(
  address: string,
  queues: Manifest["queues"] = {},
): Promise<ServiceQueues> {
  const { parseQueueAddress } = await import("../../shared/adapters/ymq/queue-address.ts");
  const { endpoint, prefix } = parseQueueAddress(address);
  const { keysFrom } = await import("../../shared/adapters/ymq/queue-keys.ts");
  const credentials = keysFrom(process.env);
  // Loaded only here: the SDK takes a twentieth of a second, which nobody else is to wait for.
  const { openServiceQueues } = await import("../../shared/adapters/ymq/service-queues.ts");
  return openServiceQueues({
    ...{ endpoint, prefix, queues, credentials, region: CLOUD_REGION },
    ...{ clock: localClock, random: localRandom },
  });
}

function queueSettings(manifest: Manifest): Record<string, QueueSettings> {
  const settings: Record<string, QueueSettings> = {};
  const retentionMs = limits.queueRetentionMs;
  for (const [name, queue] of Object.entries(manifest.queues)) {
    const { visibilityTimeoutMs, maxReceiveCount, deadLetter } = queue;
    settings[name] = { visibilityTimeoutMs, maxReceiveCount, deadLetter, retentionMs };
    settings[deadLetter] = {
      ...{ visibilityTimeoutMs, maxReceiveCount },
      retentionMs: limits.deadLetterRetentionMs,
    };
  }
  return settings;
}
