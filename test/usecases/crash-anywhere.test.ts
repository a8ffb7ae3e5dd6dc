import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { aRetry, aConfiguration, aSchedule, aSubscription } from "../support/builders.ts";
import type { CrashPlan } from "../support/crash-points.ts";
import {
  deliveriesOf,
  expectNoOvershoot,
  expectNoStrayExecution,
  expectNothingOwed,
} from "../support/invariants.ts";
import { exits, obeys, unpreparable } from "../support/scripted-executor.ts";
import { aTiming } from "../support/timing-builder.ts";
import { World } from "../support/world.ts";

/**
 * The centrepiece (P2 to P6): a life of runs is lived again and again, and each time the process is
 * killed at another call of a port. Whatever was left behind, the next process ends with the same
 * runs, the same ledger and the same notifications.
 */
interface Life {
  readonly name: string;
  begin(world: World): Promise<void>;
  /** What somebody does while it runs; it is done again where the process was killed in it. */
  meanwhile?(world: World): Promise<void>;
  /** How each run ends, by schedule. */
  readonly ends: Readonly<Record<string, readonly string[]>>;
  /** What subscribers were told, in order of names. */
  readonly told: readonly string[];
}

const once = (name: string, fields: Parameters<typeof aSchedule>[0] = {}) =>
  aSchedule({
    name,
    timing: aTiming({ when: [{ kind: "at", at: "2027-01-15T00:00:30Z", timezone: "UTC" }] }),
    overlap: "allow",
    ...fields,
  });

const retry = aRetry({ attempts: 3, on: ["failed", "system"] });
const subscriptions = [aSubscription()];

const LIVES: readonly Life[] = [
  {
    name: "an occurrence that succeeds",
    begin: async (world) => {
      world.willRun("nightly", exits(10 * SECOND_MS));
      await world.apply(aConfiguration({ schedules: [once("nightly")], subscriptions }));
    },
    ends: { nightly: ["succeeded"] },
    told: ["run.started", "run.succeeded"],
  },
  {
    name: "a run that cannot be prepared, then fails, then succeeds",
    begin: async (world) => {
      world.willRun("nightly", unpreparable, exits(SECOND_MS, 1), exits(SECOND_MS));
      await world.apply(aConfiguration({ schedules: [once("nightly", { retry })], subscriptions }));
    },
    ends: { nightly: ["succeeded"] },
    told: ["run.retried", "run.retried", "run.started", "run.started", "run.succeeded"],
  },
  {
    name: "a run that somebody cancels while it runs",
    begin: async (world) => {
      world.willRun("nightly", obeys);
      await world.apply(aConfiguration({ schedules: [once("nightly")], subscriptions }));
    },
    meanwhile: async (world) => {
      const run = await world.onlyRun("nightly");
      if (run.state === "starting" || run.state === "running") await world.cancel(run.id);
    },
    ends: { nightly: ["cancelled (cancelled)"] },
    told: ["run.cancelled", "run.started"],
  },
  {
    name: "two runs that share one place, and one behind them",
    begin: async (world) => {
      world.alwaysRuns("first", exits(90 * SECOND_MS));
      world.alwaysRuns("second", exits(90 * SECOND_MS));
      world.alwaysRuns("after", exits(SECOND_MS));
      const schedules = [
        once("first", { priority: "high" }),
        once("second"),
        aSchedule({ name: "after", timing: null, after: { second: "succeeded" } }),
      ];
      const limits = { concurrentRuns: 1, balance: 100_000 };
      await world.apply(aConfiguration({ schedules, subscriptions, limits }));
    },
    ends: { first: ["succeeded"], second: ["succeeded"], after: ["succeeded"] },
    told: [
      ...["run.started", "run.started", "run.started"],
      ...["run.succeeded", "run.succeeded", "run.succeeded"],
      "run.waiting",
    ],
  },
  {
    name: "five runs of two projects that start together and end together",
    begin: async (world) => {
      const schedules = [
        ...["a-1", "a-2", "a-3"].map((name) => once(name)),
        ...["b-1", "b-2"].map((name) => once(name, { project: "other" })),
      ];
      for (const { name } of schedules) world.alwaysRuns(name, exits(SECOND_MS));
      const ends = [aSubscription({ on: ["run.succeeded"] })];
      await world.apply(aConfiguration({ schedules, subscriptions: ends }));
    },
    ends: {
      "a-1": ["succeeded"],
      "a-2": ["succeeded"],
      "a-3": ["succeeded"],
      "b-1": ["succeeded"],
      "b-2": ["succeeded"],
    },
    told: Array.from({ length: 5 }, () => "run.succeeded"),
  },
];

/** Long enough for everything to be under way, and then for everything to end. */
const BEFORE_MEANWHILE_MS = 2 * MINUTE_MS;
const AFTER_MEANWHILE_MS = 8 * MINUTE_MS;

/** Lives a life through, restarting whatever is killed; answers how often that was. */
async function live(world: World, life: Life, plan: CrashPlan): Promise<number> {
  let killed = 0;
  const upAgain = async (): Promise<boolean> => {
    const wasDown = world.crashPoints.isDown;
    while (world.crashPoints.isDown) {
      killed += 1;
      await world.restart();
    }
    return wasDown;
  };
  await life.begin(world);
  world.crashPoints.arm(plan);
  await world.live(BEFORE_MEANWHILE_MS);
  while (await upAgain()) await world.live(MINUTE_MS);
  await life.meanwhile?.(world).catch(() => undefined);
  while (await upAgain()) await life.meanwhile?.(world).catch(() => undefined);
  await world.live(AFTER_MEANWHILE_MS);
  while (await upAgain()) await world.live(AFTER_MEANWHILE_MS);
  return killed;
}

async function expectLived(world: World, life: Life, label: string): Promise<void> {
  for (const [schedule, states] of Object.entries(life.ends)) {
    expect(await world.states(schedule), label).toEqual(states);
  }
  await expectNothingOwed(world, label);
  await expectNoStrayExecution(world, label);
  await expectNoOvershoot(world, label);
  const told = (await deliveriesOf(world)).map(({ body }) => JSON.parse(body) as { type: string });
  expect(told.map(({ type }) => type).toSorted(), label).toEqual(
    life.told.map((type) => `orrery.${type}.v1`),
  );
}

describe("a life that is killed once, right after any call of a port", () => {
  // Nothing happens between two calls, so this is right before the next one as well.
  it.each(LIVES)("is lived to its end: $name", async (life) => {
    let number = 0;
    for (let killed = 1; killed > 0;) {
      number += 1;
      const world = new World();
      killed = await live(world, life, (call) => (call.number === number ? "after" : undefined));
      const label = `killed ${world.crashPoints.killedAt} (n = ${number})`;
      await expectLived(world, life, `${life.name}: ${label}`);
      await world.close();
    }
    // Else the sweep did not reach what it is about: the shortest life makes some 30 calls.
    expect(number).toBeGreaterThan(25);
  });
});

describe("a life that is killed again and again", () => {
  it.each(LIVES)("still ends well: $name", async (life) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 }),
        fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
        async (gaps, sides) => {
          const at = new Map<number, "before" | "after">();
          let number = 0;
          for (const [index, gap] of gaps.entries()) {
            number += gap;
            at.set(number, sides[index] === true ? "before" : "after");
          }
          const world = new World();
          await live(world, life, (call) => at.get(call.number));
          await expectLived(world, life, `${life.name}: killed at ${[...at.keys()].join(", ")}`);
          await world.close();
        },
      ),
      { numRuns: 12, seed: 4711 },
    );
  });
});
