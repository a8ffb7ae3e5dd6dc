import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { JsonLog } from "../../shared/adapters/json-log/json-log.ts";
import {
  createLocalFiles,
  type LocalFiles,
} from "../../shared/adapters/local-files/local-files.ts";
import { LogChannel } from "../../shared/adapters/log-channel/log-channel.ts";
import { MemoryQueue, type QueueSettings } from "../../shared/adapters/memory/memory-queue.ts";
import { attemptPlace } from "../../shared/adapters/process/attempt-place.ts";
import { pathInOutputs } from "../../shared/adapters/process/job-paths.ts";
import { createProcessExecutor } from "../../shared/adapters/process/process-executor.ts";
import { environmentSecrets } from "../../shared/adapters/secrets/environment-secrets.ts";
import { lockFile } from "../../shared/adapters/sqlite/file-lock.ts";
import { openSqliteStore, type SqliteStore } from "../../shared/adapters/sqlite/sqlite-store.ts";
import { systemAlarms, systemClock } from "../../shared/adapters/system/system-clock.ts";
import { systemRandom } from "../../shared/adapters/system/system-random.ts";
import { WebhookChannel } from "../../shared/adapters/webhook/webhook-channel.ts";
import type { OutputFile } from "../../shared/core/execution/execution-result.ts";
import type { AttemptId } from "../../shared/core/ids.ts";
import { limits } from "../../shared/core/limits.ts";
import type { Alarms, Clock } from "../../shared/ports/clock.ts";
import type { Executor } from "../../shared/ports/executor.ts";
import type { Log } from "../../shared/ports/log.ts";
import type { Queue } from "../../shared/ports/queue.ts";
import { tables } from "../../shared/records/tables.ts";
import type { Services } from "../../shared/usecases/services.ts";
import { LocalQueue } from "./local-queue.ts";
import type { Manifest } from "./manifest.ts";
import { MessageJournal, messagesTable } from "./message-journal.ts";

/** The laptop's composition root: the one file that names the adapters it stands on. */

export type { LocalFiles };

/** This machine's clock, for what needs no data directory. */
export const localClock: Clock & Alarms = { ...systemClock, ...systemAlarms };

/** What is in a data directory, open. */
export interface DataDirectory {
  readonly store: SqliteStore;
  readonly journal: MessageJournal;
  readonly executor: Executor;
  readonly files: LocalFiles;
  readonly clock: Clock & Alarms;
}

/**
 * Opens a data directory, which is made when absent; several processes may have it open. Only who
 * listens has a `publicUrl` for its files.
 */
export function openDataDirectory(
  directory: string,
  publicUrl: () => string = noUrl,
): DataDirectory {
  // Also where the directory itself was there before, for others to look into.
  for (const folder of [jobsFolder(directory), projectsFolder(directory)]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  const store = openSqliteStore({
    path: storeFile(directory),
    tables: [...tables, messagesTable],
  });
  const files = createLocalFiles({
    directory,
    clock: systemClock,
    random: systemRandom,
    publicUrl,
  });
  const executor = createProcessExecutor({
    directory: jobsFolder(directory),
    clock: systemClock,
    environment: process.env,
    uploaded: (project, sha256) => files.uploaded(project, sha256),
    storage: (project) => files.storage(project),
  });
  return { store, executor, files, clock: localClock, journal: new MessageJournal(store) };
}

const noUrl = (): string => {
  throw new Error("A process that does not listen gives out no URLs");
};

const storeFile = (directory: string): string => join(directory, "orrery.db");
const jobsFolder = (directory: string): string => join(directory, "jobs");
const projectsFolder = (directory: string): string => join(directory, "projects");
const lockPath = (directory: string): string => join(directory, "platform.lock");

/** Whether a data directory is there. */
export function hasData(directory: string): boolean {
  return existsSync(storeFile(directory));
}

/** Where an output of an attempt is on this machine's disk. */
export function outputPath(directory: string, attempt: AttemptId, output: OutputFile): string {
  return join(attemptPlace(resolve(jobsFolder(directory)), attempt).outputs, pathInOutputs(output));
}

/** Makes this process the one platform of a data directory; undefined where another one is. */
export function lockDataDirectory(directory: string): (() => void) | undefined {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return lockFile(lockPath(directory), limits.lockWaitMs);
}

/**
 * Whether a platform runs on a data directory that is there. To know, it has the platform's lock
 * for an instant, and a platform that starts in that instant waits for it.
 */
export function platformRuns(directory: string): boolean {
  const unlock = lockFile(lockPath(directory), 0);
  unlock?.();
  return unlock === undefined;
}

/** The services of a platform: they send to the queues that its triggers consume. */
export interface PlatformServices extends Services {
  readonly memory: MemoryQueue;
  readonly queue: LocalQueue;
  readonly files: LocalFiles;
  readonly clock: Clock & Alarms;
}

export function platformServices(
  data: DataDirectory,
  manifest: Manifest,
  log: Log,
): PlatformServices {
  const { store, executor, files, clock, journal } = data;
  const memory = new MemoryQueue({ clock, random: systemRandom, queues: queueSettings(manifest) });
  const queue = new LocalQueue(memory, journal, { clock, random: systemRandom });
  return {
    store,
    executor,
    files,
    clock,
    random: systemRandom,
    memory,
    queue,
    log,
    channels: channels(log),
  };
}

/** The services of a command beside a platform: what it writes, the platform notices by itself. */
export function commandServices(data: DataDirectory, log: Log): Services {
  const { store, executor, files, clock } = data;
  const queue: Queue = { send: async () => await Promise.resolve() };
  const random = systemRandom;
  return { store, executor, files, clock, random, queue, log, channels: channels(log) };
}

/** Log entries as lines of JSON, for a machine that reads them instead of a person. */
export function jsonLog(lines: { write(line: string): void }): Log {
  return new JsonLog({ write: (line) => lines.write(line.trimEnd()) });
}

function channels(log: Log): Services["channels"] {
  const secretOf = environmentSecrets(process.env);
  // On one's own machine a receiver beside the platform is the usual case.
  const webhook = new WebhookChannel({ clock: systemClock, secretOf, allowPrivate: true });
  return { webhook, log: new LogChannel(log) };
}

function queueSettings(manifest: Manifest): Record<string, QueueSettings> {
  const settings: Record<string, QueueSettings> = {};
  const retentionMs = limits.queueRetentionMs;
  for (const [name, queue] of Object.entries(manifest.queues)) {
    const { visibilityTimeoutMs, maxReceiveCount, deadLetter } = queue;
    settings[name] = { visibilityTimeoutMs, maxReceiveCount, deadLetter, retentionMs };
    settings[deadLetter] = { visibilityTimeoutMs, maxReceiveCount, retentionMs };
  }
  return settings;
}
