import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { limits as ceilings } from "../../shared/core/limits.ts";
import type { UnitLimits } from "../../shared/core/project/project-settings.ts";
import type { ScheduleDefinition } from "../../shared/core/schedule/schedule-definition.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import type { Reader, Store, Transaction } from "../../shared/ports/store.ts";
import { noOutlook, writeOutlook } from "../../shared/records/outlook-record.ts";
import { aConfiguration, aJob, aSchedule, PROJECT } from "../support/builders.ts";
import { expectLedgerAddsUp, expectNoOvershoot, expectNothingOwed } from "../support/invariants.ts";
import { exits } from "../support/scripted-executor.ts";
import { aTiming, aCron } from "../support/timing-builder.ts";
import { World } from "../support/world.ts";

let world: World;
let outlooksRead = 0;
beforeEach(() => {
  outlooksRead = 0;
  world = new World({ seenStore: countingOutlooks });
});
afterEach(async () => await world.close());

/** A store that counts how often outlooks are asked for. */
function countingOutlooks(store: Store): Store {
  const counted = <T extends Reader>(reader: T): T =>
    new Proxy(reader, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        return (...given: readonly unknown[]): unknown => {
          const [table] = given as readonly { readonly name?: string }[];
          if (name === "getMany" && table?.name === "outlooks") outlooksRead += 1;
          return Reflect.apply(value, target, given);
        };
      },
    });
  return {
    transact: async (label, body) =>
      await store.transact(label, async (tx: Transaction) => await body(counted(tx))),
    snapshot: async (body) => await store.snapshot(async (reader) => await body(counted(reader))),
    close: async () => {
      await store.close();
    },
  };
}

const AT_ONCE = aTiming({ when: [aCron("0 1 * * *")] });

/** Schedules that fire together, each for as many minutes as its name says, all within the same bound. */
const minutes = (count: number, fields: Parameters<typeof aSchedule>[0] = {}): ScheduleDefinition =>
  aSchedule({
    name: `m${String(count).padStart(2, "0")}`,
    timing: AT_ONCE,
    timeoutMs: 30 * MINUTE_MS,
    ...fields,
  });

const minutesOf = (name: string): number => Number(name.slice(1));

async function configure(
  schedules: readonly ScheduleDefinition[],
  limits: UnitLimits,
): Promise<void> {
  for (const { name } of schedules) world.alwaysRuns(name, exits(minutesOf(name) * MINUTE_MS));
  await world.apply(aConfiguration({ schedules, limits }));
}

/** Has the project's outlook say what each of these schedules spends. */
async function learn(
  schedules: readonly ScheduleDefinition[],
  sizeOf: (name: string) => number = minutesOf,
): Promise<void> {
  const estimates = Object.fromEntries(
    schedules.map(({ name }) => {
      const durationMs = sizeOf(name) * MINUTE_MS;
      const units = (durationMs / SECOND_MS) * 4;
      return [name, { units, durationMs, source: "history" as const, runs: 20, rate: 4 }];
    }),
  );
  await world.store.transact("outlook", async (tx) => {
    await Promise.resolve();
    writeOutlook(tx, { ...noOutlook(PROJECT), estimates });
  });
}

async function startsInOrder(): Promise<readonly string[]> {
  const runs = await world.runs();
  const started = runs.flatMap(({ schedule, attempts }) => {
    const startedAt = attempts[0]?.startedAt;
    return startedAt === undefined ? [] : [{ schedule, startedAt }];
  });
  return started
    .toSorted((a, b) => a.startedAt - b.startedAt || (a.schedule < b.schedule ? -1 : 1))
    .map(({ schedule }) => schedule);
}

/** Names from one to twelve minutes, so that no batch of ten has them all; the longest first by id. */
const many = (count: number): readonly ScheduleDefinition[] =>
  Array.from({ length: count }, (_, index) => minutes(index + 1, { name: `z${99 - index}` }));

