// Longer than most, for it is a whole installation on virtual time.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { install, type Wiring } from "../../functions/wiring.ts";
import { functionContext } from "../../infra/local/function-context.ts";
import { loadHandler } from "../../infra/local/handlers.ts";
import { readManifest, type FunctionManifest } from "../../infra/local/manifest.ts";
import { queueEvent, timerEvent } from "../../infra/local/trigger-events.ts";
import { ManualClock } from "../../shared/adapters/manual/manual-clock.ts";
import { measuredParts } from "../../shared/adapters/measured/measured-parts.ts";
import { MemoryQueue, type QueueSettings } from "../../shared/adapters/memory/memory-queue.ts";
import type { ApiServices } from "../../shared/api/api-services.ts";
import type { Api } from "../../shared/api/api.ts";
import { createApi } from "../../shared/api/create-api.ts";
import { servedServices } from "../../shared/api/served-services.ts";
import { assert } from "../../shared/core/assert.ts";
import { messageOf } from "../../shared/core/errors.ts";
import { attemptKeyOf, runKeyOf, scheduleName, type RunId } from "../../shared/core/ids.ts";
import { limits } from "../../shared/core/limits.ts";
import type { Target } from "../../shared/core/notification/subscription.ts";
import type { Configuration } from "../../shared/core/project/configuration.ts";
import type { Run } from "../../shared/core/run/run.ts";
import { MINUTE_MS } from "../../shared/core/time/duration.ts";
import { formatInstant, INSTANT_MAX, plusMs } from "../../shared/core/time/instant.ts";
import type { StartRequest } from "../../shared/ports/executor.ts";
import type { Provider } from "../../shared/ports/provider.ts";
import type { Log, LogEntry } from "../../shared/ports/log.ts";
import type { OutgoingMessage, QueueName } from "../../shared/ports/queue.ts";
import type { Random } from "../../shared/ports/random.ts";
import type { Store } from "../../shared/ports/store.ts";
import { noTelemetry, type Telemetry } from "../../shared/ports/telemetry.ts";
import { readRun } from "../../shared/records/run-record.ts";
import { scanTimers, type Timer } from "../../shared/records/timer-record.ts";
import { applyConfiguration, type Applied } from "../../shared/usecases/apply-configuration.ts";
import { cancelRun } from "../../shared/usecases/cancel-run.ts";
import { fire } from "../../shared/usecases/fire.ts";
import { listRuns } from "../../shared/usecases/list-runs.ts";
import { requestRun, type RunRequested } from "../../shared/usecases/request-run.ts";
import type { Services } from "../../shared/usecases/services.ts";
import { START_AT } from "./builders.ts";
import { CrashPoints, withCrashPoints } from "./crash-points.ts";
import { MemoryFiles } from "./memory-files.ts";
import { RecordingChannel } from "./recording-channel.ts";
import { ScriptedExecutor, type Script } from "./scripted-executor.ts";
import { seededRandom } from "./seeded-random.ts";
import { openTestStore } from "./test-store.ts";

export const manifest = readManifest(readFileSync("serverless.yaml", "utf8"));

const QUEUES: readonly QueueName[] = ["intake", "submit", "watch", "notify"];

/** Memory where there is such a folder: a disk that syncs takes longer than the life of a world. */
const FOLDER = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** A world that delivers this often at one instant goes round in circles. */
const DELIVERIES_AT_ONCE = 5_000;

export interface WorldOptions {
  /** What the use cases see of the store; the test itself looks past it. */
  readonly seenStore?: (store: Store) => Store;
  /** A file to share with another world; one of its own unless given. */
  readonly path?: string;
  /** The store itself, where it is not to be one on a file. */
  readonly store?: Store;
  readonly seed?: number;
  /** Who owns the projects; nobody but us unless given. */
  readonly provider?: (world: { readonly clock: ManualClock }) => Provider;
  /** Who is told how it goes, on the world's own clock; nobody unless given. */
  readonly telemetry?: (world: {
    readonly clock: ManualClock;
    readonly log: Log;
    readonly random: Random;
  }) => Telemetry;
}

