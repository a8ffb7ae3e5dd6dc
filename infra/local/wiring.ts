import { existsSync, mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import {
  createLocalFiles,
  type LocalFiles,
} from "../../shared/adapters/local-files/local-files.ts";
import { LogChannel } from "../../shared/adapters/log-channel/log-channel.ts";
import { attemptPlace } from "../../shared/adapters/process/attempt-place.ts";
import { pathInOutputs } from "../../shared/adapters/process/job-paths.ts";
import { createProcessExecutor } from "../../shared/adapters/process/process-executor.ts";
import { environmentSecrets } from "../../shared/adapters/secrets/environment-secrets.ts";
import { lockFile } from "../../shared/adapters/sqlite/file-lock.ts";
import { openSqliteStore } from "../../shared/adapters/sqlite/sqlite-store.ts";
import { systemAlarms, systemClock } from "../../shared/adapters/system/system-clock.ts";
import { systemRandom } from "../../shared/adapters/system/system-random.ts";
import { WebhookChannel } from "../../shared/adapters/webhook/webhook-channel.ts";
import type { Migrated, MigrateProgress } from "../../shared/adapters/ydb/migrate.ts";
import type { YdbDatabase } from "../../shared/adapters/ydb/open-ydb.ts";
import type { OutputFile } from "../../shared/core/execution/execution-result.ts";
import type { AttemptId } from "../../shared/core/ids.ts";
import { limits } from "../../shared/core/limits.ts";
import type { Alarms, Clock } from "../../shared/ports/clock.ts";
import type { Executor } from "../../shared/ports/executor.ts";
import type { Log } from "../../shared/ports/log.ts";
import type { Provider } from "../../shared/ports/provider.ts";
import type { Queue } from "../../shared/ports/queue.ts";
import type { Random } from "../../shared/ports/random.ts";
import type { Store } from "../../shared/ports/store.ts";
import { noTelemetry } from "../../shared/ports/telemetry.ts";
import { migrations } from "../../shared/records/migrations.ts";
import { tables } from "../../shared/records/tables.ts";
import type { Services } from "../../shared/usecases/services.ts";
import { directoryId, localTables, ringingStore } from "./local-state.ts";
import { MessageJournal, messagesTable } from "./message-journal.ts";
import type { Holder } from "./platform-lease.ts";
import type { PlatformQueues } from "./platform-queues.ts";

/** The laptop's composition root: it and the `*-wiring.ts` beside it name the adapters it stands on. */

export type { LocalFiles, Migrated, MigrateProgress as SchemaProgress };

/** This machine's clock, for what needs no data directory. */
export const localClock: Clock & Alarms = { ...systemClock, ...systemAlarms };

/** This machine's chance, for the same. */
export const localRandom: Random = systemRandom;

/** Requests are signed for it; Yandex Cloud has one, and an emulator takes any. */
export const CLOUD_REGION = "ru-central1";

/** What is in a data directory, open, and the state, be it there or in a database elsewhere. */
export interface DataDirectory {
  /** The directory itself. */
  readonly directory: string;
  readonly store: Store;
  readonly journal: MessageJournal;
  readonly executor: Executor;
  /** Who owns the projects, where that is not this platform. */
  readonly provider?: Provider;
  readonly files: LocalFiles;
  readonly clock: Clock & Alarms;
  /**
   * True once after another process of this machine wrote. A rare false alarm is harmless; what
   * another machine writes to a database elsewhere is not noticed here.
   */
  readonly changedElsewhere: () => boolean;
  /** Drops rows that have expired; a database elsewhere does so by itself. */
  readonly sweepExpired: () => Promise<void>;
  /** Where the state is in a database elsewhere; undefined where it is in the directory. */
  readonly shared: SharedState | undefined;
  readonly close: () => Promise<void>;
}

/** State in a database that other machines may use too. */
interface SharedState {
  /** Its address, as it was given. */
  readonly address: string;
  /**
   * Makes sure that the database can be worked with, for a platform: one that has no schema at all
   * gets it. Throws STORE_SCHEMA_BEHIND or STORE_SCHEMA_UNKNOWN where its schema is another one.
   */
  readonly prepare: Database["prepare"];
  /** Throws where the database cannot be reached or has not this version's schema. */
  readonly check: () => Promise<void>;
  /** Who this directory is among those that use the database. */
  readonly holder: () => Promise<Holder>;
  /** The store for who has no platform to tell: each commit makes this directory's look. */
  readonly ringing: Store;
}

export interface DataOptions {
  /** The address of a YDB database that has the state; the directory has it unless given. */
  readonly store?: string | undefined;
  /** Only who listens has one, for its files. */
  readonly publicUrl?: () => string;
}

/**
 * Opens a data directory, which is made when absent, and the state; several processes may have it
 * open. A database elsewhere is connected to by what is first asked of it.
 */
export async function openData(
  directory: string,
  { store, publicUrl }: DataOptions,
): Promise<DataDirectory> {
  if (store === undefined) return openDataDirectory(directory, publicUrl);
  const database = await openDatabase(store);
  const local = openSqliteStore({ path: localFile(directory), tables: localTables });
  return {
    ...parts(directory, publicUrl),
    store: database.store,
    journal: new MessageJournal(local),
    changedElsewhere: () => local.changedElsewhere(),
    sweepExpired: async () => await Promise.resolve(),
    shared: {
      address: store,
      prepare: async (report) => await database.prepare(report),
      // A snapshot that reads nothing: the store checks before its first call, and only then.
      check: async () => await database.store.snapshot(async () => await Promise.resolve()),
      holder: async () => {
        const place = `${hostname()}:${resolve(directory)}`;
        return { id: `${await directoryId(local, systemRandom)}@${place}`, place };
      },
      ringing: ringingStore(database.store, local, systemRandom),
    },
    close: async () => {
      await database.close();
      await local.close();
    },
  };
}

/** Opens a data directory that has the state itself; it is made when absent. */
export function openDataDirectory(
  directory: string,
  publicUrl: () => string = noUrl,
): DataDirectory {
  const store = openSqliteStore({
    path: storeFile(directory),
    tables: [...tables, messagesTable],
  });
  return {
    ...parts(directory, publicUrl),
    store,
    journal: new MessageJournal(store),
    changedElsewhere: () => store.changedElsewhere(),
    sweepExpired: async () => {
      while ((await store.sweepExpired(systemClock.now(), limits.scanRows)) > 0);
    },
    shared: undefined,
    close: async () => await store.close(),
  };
}

/** What is in a data directory whatever keeps the state. */
function parts(
  directory: string,
  publicUrl: () => string = noUrl,
): Pick<DataDirectory, "directory" | "executor" | "files" | "clock"> {
  // Also where the directory itself was there before, for others to look into.
  for (const folder of [jobsFolder(directory), projectsFolder(directory)]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
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
  return { directory, executor, files, clock: localClock };
}

/** A database elsewhere, its schema included. */
export type Database = YdbDatabase;

/** Opens a database elsewhere, with credentials from the environment. Nothing connects yet. */
export async function openDatabase(
  address: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Database> {
  // Loaded only here: it takes a fifth of a second, which nobody else is to wait for.
  const { openYdb } = await import("../../shared/adapters/ydb/open-ydb.ts");
  return openYdb({
    address,
    tables,
    migrations,
    environment,
    clock: localClock,
    random: systemRandom,
  });
}

const noUrl = (): string => {
  throw new Error("A process that does not listen gives out no URLs");
};

const storeFile = (directory: string): string => join(directory, "orrery.db");
const localFile = (directory: string): string => join(directory, "local.db");
const jobsFolder = (directory: string): string => join(directory, "jobs");
const projectsFolder = (directory: string): string => join(directory, "projects");
const lockPath = (directory: string): string => join(directory, "platform.lock");

/** Whether a data directory is there that has state. */
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
  readonly queue: PlatformQueues;
  readonly files: LocalFiles;
  readonly clock: Clock & Alarms;
}

export function platformServices(
  data: DataDirectory,
  queue: PlatformQueues,
  { log, telemetry }: Pick<Services, "log" | "telemetry">,
): PlatformServices {
  const { store, executor, files, clock, provider } = data;
  return {
    store,
    executor,
    provider,
    files,
    clock,
    random: systemRandom,
    queue,
    log,
    telemetry,
    channels: channels(log),
  };
}

/** The services of a command beside a platform: what it writes, the platform notices by itself. */
export function commandServices(data: DataDirectory, log: Log): Services {
  const { executor, files, clock } = data;
  const store = data.shared?.ringing ?? data.store;
  const queue: Queue = { send: async () => await Promise.resolve() };
  const random = systemRandom;
  const telemetry = noTelemetry;
  return { store, executor, files, clock, random, queue, log, telemetry, channels: channels(log) };
}

function channels(log: Log): Services["channels"] {
  const secretOf = environmentSecrets(process.env);
  // On one's own machine a receiver beside the platform is the usual case.
  const webhook = new WebhookChannel({ clock: systemClock, secretOf, allowPrivate: true });
  return { webhook, log: new LogChannel(log) };
}