describe("schedules that fire together and do not fit together", () => {
  it("start one after the other, whoever is expected to spend less first", async () => {
    const schedules = [minutes(9), minutes(3), minutes(6), minutes(12)];
    await configure(schedules, { concurrentRuns: 1 });
    await learn(schedules);

    await world.live(3 * HOUR_MS);

    expect(await startsInOrder()).toEqual(["m03", "m06", "m09", "m12"]);
    await expectNoOvershoot(world);
    await expectLedgerAddsUp(world);
    await expectNothingOwed(world);
  });

  it("keep to the order of their priorities whatever they spend", async () => {
    const schedules = [minutes(9, { priority: "high" }), minutes(3), minutes(6)];
    await configure(schedules, { concurrentRuns: 1 });
    await learn(schedules);

    await world.live(3 * HOUR_MS);

    expect(await startsInOrder()).toEqual(["m09", "m03", "m06"]);
  });

  it("start in the order of their ids where nobody knows what they spend", async () => {
    await configure([minutes(9), minutes(3), minutes(6)], { concurrentRuns: 1 });

    await world.live(3 * HOUR_MS);

    expect(await startsInOrder()).toEqual(["m03", "m06", "m09"]);
  });

  it("go by what their authors say and by their bounds where nothing is learnt", async () => {
    const schedules = [
      minutes(1, { estimate: { durationMs: 9 * MINUTE_MS } }),
      minutes(2, { work: aJob({ instanceTypes: ["c1.8"] }) }),
      minutes(3, { estimate: { units: 10 } }),
    ];
    await configure(schedules, { concurrentRuns: 1 });

    await world.live(HOUR_MS);
    await world.live(30 * SECOND_MS);

    expect(await startsInOrder()).toEqual(["m03"]);
  });

  it("leave out the largest where those that do not fit are skipped", async () => {
    const schedules = [
      minutes(9, { onLimit: "skip" }),
      minutes(3, { onLimit: "skip" }),
      minutes(6, { onLimit: "skip" }),
    ].map((schedule, index) => ({ ...schedule, timeoutMs: (30 + index) * MINUTE_MS }));
    await configure(schedules, { concurrentRuns: 2 });
    await learn(schedules);

    await world.live(2 * HOUR_MS);

    expect(await startsInOrder()).toEqual(["m03", "m06"]);
    expect(await world.states("m09")).toEqual(["skipped (limit_concurrency)"]);
  });

  it("are put in order across batches once they wait, however their ids go", async () => {
    // The longer it takes, the earlier its id: the tick and a scan find the longest first.
    const schedules = Array.from({ length: 24 }, (_, index) =>
      minutes(0, { name: `n${11 + index}` }),
    );
    const tens = (name: string): number => 35 - minutesOf(name);
    await configure(schedules, { concurrentRuns: 1 });
    for (const { name } of schedules) world.alwaysRuns(name, exits(tens(name) * 10 * SECOND_MS));
    await learn(schedules, tens);

    await world.live(3 * HOUR_MS);

    const [first, ...others] = (await startsInOrder()).map(tens);
    // The first batch of ten knows nothing of the rest; fifteen minutes later nobody overtakes.
    const young = others.slice(0, 8);
    expect(others).toHaveLength(23);
    const smallest = [1, 2, 3, 4, 5, 6, 7, 8, 9].filter((each) => each !== first);
    expect(young).toEqual(smallest.slice(0, 8));
    await expectNothingOwed(world);
  });

  it("are never put off by smaller ones that come later for longer than the bound says", async () => {
    const large = minutes(20);
    const small = aSchedule({
      name: "m01",
      timing: aTiming({ when: [aCron("* * * * *")] }),
      overlap: "allow",
      timeoutMs: 2 * MINUTE_MS,
      catchup: { policy: "none", windowMs: HOUR_MS },
    });
    // Small work always fits beside other small work, and the large one only alone.
    await configure([large, small], { concurrentRuns: 1 });
    await learn([large, small]);

    await world.live(HOUR_MS + ceilings.overtakeMs + 5 * MINUTE_MS);

    expect(await startsInOrder()).toContain("m20");
  });
});

describe("what runs are expected to spend", () => {
  it("is not read where all that fire together fit", async () => {
    const schedules = many(12);
    await world.apply(aConfiguration({ schedules, limits: { concurrentRuns: 12 } }));
    for (const { name } of schedules) world.alwaysRuns(name, exits(SECOND_MS));
    await world.advance(HOUR_MS - MINUTE_MS);
    outlooksRead = 0;

    await world.tick();
    await world.advance(2 * MINUTE_MS);

    expect((await world.runs()).map(({ state }) => state)).toEqual(Array(12).fill("succeeded"));
    expect(outlooksRead).toBe(0);
  });

  it("is not read where one waits alone", async () => {
    await configure([minutes(5), minutes(4)], { concurrentRuns: 1 });
    const first = await world.askRun("m05", "first");
    await world.deliverAll();
    await world.askRun("m04", "second");
    outlooksRead = 0;
    await world.deliverAll();
    await world.advance(10 * MINUTE_MS);

    expect((await world.run(first)).state).toBe("succeeded");
    expect(outlooksRead).toBe(0);
  });
});
