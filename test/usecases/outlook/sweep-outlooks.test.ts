// One file, because when a project is looked at, what interrupts it and what is told are one promise.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { projectId, type ProjectId } from "../../../shared/core/ids.ts";
import { limits } from "../../../shared/core/limits.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import { instant, plusMs } from "../../../shared/core/time/instant.ts";
import { applyBudget } from "../../../shared/core/units/account.ts";
import type { Store } from "../../../shared/ports/store.ts";
import { readAccount, writeAccount } from "../../../shared/records/account-record.ts";
import { readOutlooks, type Outlook } from "../../../shared/records/outlook-record.ts";
import type { OutlookStep } from "../../../shared/usecases/outlook/outlook-step.ts";
import { isOutlookDue } from "../../../shared/usecases/outlook/outlook-due.ts";
import { sweepOutlooks } from "../../../shared/usecases/outlook/sweep-outlooks.ts";
import { projectSpending } from "../../../shared/usecases/project-spending.ts";
import { aConfiguration, aSchedule, aSubscription, START_AT } from "../../support/builders.ts";
import { rerunningStore } from "../../support/rerunning-store.ts";
import { exits } from "../../support/scripted-executor.ts";
import { settleWork } from "../../support/settled-work.ts";
import { aCron, aTiming } from "../../support/timing-builder.ts";
import { World } from "../../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(async () => await world.close());

const DEMO = projectId("demo");

/** Which projects were looked at. */
let looked: string[] = [];
beforeEach(() => {
  looked = [];
});

const looks: OutlookStep = async (_, { account, outlook }) => {
  looked.push(account.project);
  return await Promise.resolve({ outlook, events: [] });
};

/** Tells something each time that it is asked. */
const tells: OutlookStep = async (_, { account, outlook, now }) => {
  const { project } = account;
  const data = { project };
  const event = { type: "budget.forecast", project, at: now, key: `${now}`, data } as const;
  return await Promise.resolve({ outlook, events: [event] });
};

async function sweep(steps: readonly OutlookStep[] = [looks], world_ = world): Promise<void> {
  const deadlineAt = plusMs(world_.clock.now(), MINUTE_MS);
  await sweepOutlooks(world_.services, { deadlineAt, steps });
}

/** Runs of a second that have just ended; each leaves two entries. */
async function works(runs: number, project: ProjectId = DEMO): Promise<void> {
  const endedAt = world.clock.now();
  const work = { schedule: "nightly", endedAt, units: 1 };
  await settleWork(
    world.store,
    project,
    Array.from({ length: runs }, () => work),
  );
}

async function outlookOf(project: ProjectId = DEMO): Promise<Outlook | undefined> {
  return (await world.store.snapshot(async (reader) => await readOutlooks(reader, [project])))[0];
}

async function spentBy(project: ProjectId): Promise<number> {
  return (await projectSpending(world.services, { project, step: "day" })).units;
}

const ENOUGH = limits.outlookEntries / 2;

describe("a tick looks after outlooks", () => {
  it("six times an hour, and never when it audits", () => {
    const minutes = Array.from({ length: 60 }, (_, minute) => minute);

    expect(minutes.filter((minute) => isOutlookDue(instant(minute * MINUTE_MS)))).toEqual([
      5, 15, 25, 35, 45, 55,
    ]);
    expect(isOutlookDue(instant(5 * MINUTE_MS + 59 * SECOND_MS))).toBe(true);
  });

  it("whether or not anybody listens", async () => {
    const timing = aTiming({ when: [aCron("0 * * * *")] });
    await world.apply(aConfiguration({ schedules: [aSchedule({ timing })] }));
    world.alwaysRuns("nightly", exits(SECOND_MS));

    await world.live(4 * MINUTE_MS);
    expect(await outlookOf()).toMatchObject({ seq: 0 });
    await world.live(2 * MINUTE_MS);

    expect(await outlookOf()).toMatchObject({ seq: 2 });
    expect(world.failures).toEqual([]);
  });
});

