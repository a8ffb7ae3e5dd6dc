// Longer than most: a project's life through the use cases, what disturbs it, and who watches.
import type { AnyJson } from "../../shared/core/json.ts";
import { attemptIdOf, attemptKeyOf, type RunId } from "../../shared/core/ids.ts";
import { limits as ceilings } from "../../shared/core/limits.ts";
import type { UnitLimits } from "../../shared/core/project/project-settings.ts";
import { isFinal, liveAttempt } from "../../shared/core/run/run.ts";
import {
  PRIORITIES,
  type ScheduleDefinition,
} from "../../shared/core/schedule/schedule-definition.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import type { Random } from "../../shared/ports/random.ts";
import type { Store } from "../../shared/ports/store.ts";
import { readAccount, scanEntries } from "../../shared/records/account-record.ts";
import { listRuns } from "../../shared/usecases/list-runs.ts";
import { postToAccount } from "../../shared/usecases/projects/post-to-account.ts";
import { setUnitBalance } from "../../shared/usecases/projects/set-unit-balance.ts";
import { sendNudges } from "../../shared/usecases/nudge.ts";
import { adjust, setLimits, topUp, type Posting } from "../../shared/core/units/account.ts";
import type { Account } from "../../shared/core/units/account.ts";
import type { Entry } from "../../shared/core/units/ledger.ts";
import { aConfiguration, aJob, aRetry, aSchedule, PROJECT } from "./builders.ts";
import { checkedStore, type StoreWeather } from "./checked-store.ts";
import { LedgerByHand, type LimitsByHand } from "./ledger-by-hand.ts";
import type { Script } from "./scripted-executor.ts";
import { seededRandom } from "./seeded-random.ts";
import { aCron, aTiming } from "./timing-builder.ts";
import { World } from "./world.ts";

const OVERLAPS = ["skip", "queue-one", "queue-all", "cancel-running", "allow"] as const;
const TYPES = ["c1.4", "c1.8", "c1.32"] as const;

/**
 * A project that lives by chance: schedules, limits and balances that change, executions of every
 * kind, a process that is killed between any two calls of a port, a store that fails, messages that
 * are lost, doubled or late. After every commit the rows are read by somebody who has sums of his own.
 */
export class ProjectLife {
  readonly world: World;
  /** What was found wrong, in the order in which it was. */
  readonly wrongs: string[] = [];
  commits = 0;
  entries = 0;
  kills = 0;
  readonly #chance: Random;
  readonly #ledger = new LedgerByHand();
  /** The limits that each commit left, with the number of its last entry. */
  readonly #known: { readonly through: number; readonly limits: LimitsByHand }[] = [];
  #checking: Promise<unknown> = Promise.resolve();
  readonly #schedules: readonly ScheduleDefinition[];
  #weather: StoreWeather | undefined;
  #asked = 0;
  readonly #log: string[] = [];

  constructor(seed: number) {
    this.#chance = seededRandom(seed);
    this.#schedules = Array.from({ length: 2 + this.#below(3) }, (_, index) =>
      this.#aSchedule(`s${index}`),
    );
    const weather = { random: this.#chance, busy: 0.01, unknown: 0.01, rerun: 0.05 };
    this.world = new World({
      seed,
      seenStore: (store) =>
        checkedStore(
          store,
          {
            inside: async (tx) => await readAccount(tx, PROJECT),
            afterCommit: async (label, account) => await this.#committed(store, label, account),
          },
          () => this.#weather,
        ),
    });
    this.#weather = weather;
    for (const { name } of this.#schedules) this.world.alwaysRuns(name, this.#aScript());
  }

  /** What was done, for whoever has to understand a failure. */
  get story(): string {
    return this.#log.slice(-30).join("\n");
  }

  /** Lives through so many steps; then everything works again, and there is enough of everything. */
  async live(steps: number): Promise<void> {
    await this.#try("apply", async () => await this.#apply(this.#someLimits()));
    const every = 20 + this.#below(60);
    this.world.crashPoints.arm(() => {
      if (this.#weather === undefined || this.#below(every) > 0) return undefined;
      return this.#below(2) === 0 ? "before" : "after";
    });
    this.world.loses = () => this.#weather !== undefined && this.#below(20) === 0;
    for (let step = 0; step < steps && this.wrongs.length === 0; step += 1) await this.#step();
    this.#weather = undefined;
    await this.#upAgain();
    await this.#apply({});
    await setUnitBalance(this.world.services, {
      ...{ project: PROJECT, units: null, response: {} as AnyJson, caller: { kind: "platform" } },
    });
    // Runs that go one after another, three attempts each, of forty minutes each.
    for (let hour = 0; hour < 48; hour += 1) {
      await this.world.live(HOUR_MS);
      const runs = await this.world.runs();
      if (hour >= 3 && runs.every(({ state }) => isFinal(state))) return;
    }
  }

  async #step(): Promise<void> {
    const { world } = this;
    this.#script();
    switch (this.#below(12)) {
      case 0:
        await this.#try("apply", async () => await this.#apply(this.#someLimits()));
        break;
      case 1: {
        const units = this.#below(4) === 0 ? null : this.#below(60_000);
        const wanted = { project: PROJECT, units, response: {} as AnyJson };
        await this.#try(`set balance ${units}`, async () => {
          await setUnitBalance(world.services, { ...wanted, caller: { kind: "platform" } });
        });
        break;
      }
      case 2:
        await this.#post();
        break;
      case 3: {
        const run = await this.#someRun();
        if (run !== undefined)
          await this.#try(`cancel ${run}`, async () => await world.cancel(run));
        break;
      }
      case 4: {
        const run = await this.#someRun();
        if (run === undefined) break;
        const queue = this.#below(2) === 0 ? "submit" : "watch";
        // About an attempt that may be over by now, or that has not come yet.
        const about = this.#below(2) === 0 ? {} : { attempt: 1 + this.#below(2) };
        this.#log.push(`${queue} ${run} ${about.attempt ?? ""} again`);
        await world.message(queue, JSON.stringify({ run, project: PROJECT, ...about }));
        break;
      }
      case 5:
        this.#log.push("tick out of turn");
        await world.tick();
        break;
      default:
        await this.#ask();
    }
    const ms = [0, 5 * SECOND_MS, MINUTE_MS, 8 * MINUTE_MS, 25 * MINUTE_MS][this.#below(5)] ?? 0;
    this.#log.push(`live ${ms} ms`);
    await world.live(ms);
    await this.#upAgain();
  }

