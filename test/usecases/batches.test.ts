import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { OrreryError } from "../../shared/core/errors.ts";
import { attemptIdOf, type RunId } from "../../shared/core/ids.ts";
import { limits } from "../../shared/core/limits.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import type { ExecutionReport } from "../../shared/ports/executor.ts";
import type { Store, Transaction } from "../../shared/ports/store.ts";
import { runsTable } from "../../shared/records/tables.ts";
import { watchRuns } from "../../shared/usecases/watch-runs.ts";
import { aConfiguration, aSchedule, aSubscription } from "../support/builders.ts";
import { expectNothingOwed, expectNoStrayExecution } from "../support/invariants.ts";
import { exits } from "../support/scripted-executor.ts";
import { aTiming } from "../support/timing-builder.ts";
import { World } from "../support/world.ts";

/** Looks at several runs that come in one batch: those of a project share transactions (P4, P6, P7). */
const transactions: string[] = [];
/** Fails a transaction that reads this schedule's runs, as a row would that cannot be read. */
let poison:
  { readonly schedule: string; readonly label: string; readonly error: Error } | undefined;

function seen(store: Store): Store {
  return {
    ...store,
    snapshot: async (body) => await store.snapshot(body),
    transact: async (label, body) => {
      transactions.push(label);
      return await store.transact(label, async (tx) => await body(poisoned(tx, label)));
    },
  };
}

function poisoned(tx: Transaction, label: string): Transaction {
  return {
    get: async (table, key) => await tx.get(table, key),
    scan: async (table, scan) => await tx.scan(table, scan),
    put: (table, row) => {
      tx.put(table, row);
    },
    delete: (table, key) => {
      tx.delete(table, key);
    },
    getMany: async (table, keys) => {
      const isPoison = keys.some(
        (key) => "schedule" in key && key["schedule"] === poison?.schedule,
      );
      if (table.name === runsTable.name && label === poison?.label && isPoison) throw poison.error;
      return await tx.getMany(table, keys);
    },
  };
}

let world: World;
beforeEach(() => {
  world = new World({ seenStore: seen });
  transactions.length = 0;
  poison = undefined;
});
afterEach(async () => await world.close());

const counted = (label: string): number => transactions.filter((each) => each === label).length;

/** Schedules that fire once, together, a minute and a half after the start. */
async function configure(
  projects: Readonly<Record<string, readonly string[]>>,
  limited: Parameters<typeof aConfiguration>[0] = {},
): Promise<void> {
  const timing = aTiming({ when: [{ kind: "at", at: "2027-01-15T00:01:30Z", timezone: "UTC" }] });
  const schedules = Object.entries(projects).flatMap(([project, names]) =>
    names.map((name) => aSchedule({ name, project, timing, overlap: "allow" })),
  );
  for (const { name } of schedules) world.alwaysRuns(name, exits(SECOND_MS));
  const subscriptions = [aSubscription({ on: ["run.succeeded"] })];
  await world.apply(aConfiguration({ schedules, subscriptions, ...limited }));
}

/** Until they have fired, and nothing has ended. */
const FIRED_MS = 90 * SECOND_MS;
const EIGHT = Array.from({ length: 8 }, (_, index) => `s-${index}`);
const broken = new Error("This row cannot be read");

describe("runs of one project that fire together", () => {
  it("are admitted in one transaction and ended in one", async () => {
    await configure({ demo: EIGHT });

    await world.live(3 * MINUTE_MS);

    expect(counted("submit")).toBe(1);
    expect(counted("end-attempt")).toBe(1);
    expect(world.webhook.received).toHaveLength(8);
    await expectNothingOwed(world);
    await expectNoStrayExecution(world);
  });

  it("share the places there are: those that fit start, and the others wait and follow", async () => {
    await configure({ demo: EIGHT }, { limits: { concurrentRuns: 3 } });

    await world.live(FIRED_MS);
    const started = world.executor.started.length;
    await world.live(5 * MINUTE_MS);

    expect(started).toBe(3);
    expect(world.executor.started).toHaveLength(8);
    await expectNothingOwed(world);
  });

  it("spend one balance: none of them is admitted on units that another one holds", async () => {
    // Half an hour and its grace at 4 units a second is what each of them holds.
    const each = (30 * MINUTE_MS + 10 * SECOND_MS) * (4 / SECOND_MS);
    const balance = 3 * each;
    await configure({ demo: EIGHT }, { limits: { balance } });

    await world.live(FIRED_MS);

    const states = (await world.runs()).map(({ state }) => state);
    expect(states.filter((state) => state === "starting")).toHaveLength(3);
    expect(states.filter((state) => state === "waiting")).toHaveLength(5);
  });

  it("are each done once where every message comes twice in its batch", async () => {
    const { queue } = world.services;
    const send = queue.send.bind(queue);
    Object.assign(queue, {
      send: async (...[name, messages]: Parameters<typeof send>) => {
        await send(name, [...messages, ...messages]);
      },
    });
    await configure({ demo: EIGHT.slice(0, 4), other: EIGHT.slice(4) });

    await world.live(3 * MINUTE_MS);

    expect(world.failures).toEqual([]);
    expect(world.log.filter(({ name }) => name === "run.succeeded")).toHaveLength(8);
    await expectNothingOwed(world);
    await expectNoStrayExecution(world);
  });

  it("end all the same where every message is lost", async () => {
    world.loses = () => true;
    await configure({ demo: EIGHT.slice(0, 4), other: EIGHT.slice(4) });

    await world.live(HOUR_MS / 2);
    world.loses = () => false;
    await world.live(15 * MINUTE_MS);

    expect((await world.runs()).map(({ state }) => state)).toEqual(EIGHT.map(() => "succeeded"));
    await expectNothingOwed(world);
  });
});

