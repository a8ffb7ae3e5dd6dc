// Longer than most, for it is a whole installation in small: processes, queues, time and counts.
import { randomUUID } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { readDeliveryBody, readRunBody, type Body } from "../../functions/message-body.ts";
import { ManualClock } from "../../shared/adapters/manual/manual-clock.ts";
import { assert, assertNever } from "../../shared/core/assert.ts";
import { messageOf } from "../../shared/core/errors.ts";
import type { Target } from "../../shared/core/notification/subscription.ts";
import { MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { plusMs } from "../../shared/core/time/instant.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { OutgoingMessage, Queue, QueueName } from "../../shared/ports/queue.ts";
import type { Reader, Store, Transaction } from "../../shared/ports/store.ts";
import { noTelemetry } from "../../shared/ports/telemetry.ts";
import { tables } from "../../shared/records/tables.ts";
import { applyConfiguration } from "../../shared/usecases/apply-configuration.ts";
import { deliver } from "../../shared/usecases/deliver.ts";
import { fire } from "../../shared/usecases/fire.ts";
import type { Services } from "../../shared/usecases/services.ts";
import { submitRun } from "../../shared/usecases/submit-run.ts";
import { watchRun } from "../../shared/usecases/watch-run.ts";
import { aConfiguration, aSchedule, aSubscription, START_AT } from "./builders.ts";
import { MemoryFiles } from "./memory-files.ts";
import { RecordingChannel } from "./recording-channel.ts";
import { exits, ScriptedExecutor } from "./scripted-executor.ts";
import { seededRandom } from "./seeded-random.ts";
import { aCron, aTiming } from "./timing-builder.ts";
import type { Double } from "./ydb/double.ts";
import { openDoubleStore } from "./ydb-store.ts";

export interface StormOptions {
  /** Processes, each with a store of its own, that all do the same things at the same time. */
  readonly workers: number;
  /** Schedules due at one instant, spread evenly over the projects. */
  readonly schedules: number;
  readonly projects: number;
}

/** What the transactions of one part of a storm met. */
export interface Weather {
  /** Transactions that were asked for, and how often their bodies ran. */
  readonly transactions: number;
  readonly tries: number;
  /** The most that one of them took. */
  readonly mostTries: number;
  /** The longest that one of them took, its waits included. */
  readonly longestMs: number;
  /** Commits that wrote. */
  readonly commits: number;
  readonly conflicts: number;
  readonly conflictsByTable: ReadonlyMap<string, number>;
  readonly ru: number;
  readonly tookMs: number;
}

export interface Storm {
  readonly parts: {
    /** All ticks at once over everything that is due. */
    readonly fire: Weather;
    /** All submitters at once over the runs that were made. */
    readonly submit: Weather;
    /** All watchers and deliverers at once over the runs' ends. */
    readonly end: Weather;
  };
  /** Of one of the processes, for whoever asks what became of it all. */
  readonly services: Services;
  readonly executor: ScriptedExecutor;
  readonly webhook: RecordingChannel<Extract<Target, { kind: "webhook" }>>;
  /** What handling a message failed with. */
  readonly failures: readonly string[];
  close(): Promise<void>;
}

/**
 * Many processes on one database, with much due at once: they fire it together, and then share the
 * messages, some of which come twice. Jobs take a second of virtual time; everything else is real.
 */
export async function runStorm(double: Double, options: StormOptions): Promise<Storm> {
  const crew = new Crew(double, options);
  await crew.begin();
  await crew.clock.advance(MINUTE_MS);
  const deadlineAt = plusMs(crew.clock.now(), MINUTE_MS);
  const fired = await crew.measure(async (services) => {
    await fire(services, { scope: "due", deadlineAt });
  });
  await crew.clock.advance(MINUTE_MS);
  const submitted = await crew.measure(async (services) => {
    await crew.handleAll(services, ["submit"]);
  });
  await crew.clock.advance(10 * SECOND_MS);
  const ended = await crew.measure(async (services) => {
    await crew.handleAll(services, ["submit", "watch", "notify"]);
  });
  const { services, executor, webhook, failures } = crew;
  const parts = { fire: fired, submit: submitted, end: ended };
  return { parts, services, executor, webhook, failures, close: async () => await crew.close() };
}

/** The processes, and what they share. */
class Crew {
  readonly clock = new ManualClock(START_AT);
  readonly executor = new ScriptedExecutor(this.clock, () => exits(SECOND_MS));
  readonly webhook = new RecordingChannel<Extract<Target, { kind: "webhook" }>>();
  readonly failures: string[] = [];
  readonly #double: Double;
  readonly #options: StormOptions;
  readonly #stores: CountingStore[];
  readonly #workers: readonly Services[];
  readonly #mail = new Mail(this.clock);

  constructor(double: Double, options: StormOptions) {
    this.#double = double;
    this.#options = options;
    const database = `/storm/${randomUUID()}`;
    this.#stores = Array.from(
      { length: options.workers },
      () => new CountingStore(openDoubleStore(double, database, tables)),
    );
    this.#workers = this.#stores.map((store, index) => this.#servicesOn(store, index));
  }

  get services(): Services {
    const [first] = this.#workers;
    assert(first !== undefined, "a storm has a worker");
    return first;
  }

  /** Everybody is connected, and everything is configured. */
  async begin(): Promise<void> {
    const { schedules, projects } = this.#options;
    const timing = aTiming({ when: [aCron("2 0 * * *")] });
    await applyConfiguration(
      this.services,
      aConfiguration({
        schedules: Array.from({ length: schedules }, (_schedule, index) =>
          aSchedule({ name: `s${index}`, project: `p${index % projects}`, timing }),
        ),
        subscriptions: [aSubscription({ on: ["run.succeeded"] })],
      }),
    );
    await Promise.all(
      this.#stores.map(async (store) => await store.snapshot(async () => await Promise.resolve())),
    );
  }

  /** Lets everybody do the same at the same time. */
  async measure(part: (services: Services) => Promise<void>): Promise<Weather> {
    this.#double.reset();
    for (const store of this.#stores) store.calls.length = 0;
    const startedMs = performance.now();
    await Promise.all(this.#workers.map(part));
    const tookMs = performance.now() - startedMs;
    const calls = this.#stores.flatMap((store) => store.calls);
    const { commits, conflicts, conflictsByTable, ru } = this.#double.counters;
    return {
      transactions: calls.length,
      tries: calls.reduce((sum, { tries }) => sum + tries, 0),
      mostTries: Math.max(0, ...calls.map(({ tries }) => tries)),
      longestMs: Math.max(0, ...calls.map(({ tookMs: each }) => each)),
      ...{ commits, conflicts, conflictsByTable, ru, tookMs },
    };
  }

  /** Takes messages of these queues, one after another, until there is none that could be taken. */
  async handleAll(services: Services, queues: readonly QueueName[]): Promise<void> {
    for (;;) {
      const message = await this.#mail.take(queues);
      if (message === undefined) return;
      try {
        await handle(services, message);
      } catch (error) {
        this.failures.push(messageOf(error));
      } finally {
        this.#mail.done();
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#stores.map(async (store) => await store.close()));
  }

  #servicesOn(store: Store, index: number): Services {
    return {
      store,
      clock: this.clock,
      random: seededRandom(index + 1),
      queue: this.#mail,
      executor: this.executor,
      files: new MemoryFiles(this.clock),
      channels: { webhook: this.webhook, log: new RecordingChannel() },
      log: { write: () => undefined },
      telemetry: noTelemetry,
    };
  }
}

async function handle(services: Services, { queue, body }: Message): Promise<void> {
  switch (queue) {
    case "submit": {
      const { run, ...look } = read(readRunBody(body));
      await submitRun(services, run, look);
      return;
    }
    case "watch": {
      const { run, ...look } = read(readRunBody(body));
      await watchRun(services, run, look);
      return;
    }
    case "notify": {
      const { delivery, run } = read(readDeliveryBody(body));
      await deliver(services, delivery, run);
      return;
    }
    case "intake":
      throw new Error("nobody sends to intake in a storm");
    default:
      assertNever(queue);
  }
}

function read<T>(body: Body<T>): T {
  assert(body.ok, "a message that we sent can be read");
  return body.value;
}

interface Message {
  readonly queue: QueueName;
  readonly body: string;
  readonly visibleAt: number;
}

/** The queues of all processes. Every tenth message comes twice. */
class Mail implements Queue {
  readonly #clock: Pick<Clock, "now">;
  #messages: Message[] = [];
  #sent = 0;
  #taken = 0;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  async send(queue: QueueName, messages: readonly OutgoingMessage[]): Promise<void> {
    await Promise.resolve();
    for (const { body, delayMs } of messages) {
      const message = { queue, body, visibleAt: this.#clock.now() + delayMs };
      this.#messages.push(message);
      if ((this.#sent += 1) % 10 === 0) this.#messages.push(message);
    }
  }

  /** A visible message, once there is one; undefined where there will be none. */
  async take(queues: readonly QueueName[]): Promise<Message | undefined> {
    for (;;) {
      const now = this.#clock.now();
      const index = this.#messages.findIndex(
        ({ queue, visibleAt }) => visibleAt <= now && queues.includes(queue),
      );
      if (index >= 0) {
        this.#taken += 1;
        return this.#messages.splice(index, 1)[0];
      }
      if (this.#taken === 0) return undefined;
      await nextTurn();
    }
  }

  /** Says that a message was handled. */
  done(): void {
    this.#taken -= 1;
  }
}

interface CountedCall {
  tries: number;
  tookMs: number;
}

/** Counts how often bodies run, which is once where nothing comes between. */
class CountingStore implements Store {
  readonly calls: CountedCall[] = [];
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async transact<T>(label: string, body: (tx: Transaction) => Promise<T>): Promise<T> {
    const call = { tries: 0, tookMs: 0 };
    this.calls.push(call);
    const startedMs = performance.now();
    try {
      return await this.#store.transact(label, async (tx) => {
        call.tries += 1;
        return await body(tx);
      });
    } finally {
      call.tookMs = performance.now() - startedMs;
    }
  }

  async snapshot<T>(body: (reader: Reader) => Promise<T>): Promise<T> {
    return await this.#store.snapshot(body);
  }

  async close(): Promise<void> {
    await this.#store.close();
  }
}
