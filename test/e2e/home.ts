import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { readConfigurationFile } from "../../infra/local/configuration-file.ts";
import { DURABLE_QUEUE } from "../../infra/local/local-queue.ts";
import { commandServices, openData, type DataDirectory } from "../../infra/local/wiring.ts";
import { groupLives, parseIdentity } from "../../shared/adapters/process/process-identity.ts";
import { assert } from "../../shared/core/assert.ts";
import type { AttemptId } from "../../shared/core/ids.ts";
import { limits } from "../../shared/core/limits.ts";
import type { Run } from "../../shared/core/run/run.ts";
import { INSTANT_MAX } from "../../shared/core/time/instant.ts";
import { scanTimers, type Timer } from "../../shared/records/timer-record.ts";
import { applyConfiguration } from "../../shared/usecases/apply-configuration.ts";
import { listRuns } from "../../shared/usecases/list-runs.ts";
import type { Services } from "../../shared/usecases/services.ts";
import type { Closing } from "../support/opened.ts";
import { PlatformProcess, type ProcessOptions } from "./platform-process.ts";

/** How long a condition of another process is polled for before it counts as never. */
const PATIENCE_MS = 30_000;

/** A data directory seen from beside its platform, as a command sees it. */
export interface Beside extends DataDirectory {
  readonly services: Services;
}

/**
 * A folder with schedules, a data directory, and the platforms that run on it. The state is in the
 * directory, or in a database elsewhere.
 */
export class Home {
  readonly folder: string;
  /** The data directory. */
  readonly data: string;
  /** The schedules file. */
  readonly config: string;
  /** The address of a database that has the state; the directory has it unless given. */
  readonly store: string | undefined;
  readonly #platforms: PlatformProcess[] = [];

  private constructor(folder: string, store: string | undefined) {
    this.folder = folder;
    this.store = store;
    this.data = join(folder, "data");
    this.config = join(folder, "orrery.yaml");
  }

  /** A home for one test, gone with everything in it when the test ends. */
  static async of(test: Closing, store?: string): Promise<Home> {
    const home = new Home(await mkdtemp(join(tmpdir(), "orrery-e2e-")), store);
    test.onTestFinished(async () => await home.#dispose());
    return home;
  }

  /** A path in the folder. */
  path(name: string): string {
    return join(this.folder, name);
  }

  async write(name: string, text: string): Promise<void> {
    await mkdir(join(this.path(name), ".."), { recursive: true });
    await writeFile(this.path(name), text);
  }

  async remove(name: string): Promise<void> {
    await rm(this.path(name));
  }

  /** The text of a file; empty while it is not there. */
  async read(name: string): Promise<string> {
    return await readFile(this.path(name), "utf8").catch(() => "");
  }

  async lines(name: string): Promise<readonly string[]> {
    return (await this.read(name)).split("\n").filter((line) => line !== "");
  }

  /** Makes the schedules file the live configuration, without a platform. */
  async apply(): Promise<void> {
    const read = await readConfigurationFile(this.config);
    assert(read.ok, `${this.config} is right`);
    await this.beside(async ({ services }) => await applyConfiguration(services, read.value));
  }

  /** Puts a message on the intake queue, with a platform or without, as another program does. */
  async send(id: string, body: unknown): Promise<void> {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    await this.beside(async ({ journal, clock }) => {
      await journal.add(DURABLE_QUEUE, { id, body: text, sentAt: clock.now() });
    });
  }

  /** How many messages are not done yet. */
  async messagesLeft(): Promise<number> {
    return await this.beside(async ({ journal }) => (await journal.list(DURABLE_QUEUE)).length);
  }

  /** `orrery up` on this home, on a free port. */
  up(...args: readonly string[]): PlatformProcess {
    const own = ["--config", this.config, ...this.where(), "--port", "0"];
    return this.start({ args: ["up", ...own, ...args] });
  }

  /** The options that name this home to a command. */
  where(): readonly string[] {
    return ["--data", this.data, ...(this.store === undefined ? [] : ["--store", this.store])];
  }

  start(options: ProcessOptions): PlatformProcess {
    const platform = new PlatformProcess(options);
    this.#platforms.push(platform);
    return platform;
  }

  /** Opens the data directory beside whatever platform runs on it. */
  async beside<T>(look: (data: Beside) => Promise<T>): Promise<T> {
    const data = await openData(this.data, { store: this.store });
    try {
      const services = commandServices(data, { write: () => undefined });
      return await look({ ...data, services });
    } finally {
      await data.close();
    }
  }

  /** Every run there is, earliest nominal time first. */
  async runs(): Promise<readonly Run[]> {
    return await this.beside(async ({ services }) => {
      const { items } = await listRuns(services, { size: limits.scanRows });
      return items.toReversed();
    });
  }

  async timers(): Promise<readonly Timer[]> {
    return await this.beside(
      async ({ store }) =>
        await store.snapshot(async (reader) => {
          const timers: Timer[] = [];
          for (let lane = 0; lane < limits.timerLanes; lane += 1) {
            timers.push(...(await scanTimers(reader, lane, { throughAt: INSTANT_MAX })));
          }
          return timers;
        }),
    );
  }

  /** Process groups of jobs in which something still runs, by their leaders. */
  async liveGroups(): Promise<readonly number[]> {
    const attempts = join(this.data, "jobs", "attempts");
    const files = await readdir(attempts, { recursive: true }).catch(() => []);
    const live: number[] = [];
    for (const file of files.filter((each) => each.endsWith("/pid"))) {
      const leader = parseIdentity(await readFile(join(attempts, file), "utf8"));
      if (leader !== undefined && (await groupLives(leader))) live.push(leader.pid);
    }
    return live;
  }

  /** Ends every process this home has started, and removes it. */
  async #dispose(): Promise<void> {
    await Promise.all(this.#platforms.map(async (platform) => await platform.crash()));
    const attempts = await readdir(join(this.data, "jobs", "attempts")).catch(() => []);
    await this.beside(async ({ executor }) => {
      for (const attempt of attempts) {
        await executor.stop(attempt as AttemptId, "kill", "cancelled");
      }
    });
    await rm(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 });
  }
}

/** Resolves once a condition of other processes holds; there is nothing to wait on but looking. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const giveUpMs = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > giveUpMs) throw new Error(`Not within ${PATIENCE_MS} ms: ${what}`);
    await pause(20);
  }
}