describe("a project", () => {
  it("gets its first outlook with the first sweep, and none while nothing has happened", async () => {
    await works(1);

    await sweep();
    await world.clock.advance(DAY_MS);
    await sweep();

    expect(looked).toEqual(["demo"]);
    expect(await outlookOf()).toMatchObject({ seq: 2, at: START_AT });
  });

  it("gets another one each hour in which enough has happened", async () => {
    for (let hour = 0; hour < 3; hour += 1) {
      await works(ENOUGH);
      await sweep();
      await sweep();
      await world.clock.advance(HOUR_MS);
    }

    expect(looked).toEqual(["demo", "demo", "demo"]);
  });

  it("waits some hours where little has happened", async () => {
    await works(ENOUGH);
    await sweep();
    await works(ENOUGH - 1);
    const hours: number[] = [];
    for (let hour = 1; hour <= 8; hour += 1) {
      await world.clock.advance(HOUR_MS);
      const before = looked.length;
      await sweep();
      if (looked.length > before) hours.push(hour);
    }

    expect(hours).toEqual([limits.outlookEveryMs / HOUR_MS]);
  });

  it("waits for no more where its budget warns ahead, and is looked at by the day without any", async () => {
    await world.store.transact("budget", async (tx) => {
      const budget = { warnAtPercent: [], warnAheadMs: DAY_MS };
      const { account } = applyBudget(await readAccount(tx, DEMO), budget, START_AT);
      await writeAccount(tx, account, []);
    });
    await works(ENOUGH);
    await sweep();
    await works(1);
    const hours: number[] = [];
    for (let hour = 1; hour <= 50; hour += 1) {
      await world.clock.advance(HOUR_MS);
      const before = looked.length;
      await sweep();
      if (looked.length > before) hours.push(hour);
    }

    expect(hours).toEqual([1, 25, 49]);
  });
});

describe("a sweep", () => {
  const named = (index: number): ProjectId => projectId(`p-${String(index).padStart(3, "0")}`);

  it("comes to every project, over as many pages as that takes", async () => {
    const count = limits.outlookProjects + 5;
    for (let index = 0; index < count; index += 1) await works(1, named(index));

    await sweep();

    expect(looked).toEqual(Array.from({ length: count }, (_, index) => named(index)));
  });

  it("goes on in the next tick where the time was up, and looks at nothing twice", async () => {
    for (let index = 0; index < 5; index += 1) await works(1, named(index));
    const slow: OutlookStep = async (reader, facts) => {
      await world.clock.advance(10 * SECOND_MS);
      return await looks(reader, facts);
    };

    await sweep([slow]);
    expect(looked).toEqual([named(0), named(1), named(2)]);
    await sweep([slow]);

    expect(looked).toEqual([0, 1, 2, 3, 4].map(named));
    await works(ENOUGH, named(0));
    await sweep([slow]);
    expect(looked).toHaveLength(5);
  });

  it("reads nothing for the rest of the hour once it is through, and little in the next one", async () => {
    await works(1);
    await sweep();
    const calls: string[] = [];
    world.crashPoints.arm(({ name }) => {
      calls.push(name);
      return undefined;
    });

    await sweep();
    expect(calls).toEqual([]);
    await world.clock.advance(HOUR_MS);
    await sweep();

    expect(calls).toEqual(["snapshot", "snapshot", "transact outlook-sweep"]);
  });

  it("tells of a project that fails, passes it over, and tries it again in the next hour", async () => {
    for (const index of [0, 1, 2]) await works(1, named(index));
    let isBroken = true;
    const fragile: OutlookStep = async (reader, facts) => {
      if (isBroken && facts.account.project === named(1)) throw new Error("a row is odd");
      return await looks(reader, facts);
    };

    await sweep([fragile]);
    expect(looked).toEqual([named(0), named(2)]);
    const warned = world.log.filter(({ name }) => name === "outlook.failed");
    expect(warned.map(({ fields }) => fields["project"])).toEqual([named(1)]);
    expect(warned[0]?.message).toContain("a row is odd");
    expect(await spentBy(named(1))).toBe(1);

    isBroken = false;
    await world.clock.advance(HOUR_MS);
    await sweep([fragile]);
    expect(looked).toEqual([named(0), named(2), named(1)]);
  });

  it("passes over a project at which tick after tick was killed", async () => {
    for (const index of [0, 1, 2]) await works(1, named(index));
    let isDeadly = true;
    const deadly: OutlookStep = async (reader, facts) => {
      if (isDeadly && facts.account.project === named(1)) {
        world.crashPoints.arm(() => "before");
      }
      return await looks(reader, facts);
    };

    for (let tick = 0; tick <= limits.outlookTries; tick += 1) {
      await sweep([deadly]);
      world.crashPoints.arm(() => undefined);
      world.crash();
    }
    isDeadly = false;
    await sweep([deadly]);

    expect((await outlookOf(named(0)))?.seq).toBe(2);
    expect((await outlookOf(named(1)))?.seq).toBe(0);
    expect((await outlookOf(named(2)))?.seq).toBe(2);
    expect(world.log.map(({ message }) => message).join("\n")).toContain("came to no end with it");
  });

  it("is told of where the store is away, and fails nobody", async () => {
    await works(1);
    world.crashPoints.arm(() => {
      throw new Error("The store is away");
    });

    await sweep();

    expect(world.log.map(({ name }) => name)).toEqual(["outlook.swept"]);
    expect(world.log[0]?.message).toContain("The store is away");
  });
});