/** A message on its way, and which function sent it. */
export interface SentMessage {
  readonly queue: QueueName;
  readonly body: string;
  readonly sentBy: string;
}

/**
 * The product on virtual time: the real store on a file, the real queues, the real handlers behind
 * the events that triggers make, a scripted executor and channels that record. Time moves only by
 * `advance` and `live`; chance comes from a seed.
 */
export class World {
  readonly clock = new ManualClock(START_AT);
  readonly executor: ScriptedExecutor;
  readonly files = new MemoryFiles(this.clock);
  readonly webhook = new RecordingChannel<Extract<Target, { kind: "webhook" }>>();
  readonly logChannel = new RecordingChannel<Extract<Target, { kind: "log" }>>();
  readonly crashPoints = new CrashPoints();
  readonly log: LogEntry[] = [];
  /** What calls of functions failed with. */
  readonly failures: string[] = [];
  /** How often each function was called. */
  readonly calls: Record<string, number> = {};
  readonly path: string;
  readonly store: Store;
  readonly services: Wiring;
  /** Whether a message is lost on its way. */
  loses: (message: SentMessage) => boolean = () => false;

  readonly #random: Random;
  readonly #scripts = new Map<string, { queue: Script[]; always?: Script }>();
  readonly #folder: string | undefined;
  #memory: MemoryQueue;
  #calling = "nobody";

  constructor(options: WorldOptions = {}) {
    this.#random = seededRandom(options.seed ?? 1);
    this.#folder =
      options.path === undefined ? mkdtempSync(join(FOLDER, "orrery-world-")) : undefined;
    this.path = options.path ?? join(this.#folder ?? "", "orrery.db");
    this.store = options.store ?? openTestStore(this.path);
    this.executor = new ScriptedExecutor(this.clock, (request) => this.#scriptOf(request));
    this.#memory = this.#emptyQueues();
    const log: Log = { write: (entry) => void this.log.push(entry) };
    const told = { clock: this.clock, log, random: seededRandom(1) };
    const services: Services = {
      store: options.seenStore?.(this.store) ?? this.store,
      clock: this.clock,
      random: this.#random,
      queue: {
        send: async (queue, messages) => await this.#send(queue, messages),
        deadLetters: async (queue) => await this.#memory.deadLetters(queue),
      },
      executor: this.executor,
      files: this.files,
      channels: { webhook: this.webhook, log: this.logChannel },
      log,
      provider: options.provider?.(this),
      telemetry: options.telemetry?.(told) ?? noTelemetry,
    };
    const apiServices: ApiServices = {
      ...withCrashPoints({ ...services, ...measuredParts(services, services) }, this.crashPoints),
      apiToken: "token",
      alarms: this.clock,
      publicUrl: () => "http://127.0.0.1:7070",
    };
    let api: Api | undefined;
    this.services = {
      ...apiServices,
      // Most worlds are made by the hundred and never asked for it.
      get api() {
        return (api ??= createApi(apiServices, servedServices(apiServices)));
      },
    };
  }

  async close(): Promise<void> {
    await this.store.close();
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true });
  }

  async apply(configuration: Configuration): Promise<Applied> {
    return await applyConfiguration(this.services, configuration);
  }

  /** What the next executions of a schedule do, each in its turn. */
  willRun(schedule: string, ...scripts: readonly Script[]): void {
    const { queue = [], ...rest } = this.#scripts.get(schedule) ?? {};
    this.#scripts.set(schedule, { ...rest, queue: [...queue, ...scripts] });
  }

  /** What every execution of a schedule does that has no script of its own. */
  alwaysRuns(schedule: string, script: Script): void {
    const { queue = [] } = this.#scripts.get(schedule) ?? {};
    this.#scripts.set(schedule, { queue, always: script });
  }