describe("two runs of one schedule in one batch", () => {
  it("are decided on one after the other, so that the second sees the first", async () => {
    world.alwaysRuns("nightly", exits(HOUR_MS));
    await world.apply(aConfiguration({ schedules: [aSchedule({ timing: null })] }));
    await world.ask("nightly", "p1");
    await world.ask("nightly", "p2");

    await world.deliverAll();

    expect((await world.states("nightly")).toSorted()).toEqual(["running", "skipped (overlap)"]);
    expect(counted("submit")).toBe(2);
  });

  it("are decided on together where they may overlap", async () => {
    world.alwaysRuns("nightly", exits(HOUR_MS));
    const schedules = [aSchedule({ timing: null, overlap: "allow" })];
    await world.apply(aConfiguration({ schedules }));
    await world.ask("nightly", "p1");
    await world.ask("nightly", "p2");

    await world.deliverAll();

    expect(await world.states("nightly")).toEqual(["running", "running"]);
    expect(counted("submit")).toBe(1);
  });
});

describe("a run whose row cannot be read", () => {
  it.each(["submit", "end-attempt"])("holds up no other run of its batch: %s", async (label) => {
    await configure({ demo: EIGHT.slice(0, 4), other: EIGHT.slice(4) });
    poison = { schedule: "s-1", label, error: broken };

    await world.live(2 * MINUTE_MS);

    const unfinished = (await world.runs()).filter(({ state }) => state !== "succeeded");
    expect(unfinished.map(({ schedule }) => schedule)).toEqual(["s-1"]);
    expect(world.failures[0]).toMatch(/^1 of \d+ messages failed: This row cannot be read$/);
    poison = undefined;
    await world.live(15 * MINUTE_MS);
    await expectNothingOwed(world);
  });
});

describe("a store that is throttled", () => {
  it("is not asked again for each run of the batch", async () => {
    await configure({ demo: EIGHT });
    const error = new OrreryError("STORE_THROTTLED", "The database is throttled");
    poison = { schedule: "s-1", label: "submit", error };

    await world.live(FIRED_MS);

    expect(counted("submit")).toBe(1);
    expect(world.failures).toHaveLength(1);
    expect(world.failures[0]).toMatch(/^8 of 8 messages failed/);
  });
});

describe("an executor that is slow to answer for one run", () => {
  it("holds up neither the others of its project nor those of another", async () => {
    await configure({ demo: EIGHT.slice(0, 4), other: EIGHT.slice(4) });
    world.loses = ({ queue }) => queue === "watch";
    await world.live(FIRED_MS + 10 * SECOND_MS);
    const runs = await world.runs();
    const slow = runs.find(({ schedule }) => schedule === "s-1")?.id as RunId;
    const poll = world.executor.poll.bind(world.executor);
    let answer: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => (answer = resolve));
    Object.assign(world.executor, {
      poll: async (attempt: string): Promise<ExecutionReport> => {
        if (attempt === attemptIdOf(slow, 1)) await asked;
        return await poll(attemptIdOf(attempt.slice(0, -2) as RunId, 1));
      },
    });
    const looks = runs.map(({ id, project }) => ({ run: id, project, attempt: 1 }));

    const watched = watchRuns(world.services, looks);
    await untilEnded(7);
    const state = (await world.run(slow)).state;
    answer();

    expect(await watched).toEqual([]);
    expect(state).toBe("starting");
    expect((await world.run(slow)).state).toBe("succeeded");
  });

  /** Lets the patience pass, and what is under way come to its end. */
  async function untilEnded(count: number): Promise<void> {
    for (let turn = 0; turn < 1_000; turn += 1) {
      await world.clock.advance(limits.batchPatienceMs / 10);
      const runs = await world.runs();
      if (runs.filter(({ state }) => state === "succeeded").length === count) return;
    }
    expect.fail(`${count} runs end`);
  }
});