  async #ask(): Promise<void> {
    const { name } = this.#schedules[this.#below(this.#schedules.length)] ?? { name: "s0" };
    const count = 1 + this.#below(4);
    for (let n = 0; n < count; n += 1) {
      const id = `p${(this.#asked += 1)}`;
      await this.#try(`ask ${name} ${id}`, async () => await this.world.ask(name, id));
    }
  }

  /** A change of the account by its own verbs, as an operator's call makes it. */
  async #post(): Promise<void> {
    const units = 1 + this.#below(20_000);
    const kind = this.#below(3);
    const { balance: _balance, ...limits } = this.#someLimits();
    const { services, clock } = this.world;
    await this.#try(`post ${["top up", "adjust", "limits"][kind] ?? ""} ${units}`, async () => {
      const now = clock.now();
      const change = (account: Account): Posting => {
        if (kind === 0) return topUp(account, { units, reason: "by hand" }, now);
        if (kind === 1) return adjust(account, { units: -units, reason: "elsewhere" }, now);
        return setLimits(account, limits, now);
      };
      const { nudges } = await services.store.transact(
        "post",
        async (tx) => await postToAccount(tx, PROJECT, now, change),
      );
      await sendNudges(services, nudges, now);
    });
  }

  async #apply(limits: UnitLimits): Promise<void> {
    const schedules = this.#schedules;
    await this.world.apply(aConfiguration({ schedules, limits }));
  }

  async #try(what: string, work: () => Promise<unknown>): Promise<void> {
    this.#log.push(what);
    await work().catch((error: unknown) => this.#log.push(`  ${String(error)}`));
    await this.#upAgain();
  }

  async #upAgain(): Promise<void> {
    while (this.world.crashPoints.isDown) {
      this.kills += 1;
      this.#log.push(`killed ${this.world.crashPoints.killedAt}`);
      await this.world.restart();
    }
  }

  async #someRun(): Promise<RunId | undefined> {
    const runs = (await this.world.runs()).filter(({ state }) => !isFinal(state));
    return runs[this.#below(Math.max(1, runs.length))]?.id;
  }

  /** Commits are looked at one after another, though some come together. */
  async #committed(store: Store, label: string, account: Account): Promise<void> {
    this.commits += 1;
    this.#known.push({ through: account.seq, limits: account.limits });
    this.#checking = this.#checking
      .then(async () => await this.#check(store))
      .catch((error: unknown) => this.wrongs.push(`after ${label}: ${String(error)}`));
    await this.#checking;
  }

  /** Reads every new line of the ledger, and what stands beside it. */
  async #check(store: Store): Promise<void> {
    const after = this.#ledger.seq;
    const { account, entries, runs } = await store.snapshot(async (reader) => {
      const page = { limit: ceilings.scanRows, after };
      const here: Store = {
        transact: async (label, body) => await store.transact(label, body),
        snapshot: async (body) => await body(reader),
        close: async () => await store.close(),
      };
      const { items } = await listRuns({ store: here }, { size: ceilings.scanRows });
      return {
        account: await readAccount(reader, PROJECT),
        entries: await scanEntries(reader, PROJECT, page),
        runs: items,
      };
    });
    for (const entry of entries) {
      // Committed since, by somebody who is about to say with which limits.
      const known = this.#known.find(({ through }) => through >= entry.seq);
      if (known === undefined) return;
      this.#ledger.read(entry, known.limits);
      this.#checkSpend(entry);
      this.entries += 1;
    }
    this.#ledger.expectBears(account);
    const live = runs.flatMap((run) => {
      const attempt = liveAttempt(run);
      return attempt === undefined ? [] : [attemptIdOf(run.id, attempt.number)];
    });
    const holding = account.open.map(({ attempt }) => attempt).toSorted();
    if (holding.join() === live.toSorted().join()) return;
    throw new Error(`${holding.join()} hold units, and ${live.join()} are live`);
  }

  /** What a line says of time and money, by the executor's own record and the price list. */
  #checkSpend(entry: Entry): void {
    const { executor, clock } = this.world;
    if (entry.kind === "release" && executor.started.includes(entry.reservation)) {
      const isOver = executor.ranOf(entry.reservation).endedAt <= clock.now();
      if (!isOver)
        throw new Error(`Entry ${entry.seq} gives back what ${entry.reservation} spends`);
    }
    if (entry.kind !== "hold" && entry.kind !== "settle") return;
    const { reservation, spend } = entry;
    const run = attemptKeyOf(reservation)?.run;
    const schedule = this.#schedules.find(({ name }) => run?.startsWith(`${name}.`));
    const [type = "c1.4"] = schedule?.work.instanceTypes ?? [];
    const rate = Number(type.slice("c1.".length));
    const ms = (spend.units / rate) * SECOND_MS;
    const startAt =
      entry.kind === "hold" ? entry.at : this.world.executor.ranOf(reservation).startedAt;
    const slackMs = entry.kind === "hold" ? ceilings.startWithinMs : 0;
    const own = { startAt, endAt: startAt + slackMs + ms, rate, units: this.#unitsOf(entry, rate) };
    const said = [spend.startAt, spend.endAt, spend.rate, spend.units].join();
    if (said === [own.startAt, own.endAt, own.rate, own.units].join()) return;
    throw new Error(`Entry ${entry.seq} says ${JSON.stringify(spend)}, not ${JSON.stringify(own)}`);
  }

  /** Whole seconds at the price of the instance; a hold is some number of them. */
  #unitsOf(entry: Extract<Entry, { kind: "hold" | "settle" }>, rate: number): number {
    if (entry.kind === "hold") return Math.floor(entry.spend.units / rate) * rate;
    const { startedAt, endedAt } = this.world.executor.ranOf(entry.reservation);
    return Math.ceil((endedAt - startedAt) / SECOND_MS) * rate;
  }

  /** Now and then the next execution of a schedule does something else. */
  #script(): void {
    const { name } = this.#schedules[this.#below(this.#schedules.length)] ?? { name: "s0" };
    if (this.#below(3) === 0) this.world.willRun(name, this.#aScript());
  }

  #aScript(): Script {
    const runMs = this.#below(12 * MINUTE_MS);
    switch (this.#below(10)) {
      case 0:
        return { runMs: Infinity };
      case 1:
        return { runMs: Infinity, codeWhenAsked: 143 };
      case 2:
        return { runMs, isLost: true };
      case 3:
        return { runMs, prepareFails: "An input is not there" };
      case 4:
        return { runMs, code: 1 };
      case 5:
        return { runMs, isElsewhere: true };
      case 6:
        return { runMs: this.#below(SECOND_MS) };
      case 7:
        return { runMs, unavailableStarts: 1 + this.#below(3), prepareMs: this.#below(MINUTE_MS) };
      default:
        return { runMs, prepareMs: this.#below(19 * MINUTE_MS) };
    }
  }

  #aSchedule(name: string): ScheduleDefinition {
    const isTimed = this.#below(2) === 0;
    const minutes = 3 + this.#below(20);
    const when = [aCron(`*/${minutes} * * * *`)];
    const timing = isTimed ? aTiming({ when, until: "2027-01-15T02:00:00" }) : null;
    const type = TYPES[this.#below(TYPES.length)] ?? "c1.4";
    return aSchedule({
      name,
      timing,
      work: aJob({ instanceTypes: [type] }),
      overlap: OVERLAPS[this.#below(OVERLAPS.length)] ?? "allow",
      priority: PRIORITIES[this.#below(PRIORITIES.length)] ?? "normal",
      onLimit: this.#below(6) === 0 ? "skip" : "wait",
      timeoutMs: 1 + this.#below(20 * MINUTE_MS),
      retry: aRetry({ attempts: 1 + this.#below(3), on: ["failed", "system", "timedOut"] }),
    });
  }

  #someLimits(): UnitLimits {
    return {
      ...(this.#below(4) === 0 ? {} : { unitsPerHour: 3_000 + this.#below(60_000) }),
      ...(this.#below(3) > 0 ? {} : { unitsPerExecution: this.#below(20_000) }),
      ...(this.#below(2) === 0 ? {} : { concurrentRuns: this.#below(5) }),
      ...(this.#below(2) === 0 ? {} : { balance: this.#below(120_000) }),
    };
  }

  #below(count: number): number {
    return Math.floor(this.#chance.fraction() * count);
  }
}