  /** Asks for a run by hand, now. */
  async ask(schedule: string, id: string): Promise<RunRequested> {
    return await requestRun(this.services, {
      schedule: scheduleName(schedule),
      cause: { kind: "person", id },
      askedAt: this.clock.now(),
      inputs: {},
    });
  }

  /** Asks for a run by hand, and answers with the run that was made. */
  async askRun(schedule: string, id: string): Promise<RunId> {
    const requested = await this.ask(schedule, id);
    assert(requested.outcome === "made", `a run of ${schedule} was made`);
    return requested.run;
  }

  async cancel(run: RunId): Promise<Run> {
    return await cancelRun(this.services, run);
  }

  /** Calls the tick once, now, with the event its timer makes. */
  async tick(): Promise<void> {
    const event = timerEvent("tick", { id: this.#random.id(), at: this.clock.now() });
    await this.#call("tick", event);
  }

  /** Hands over every message that is visible now, and those that this brings about. */
  async deliverAll(): Promise<void> {
    for (let round = 0; round < DELIVERIES_AT_ONCE; round += 1) {
      let handed = 0;
      for (const queue of QUEUES) handed += await this.#deliverBatch(queue);
      if (handed === 0 || this.crashPoints.isDown) return;
    }
    assert(false, `the world comes to rest at ${formatInstant(this.clock.now())}`);
  }

  /** Moves time on, delivering each message when it becomes visible. Nothing ticks meanwhile. */
  async advance(durationMs: number): Promise<void> {
    const targetAt = plusMs(this.clock.now(), durationMs);
    await this.deliverAll();
    while (!this.crashPoints.isDown) {
      const nextAt = this.#nextVisibleAt();
      if (nextAt > targetAt) break;
      await this.clock.advance(Math.max(0, nextAt - this.clock.now()));
      await this.deliverAll();
    }
    await this.clock.advance(Math.max(0, targetAt - this.clock.now()));
  }

  /** Moves time on as on a running platform: it ticks at every whole minute. */
  async live(durationMs: number): Promise<void> {
    const targetAt = plusMs(this.clock.now(), durationMs);
    while (!this.crashPoints.isDown) {
      const now = this.clock.now();
      const tickAt = now - (now % MINUTE_MS) + MINUTE_MS;
      await this.advance(Math.min(tickAt, targetAt) - now);
      if (tickAt > targetAt) return;
      await this.tick();
      await this.deliverAll();
    }
  }

  dropAllMessages(): void {
    this.#memory = this.#emptyQueues();
  }

  /** As `kill -9`: every message and everything in memory is gone; the store and executions stay. */
  crash(): void {
    this.dropAllMessages();
    this.crashPoints.revive();
  }

  /** What a platform does when it starts: it looks at everything that lives. */
  async restart(): Promise<void> {
    this.crash();
    const deadlineAt = plusMs(this.clock.now(), MINUTE_MS);
    await fire(this.services, { scope: "everything", deadlineAt }).catch((error: unknown) => {
      this.failures.push(messageOf(error));
    });
  }

  /** Puts a message on a queue as another system would. */
  async message(queue: QueueName, body: string): Promise<void> {
    await this.#memory.send(queue, [{ body, delayMs: 0 }]);
  }

  /** Runs, earliest nominal time first. */
  async runs(schedule?: string): Promise<readonly Run[]> {
    const query = schedule === undefined ? {} : { schedule };
    const { items } = await listRuns({ store: this.store }, { size: limits.scanRows, ...query });
    return items.toReversed();
  }

  /** The only run of a schedule. */
  async onlyRun(schedule: string): Promise<Run> {
    const [run, ...others] = await this.runs(schedule);
    assert(run !== undefined && others.length === 0, `${schedule} has one run`);
    return run;
  }

  async run(id: RunId): Promise<Run> {
    const record = await this.store.snapshot(async (reader) => await readRun(reader, id));
    assert(record !== undefined, `run ${id} is there`);
    return record.run;
  }

  /** Runs of a schedule in a word each, such as `succeeded` or `waiting (overlap)`. */
  async states(schedule: string): Promise<readonly string[]> {
    return (await this.runs(schedule)).map(stateOf);
  }

  async timers(): Promise<readonly Timer[]> {
    return await this.store.snapshot(async (reader) => {
      const timers: Timer[] = [];
      for (let lane = 0; lane < limits.timerLanes; lane += 1) {
        timers.push(...(await scanTimers(reader, lane, { throughAt: INSTANT_MAX })));
      }
      return timers;
    });
  }

  /** Messages that were given up. */
  deadLetters(): number {
    return QUEUES.reduce((sum, queue) => {
      const { visible, inFlight, delayed } = this.#memory.depthOf(`${queue}-dead`);
      return sum + visible + inFlight + delayed;
    }, 0);
  }

  async call(name: string, event: object): Promise<unknown> {
    install(this.services);
    const called = functionOf(name);
    const context = functionContext(called, { requestId: this.#random.id(), clock: this.clock });
    this.calls[name] = (this.calls[name] ?? 0) + 1;
    const handler = await loadHandler(called.handler);
    return await handler(event as never, context);
  }

  /** As a trigger calls: true where the function succeeded. */
  async #call(name: string, event: object): Promise<boolean> {
    this.#calling = name;
    try {
      await this.call(name, event);
      return true;
    } catch (error) {
      this.failures.push(messageOf(error));
      return false;
    } finally {
      this.#calling = "nobody";
    }
  }

  async #deliverBatch(queue: QueueName): Promise<number> {
    const received = this.#memory.receive(queue, { max: batchOf(queue) });
    if (received.length === 0) return 0;
    const memory = this.#memory;
    const isDone = await this.#call(queue, queueEvent(queue, received, this.clock.now()));
    const receipts = received.map((message) => message.receipt);
    if (isDone) memory.acknowledge(queue, receipts);
    return received.length;
  }

  async #send(queue: QueueName, messages: readonly OutgoingMessage[]): Promise<void> {
    const kept = messages.filter(({ body }) => !this.loses({ queue, body, sentBy: this.#calling }));
    await this.#memory.send(queue, kept);
  }

  #scriptOf(request: StartRequest): Script | undefined {
    const run = attemptKeyOf(request.attempt)?.run;
    const schedule = run && runKeyOf(run)?.schedule;
    const scripts = this.#scripts.get(schedule ?? "");
    return scripts?.queue.shift() ?? scripts?.always;
  }

  #nextVisibleAt(): number {
    return Math.min(...QUEUES.map((queue) => this.#memory.nextVisibleAt(queue) ?? Infinity));
  }

  #emptyQueues(): MemoryQueue {
    const settings: Record<string, QueueSettings> = {};
    const retentionMs = limits.queueRetentionMs;
    for (const [name, { deadLetter, ...queue }] of Object.entries(manifest.queues)) {
      settings[name] = { ...queue, deadLetter, retentionMs };
      settings[deadLetter] = { ...queue, retentionMs };
    }
    return new MemoryQueue({ clock: this.clock, random: this.#random, queues: settings });
  }
}

/** A run in a word: its state, and why it waits or ended so. */
export function stateOf(run: Run): string {
  return run.reason === undefined ? run.state : `${run.state} (${run.reason.code})`;
}

function functionOf(name: string): FunctionManifest {
  const found = manifest.functions.find((each) => each.name === name);
  assert(found !== undefined, `serverless.yaml has the function ${name}`);
  return found;
}

function batchOf(queue: QueueName): number {
  const [trigger] = functionOf(queue).triggers;
  assert(trigger?.kind === "queue", `a queue fires ${queue}`);
  return trigger.batch;
}
