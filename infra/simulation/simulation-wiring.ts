import { ManualClock } from "../../shared/adapters/manual/manual-clock.ts";
import { MemoryQueue } from "../../shared/adapters/memory/memory-queue.ts";
import { openMemoryDatabase } from "../../shared/adapters/memory/memory-store.ts";
import { PretendExecutor } from "../../shared/adapters/pretend/pretend-executor.ts";
import { seededRandom } from "../../shared/adapters/pretend/seeded-random.ts";
import { assert } from "../../shared/core/assert.ts";
import { limits } from "../../shared/core/limits.ts";
import type { Pretence } from "../../shared/core/simulation/pretence.ts";
import { HOUR_MS } from "../../shared/core/time/duration.ts";
import type { Instant } from "../../shared/core/time/instant.ts";
import type { StartRequest } from "../../shared/ports/executor.ts";
import type { Files } from "../../shared/ports/files.ts";
import type { LogEntry } from "../../shared/ports/log.ts";
import { QUEUE_NAMES, type QueueName } from "../../shared/ports/queue.ts";
import type { Random } from "../../shared/ports/random.ts";
import { noTelemetry } from "../../shared/ports/telemetry.ts";
import { tables } from "../../shared/records/tables.ts";
import type { WatchServices } from "../../shared/usecases/watch-runs.ts";

/** A simulation's composition root: everything that a platform stands on, in memory, on its own time. */
export interface World {
  readonly services: WatchServices;
  readonly clock: ManualClock;
  readonly queue: MemoryQueue;
  readonly executor: PretendExecutor;
}

export interface WorldOptions {
  readonly startAt: Instant;
  readonly seed: number;
  readonly pretend: (request: StartRequest, random: Random) => Pretence;
  readonly log: (entry: LogEntry) => void;
}

export function openWorld({ startAt, seed, pretend, log }: WorldOptions): World {
  const clock = new ManualClock(startAt, async () => await Promise.resolve());
  const random = seededRandom(seed);
  const executor = new PretendExecutor(clock, (request) => pretend(request, random));
  const queue = new MemoryQueue({ clock, random, queues: queues() });
  const services: WatchServices = {
    store: openMemoryDatabase(tables).open(),
    clock,
    alarms: clock,
    random,
    queue,
    executor,
    files: noFiles,
    channels: { webhook: nobody, log: nobody },
    log: { write: log },
    telemetry: noTelemetry,
  };
  return { services, clock, queue, executor };
}

/** Nothing fails here, so nothing comes twice and nothing is given up. */
function queues(): Record<
  QueueName,
  ConstructorParameters<typeof MemoryQueue>[0]["queues"][string]
> {
  const settings = {
    visibilityTimeoutMs: HOUR_MS,
    maxReceiveCount: Number.MAX_SAFE_INTEGER,
    retentionMs: limits.queueRetentionMs,
  };
  return Object.fromEntries(QUEUE_NAMES.map((name) => [name, settings])) as ReturnType<
    typeof queues
  >;
}

/** Whoever is told hears it at once. */
const nobody = {
  deliver: async () => await Promise.resolve({ delivered: true as const, detail: "simulated" }),
};

/** Only jobs that callers made have files. */
const noFiles = new Proxy({} as Files, {
  get: () => () => assert(false, "a simulation has no files"),
});
