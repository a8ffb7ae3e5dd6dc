import { install } from "../../functions/wiring.ts";
import type { ApiServices } from "../../shared/api/api-services.ts";
import type { Api } from "../../shared/api/api.ts";
import { createApi } from "../../shared/api/create-api.ts";
import { servedServices } from "../../shared/api/served-services.ts";
import type { ConfigurationSource } from "../../shared/config/configuration-source.ts";
import { assert } from "../../shared/core/assert.ts";
import { OrreryError } from "../../shared/core/errors.ts";
import { attemptKeyOf, type AttemptId } from "../../shared/core/ids.ts";
import { limits } from "../../shared/core/limits.ts";
import { MINUTE_MS } from "../../shared/core/time/duration.ts";
import { plusMs } from "../../shared/core/time/instant.ts";
import { makeDefaultCommunity } from "../../shared/usecases/communities/ensure-community.ts";
import type { SourceApplied } from "../../shared/usecases/apply-source.ts";
import { fire } from "../../shared/usecases/fire.ts";
import { isIdle } from "../../shared/usecases/is-idle.ts";
import { liveRuns } from "../../shared/usecases/live-runs.ts";
import { reportFound } from "../../shared/usecases/report.ts";
import { sendNudges } from "../../shared/usecases/nudge.ts";
import { apiToken } from "./api-token.ts";
import { onBucket, type PlatformBucket } from "./bucket-wiring.ts";
import { serverCertificate } from "./certificates.ts";
import { onDatasphere, type PlatformDatasphere } from "./datasphere-wiring.ts";
import { filesFace } from "./files-face.ts";
import { openFrontPort, type FrontPort } from "./front-port.ts";
import { createGrpcFace } from "./grpc-face.ts";
import { guardHost } from "./host-guard.ts";
import { createHttpFace } from "./http-face.ts";
import { httpTrigger } from "./http-trigger.ts";
import type { Manifest } from "./manifest.ts";
import type { Lines } from "./narrator.ts";
import { PlatformLease } from "./platform-lease.ts";
import type { PlatformQueues } from "./platform-queues.ts";
import { Rounds } from "./rounds.ts";
import { reportElsewhere, reportSchema, reportUnreached } from "./shared-reports.ts";
import { Story } from "./story.ts";
import { Triggers, type ObjectChange } from "./triggers.ts";
import { openQueues } from "./queue-wiring.ts";
import { measured, observe } from "./telemetry-wiring.ts";
import {
  lockDataDirectory,
  openData,
  platformServices,
  type DataDirectory,
  type PlatformServices,
} from "./wiring.ts";

/**
 * The cloud on one machine: timers, queues and HTTP from `serverless.yaml`, wired to the same
 * handlers, over one data directory.
 *
 * L1 A data directory has one platform. Its lock dies with it, whatever killed it.
 * L2 Whatever a killed platform left behind is looked at right after the next start: every timer
 *    row is re-driven, every journaled message taken over, every running job found again.
 * L3 What another process of this machine writes is noticed within `limits.neighbourPollMs`. What
 *    another machine writes to a database elsewhere is found by the next tick, within a minute.
 * L4 A database elsewhere has one platform at a time (`platform-lease.ts`). While it cannot be
 *    reached nothing starts or is recorded; jobs that run go on, and the work goes on by itself.
 */
export interface PlatformOptions {
  readonly dataDirectory: string;
  /** The address of a YDB database that has the state; the data directory has it unless given. */
  readonly store?: string | undefined;
  /** The address of the queues at a service; they are in memory unless given. */
  readonly queue?: string | undefined;
  /** The bucket that has the files; the data directory has them unless given. */
  readonly bucket?: PlatformBucket | undefined;
  /** DataSphere, where work is executed; this machine executes it unless given. */
  readonly datasphere?: PlatformDatasphere | undefined;
  /** Where the configuration comes from; it stays as it is unless given. */
  readonly configuration?: ConfigurationSource;
  /** A change that is told before anything fires, and what to do with what became of it. */
  readonly firstChange?: ObjectChange;
  readonly configured?: (applied: SourceApplied | undefined) => void;
  readonly manifest: Manifest;
  readonly host: string;
  readonly port: number;
  /** Where clients reach us, if not at the address we listen on: behind a proxy, or in a container. */
  readonly publicUrl?: string;
  readonly lines: Lines;
  /** What is written: a story for people, with the jobs' own output, or entries in JSON. */
  readonly log: "story" | "json";
}

/** Where clients reach us; known once we listen. */
interface Address {
  publicUrl: string;
}