describe("what an outlook tells", () => {
  const subscriptions = [aSubscription({ on: ["budget.forecast"] })];

  it("is delivered once it is written", async () => {
    await world.apply(aConfiguration({ subscriptions }));
    await works(1);

    await sweep([tells]);
    await world.deliverAll();

    expect(world.webhook.types).toEqual(["budget.forecast"]);
  });

  /** Another tick that looks after the same project, between the first one's reading and writing. */
  const overtaking = (store: Store): Store => {
    let isFirst = true;
    return {
      ...store,
      snapshot: async (body) => await store.snapshot(body),
      close: async () => await store.close(),
      transact: async (label, body) => {
        if (label === "outlook" && isFirst) {
          isFirst = false;
          await sweep([tells], other);
        }
        return await store.transact(label, body);
      },
    };
  };
  let other: World;

  it("is told once where two ticks look at the same time, and nothing is added up twice", async () => {
    other = new World({ path: world.path, store: world.store });
    const seen = overtaking(world.store);
    await world.apply(aConfiguration({ subscriptions }));
    await works(3);
    // The other one is a moment later, so that what both tell is not the same by chance.
    await other.clock.advance(SECOND_MS);

    const deadlineAt = plusMs(world.clock.now(), MINUTE_MS);
    await sweepOutlooks({ ...world.services, store: seen }, { deadlineAt, steps: [tells] });
    await world.deliverAll();
    await other.deliverAll();

    expect([...world.webhook.types, ...other.webhook.types]).toEqual(["budget.forecast"]);
    expect(await spentBy(DEMO)).toBe(3);
    expect(await outlookOf()).toMatchObject({ seq: 6, at: plusMs(START_AT, SECOND_MS) });
  });

  it("is the same where every transaction runs twice", async () => {
    await world.apply(aConfiguration({ subscriptions }));
    await works(3);
    const services = { ...world.services, store: rerunningStore(world.services.store) };

    await sweepOutlooks(services, { deadlineAt: plusMs(START_AT, MINUTE_MS), steps: [tells] });
    await world.deliverAll();

    expect(world.webhook.types).toEqual(["budget.forecast"]);
    expect(await spentBy(DEMO)).toBe(3);
  });

  it.each(["before", "after"] as const)(
    "is told, and added up, once where the tick is killed %s any of its calls",
    async (fate) => {
      await world.apply(aConfiguration({ subscriptions }));
      let spent = 0;
      for (let number = 1; number <= 8; number += 1) {
        await works(ENOUGH);
        spent += ENOUGH;
        world.crashPoints.arm((call) => (call.number === number ? fate : undefined));
        await sweep([tells]);
        world.crashPoints.arm(() => undefined);
        world.crash();
        await sweep([tells]);
        await world.live(HOUR_MS);

        expect(world.webhook.types, `killed ${fate} call ${number}`).toHaveLength(number);
        expect(await spentBy(DEMO)).toBe(spent);
      }
    },
  );
});