/** What a platform has of its own from its beginning to its end. */
interface Opened {
  readonly data: DataDirectory;
  readonly queues: PlatformQueues;
  readonly address: Address;
  readonly unlock: () => void;
}

/** What runs, as long as it runs. */
interface Running {
  readonly triggers: Triggers;
  readonly front: FrontPort;
  readonly rounds: Rounds;
}

export class Platform {
  readonly services: PlatformServices;
  readonly #data: DataDirectory;
  readonly #story: Story;
  readonly #unlock: () => void;
  readonly #address: Address;
  readonly #flush: () => Promise<void>;
  #running: Running | undefined;
  #lease: PlatformLease | undefined;

  private constructor(options: PlatformOptions, { data, queues, address, unlock }: Opened) {
    this.#unlock = unlock;
    this.#data = data;
    this.#address = address;
    this.#story = new Story(options.lines, data);
    const observed = observe(
      options.log === "json" ? { json: options.lines } : { story: this.#story },
    );
    this.#flush = observed.flush;
    this.services = platformServices(data, queues, observed);
  }

  /** Takes the data directory and the state over. Nothing fires before `run`. */
  static async open(options: PlatformOptions): Promise<Platform> {
    const unlock = lockDataDirectory(options.dataDirectory);
    if (unlock === undefined) {
      throw new OrreryError(
        "PLATFORM_RUNNING",
        `A platform already runs on ${options.dataDirectory}: stop it, or choose another folder with --data`,
      );
    }
    const address: Address = { publicUrl: "" };
    const publicUrl = (): string => address.publicUrl;
    let data: DataDirectory | undefined;
    let queues: PlatformQueues | undefined;
    try {
      data = await openData(options.dataDirectory, { store: options.store, publicUrl });
      if (options.bucket !== undefined) data = onBucket(data, options.bucket);
      if (options.datasphere !== undefined) {
        data = onDatasphere(data, options.datasphere, options.bucket);
      }
      queues = await openQueues(options.queue, data, options.manifest);
      const platform = new Platform(options, { data, queues, address, unlock });
      await platform.#takeOver();
      return platform;
    } catch (error) {
      queues?.close();
      await data?.close();
      unlock();
      throw error;
    }
  }

  /**
   * Tells the functions that files of the configuration were written or removed; a schedule that is
   * new fires from now on. Resolves to what became of the configuration.
   */
  async configurationChanged(changes: readonly ObjectChange[]): Promise<SourceApplied | undefined> {
    assert(this.#running !== undefined, "a platform that runs hears of changes");
    const { triggers } = this.#running;
    const [applied] = await triggers.objectsChanged(changes);
    // What it owes before the next tick, up to a minute away, would be late: nobody else tells us
    // of a commit of our own.
    await triggers.fireTimers();
    return applied as SourceApplied | undefined;
  }

  /**
   * Starts every trigger and re-drives what is left from before. `listening` is told the address,
   * such as `http://127.0.0.1:7070`, before anything fires.
   */
  async run(options: PlatformOptions, listening: (address: string) => void): Promise<void> {
    const { services } = this;
    const wired: ApiServices = {
      ...measured(services),
      apiToken: apiToken(options.dataDirectory, services.random),
      alarms: services.clock,
      publicUrl: () => this.#address.publicUrl,
    };
    const api = createApi(wired, servedServices(wired));
    await makeDefaultCommunity(services);
    const { configuration } = options;
    install({ ...wired, api, ...(configuration === undefined ? {} : { configuration }) });
    const triggers = await Triggers.load(options.manifest, services);
    // A port that is taken is found out before anything fires that would have to be stopped.
    const front = await this.#open(options, api, triggers);
    if (options.firstChange !== undefined) {
      const [applied] = await triggers.objectsChanged([options.firstChange]);
      options.configured?.(applied as SourceApplied | undefined);
    }
    listening(front.address);
    triggers.start();
    const rounds = new Rounds(services.clock, services.log);
    this.#running = { triggers, front, rounds };

    services.executor.onEnded((attempt) => void this.#watch(attempt));
    for (const run of await liveRuns(services)) reportFound(services.log, run);
    await services.queue.takeJournaled();
    const deadlineAt = plusMs(services.clock.now(), MINUTE_MS);
    await fire(services, { scope: "everything", deadlineAt });
    this.#startRounds(rounds, triggers);
  }

  /** Rejects with PLATFORM_RUNNING once another platform drives the state; else it never settles. */
  async untilLost(): Promise<never> {
    return await (this.#lease?.lost ?? new Promise<never>(() => undefined));
  }

  /** Resolves once nothing is live, and nothing is due within the next minute. */
  async untilIdle(): Promise<void> {
    await this.#until(async () => {
      if (!(await this.services.queue.areEmpty())) return false;
      return (await this.#reach(async () => await isIdle(this.services, MINUTE_MS))) === true;
    });
  }

  /**
   * Takes no new work, waits a while for running jobs and for calls under way, and lets go of the
   * data directory. Jobs that still run go on, and the next start finds them; resolves to how many.
   */
  async stop(): Promise<number> {
    const left = this.#running === undefined ? 0 : await this.#windDown(this.#running);
    await this.#story.settled();
    await this.#flush();
    await this.#reach(async () => await this.#lease?.end());
    this.services.queue.close();
    await this.#data.close();
    this.#unlock();
    return left;
  }

  /** Makes sure of a database elsewhere, and that no other platform drives it. */
  async #takeOver(): Promise<void> {
    const { shared } = this.#data;
    const { log, queue } = this.services;
    await queue.prepare(log);
    if (shared === undefined) return;
    await shared.prepare((progress) => reportSchema(log, shared.address, progress));
    this.#lease = await PlatformLease.take(this.services, await shared.holder());
    const { before } = this.#lease;
    if (before === undefined) return;
    const live = await liveRuns(this.services);
    if (live.length > 0) reportElsewhere(log, before, live.length);
  }

  #startRounds(rounds: Rounds, triggers: Triggers): void {
    rounds.every(limits.neighbourPollMs, async () => {
      if (!this.#data.changedElsewhere()) return;
      await this.services.queue.takeJournaled();
      await triggers.fireTimers();
    });
    // What a queue elsewhere did not take when it was noticed is taken up again.
    rounds.every(MINUTE_MS, async () => await this.services.queue.takeJournaled());
    rounds.every(limits.sweepEveryMs, async () => await this.#data.sweepExpired());
    rounds.every(limits.platformLeaseRenewMs, async () => await this.#lease?.renew());
    if (this.services.telemetry.isOn) rounds.every(limits.telemetryEveryMs, this.#flush);
  }

  /** Opens the one port for every face of the API, the functions' routes and the files. */
  async #open(options: PlatformOptions, api: Api, triggers: Triggers): Promise<FrontPort> {
    const { services } = this;
    const { host, port, dataDirectory } = options;
    await services.files.sweepIncoming();
    const front = await openFrontPort({
      host,
      port,
      clock: services.clock,
      tls: await serverCertificate(dataDirectory, host, services.clock.now()),
      grpc: createGrpcFace(api, services.random),
      http: createHttpFace({
        clock: services.clock,
        files: filesFace(services),
        routes: guardHost(options, httpTrigger({ ...services, routes: triggers.routes })),
      }),
    });
    this.#address.publicUrl = options.publicUrl ?? front.address;
    return front;
  }

  async #windDown({ triggers, front, rounds }: Running): Promise<number> {
    triggers.stopTimers();
    triggers.stopQueues(["intake", "submit"]);
    await rounds.stop();
    await front.close();
    const giveUpAt = plusMs(this.services.clock.now(), limits.stopGraceMs);
    let left = 0;
    await this.#until(async () => {
      await this.#reach(async () => {
        left = (await liveRuns(this.services)).length;
      });
      return left === 0 || this.services.clock.now() >= giveUpAt;
    });
    triggers.stopQueues("all");
    await triggers.settled();
    return left;
  }

  /** A job may have ended: look now instead of at the next poll. */
  async #watch(attempt: AttemptId): Promise<void> {
    const key = attemptKeyOf(attempt);
    if (key === undefined) return;
    const at = this.services.clock.now();
    await sendNudges(this.services, [{ kind: "watch", ref: key.run, at, attempt: key.number }], at);
  }

  /** Undefined where the state cannot be reached just now: it is logged, and may be asked again. */
  async #reach<T>(look: () => Promise<T>): Promise<T | undefined> {
    try {
      return await look();
    } catch (error) {
      if (!(error instanceof OrreryError) || error.retry === "never") throw error;
      reportUnreached(this.services.log, error);
      return undefined;
    }
  }

  async #until(holds: () => Promise<boolean>): Promise<void> {
    const { clock } = this.services;
    const isHere = this.#data.shared === undefined && this.services.queue.address === undefined;
    const pollMs = isHere ? limits.idlePollMs : limits.sharedPollMs;
    while (!(await holds())) {
      await new Promise<void>((resolve) => {
        clock.set(plusMs(clock.now(), pollMs), resolve);
      });
    }
  }
}
