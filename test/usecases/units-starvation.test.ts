import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { scheduleName, type RunId } from "../../shared/core/ids.ts";
import { limits as ceilings } from "../../shared/core/limits.ts";
import type { UnitLimits } from "../../shared/core/project/project-settings.ts";
import type { Priority } from "../../shared/core/schedule/schedule-definition.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { topUp } from "../../shared/core/units/account.ts";
import { sendNudges } from "../../shared/usecases/nudge.ts";
import { postToAccount } from "../../shared/usecases/projects/post-to-account.ts";
import { aConfiguration, aSchedule, PROJECT, START_AT } from "../support/builders.ts";
import { waitsOnPaper, type Arrival } from "../support/line-on-paper.ts";
import { exits } from "../support/scripted-executor.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { World } from "../support/world.ts";

/**
 * Who waits for limits, and for how long at most. A run that fits its project's limits alone, and
 * that no run of its priority or a higher one waits before, starts within
 *
 *   `overtakeMs`, in which smaller work may go before it,
 *   and the longest that anything of its project may still run then,
 *   and an hour, where the hour is what it waits for: then nothing is left in it.
 *
 * An adversary looks for a stream of small runs that makes it wait longer.
 */

const HORIZON_MS = 4 * HOUR_MS;
const LONGEST_MS = 20 * MINUTE_MS;
const BOUND_MS = ceilings.overtakeMs + LONGEST_MS + ceilings.killGraceMs + SECOND_MS;

/** A stream repeats these: a run comes, and the next one some time after it. */
interface Gene {
  readonly gapMs: number;
  readonly timeoutMs: number;
  readonly runMs: number;
  readonly priority: Priority;
}

function streamOf(genes: readonly Gene[], untilMs: number): readonly Arrival[] {
  const arrivals: Arrival[] = [];
  let atMs = 0;
  while (atMs < untilMs && arrivals.length < 120) {
    for (const { gapMs, ...gene } of genes) {
      arrivals.push({ ...gene, atMs, instanceType: "c1.4" });
      atMs += gapMs;
    }
  }
  return arrivals.slice(0, 120);
}

/** A large run that comes half an hour into the stream, as soon as nobody waits. */
function large(timeoutMs: number, priority: Priority = "normal"): Arrival {
  const fields = { atMs: 30 * MINUTE_MS, comesFirst: true, instanceType: "c1.4" } as const;
  return { ...fields, timeoutMs, runMs: MINUTE_MS, priority };
}

interface Hunt {
  readonly limits: UnitLimits;
  readonly large: Arrival;
  readonly priorities: readonly Priority[];
}

/** The longest that an adversary could make the large run wait, by chance and then by climbing. */
function longestWait(hunt: Hunt, seed: number): number {
  const chance = seededRandom(seed);
  const fraction = (): number => chance.fraction();
  const below = (count: number): number => Math.floor(fraction() * count);
  const aGene = (): Gene => {
    const timeoutMs = MINUTE_MS + below(LONGEST_MS - MINUTE_MS);
    const runMs = SECOND_MS + Math.floor(timeoutMs * fraction());
    const priority = hunt.priorities[below(hunt.priorities.length)] ?? "normal";
    return { gapMs: 20 * SECOND_MS + below(6 * MINUTE_MS), timeoutMs, runMs, priority };
  };
  const score = (genes: readonly Gene[]): number =>
    waitsOnPaper([hunt.large, ...streamOf(genes, HORIZON_MS)], hunt.limits, HORIZON_MS)[0] ?? 0;
  const first = Array.from({ length: 12 }, () => Array.from({ length: 1 + below(6) }, aGene));
  let best = first.map((genes) => ({ genes, waitedMs: score(genes) }));
  for (let climb = 0; climb < 25; climb += 1) {
    best = best.toSorted((a, b) => b.waitedMs - a.waitedMs).slice(0, 5);
    const { genes = [] } = best[below(best.length)] ?? {};
    const changed = genes.map((gene) => (fraction() < 0.4 ? aGene() : gene));
    best.push({ genes: changed, waitedMs: score(changed) });
  }
  return Math.max(...best.map(({ waitedMs }) => waitedMs));
}

describe("a large run among small ones of its priority or a lower one", () => {
  const priorities = ["normal", "low"] as const;

  it.each<[string, UnitLimits, Arrival, number]>([
    ["places", { concurrentRuns: 3, balance: 90_000 }, large(5 * HOUR_MS), BOUND_MS],
    ["the hour", { unitsPerHour: 20_000 }, large(HOUR_MS), BOUND_MS + HOUR_MS],
    ["a whole hour", { unitsPerHour: 14_440 }, large(HOUR_MS), BOUND_MS + HOUR_MS],
    ["units that are held", { balance: 46_000 }, large(3 * HOUR_MS), BOUND_MS],
    ["all that is left", { balance: 43_240 }, large(3 * HOUR_MS), BOUND_MS],
    [
      "places, the hour and units that are held",
      { balance: 20_000, unitsPerHour: 20_000, concurrentRuns: 4 },
      large(HOUR_MS),
      BOUND_MS + HOUR_MS,
    ],
  ])(
    "waits no longer for %s than stated, whatever comes",
    (_what, limits, run, boundMs) => {
      const waitedMs = longestWait({ limits, large: run, priorities }, 4711);

      expect(waitedMs).toBeLessThanOrEqual(boundMs);
      // Else nobody tried hard.
      expect(waitedMs).toBeGreaterThan(MINUTE_MS);
    },
    240_000,
  );
});

describe("a run of a lower priority", () => {
  const stream = (untilMs: number): readonly Arrival[] =>
    streamOf(
      [{ gapMs: 9 * MINUTE_MS, timeoutMs: LONGEST_MS, runMs: 18 * MINUTE_MS, priority: "high" }],
      untilMs,
    );
  const limits = { concurrentRuns: 2 };

  it("waits for as long as higher ones leave it no room: that is what a priority is for", () => {
    const arrivals = [large(HOUR_MS, "low"), ...stream(2 * HORIZON_MS)];

    expect(waitsOnPaper(arrivals, limits, HORIZON_MS)[0]).toBe(Infinity);
  });

  it("starts within the stated time once they have stopped coming", () => {
    const stopMs = 3 * HOUR_MS;
    const arrivals = [large(HOUR_MS, "low"), ...stream(stopMs)];
    const most = stopMs + BOUND_MS;

    const [waitedMs] = waitsOnPaper(arrivals, limits, 2 * HORIZON_MS);

    expect(waitedMs).toBeGreaterThan(2 * HOUR_MS);
    expect(waitedMs).toBeLessThan(most);
  });
});

describe("any runs that each fit their project's limits alone", () => {
  it("all start, whatever they wait for and in whatever order they come", () => {
    const arrival = fc.record({
      atMs: fc.integer({ min: 0, max: 3 * HOUR_MS }),
      timeoutMs: fc.integer({ min: SECOND_MS, max: HOUR_MS }),
      share: fc.integer({ min: 0, max: 100 }),
      instanceType: fc.constantFrom("c1.4", "c1.8"),
      priority: fc.constantFrom<Priority>("critical", "high", "normal", "low"),
    });
    const fitting = fc.record(
      {
        unitsPerHour: fc.integer({ min: 28_900, max: 60_000 }),
        balance: fc.integer({ min: 28_900, max: 60_000 }),
        concurrentRuns: fc.integer({ min: 1, max: 4 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(arrival, { minLength: 5, maxLength: 25 }), fitting, (drawn, limits) => {
        const arrivals = drawn.map(({ share, ...rest }): Arrival => {
          return { ...rest, runMs: Math.floor((rest.timeoutMs * share) / 100) };
        });
        // Each on its own: its hour, and an hour until nothing of it is left.
        const horizonMs = 3 * HOUR_MS + arrivals.length * 2 * HOUR_MS;

        expect(waitsOnPaper(arrivals, limits, horizonMs)).not.toContain(Infinity);
      }),
      { numRuns: 60, interruptAfterTimeLimit: 20_000, markInterruptAsFailure: true },
    );
  });
});

/** The same through the use cases, where the line is rows and whoever ends wakes others by messages. */
describe("a large run that waits for units which small ones hold, one after another", () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(async () => await world.close());

  const small = aSchedule({ name: "small", timing: null, overlap: "allow", timeoutMs: LONGEST_MS });
  const big = aSchedule({ name: "big", timing: null, overlap: "allow", timeoutMs: 2 * HOUR_MS });
  const bigUnits = (2 * 60 * 60 + 10) * 4;

  async function meetTheStream(limits: UnitLimits): Promise<number> {
    world.alwaysRuns("small", exits(4 * MINUTE_MS));
    world.alwaysRuns("big", exits(MINUTE_MS));
    await world.apply(aConfiguration({ schedules: [small, big], limits }));
    await world.askRun("small", "first");
    await world.live(MINUTE_MS);
    const run = await world.askRun("big", "big");
    for (let minute = 0; minute < 60; minute += 2) {
      await world.askRun("small", `more-${minute}`);
      await world.live(2 * MINUTE_MS);
      await refill();
    }
    return await admittedAfter(run);
  }

  /** What was spent comes back, so that what is held is all that the large run waits for. */
  async function refill(): Promise<void> {
    const now = world.clock.now();
    const nudges = await world.store.transact("refill", async (tx) => {
      const posted = await postToAccount(tx, PROJECT, now, (account) => {
        const units = bigUnits + 1_000 - (account.balance ?? 0);
        if (units <= 0) return { account, entries: [] };
        return topUp(account, { units, reason: "refilled" }, now);
      });
      return posted.nudges;
    });
    await sendNudges(world.services, nudges, now);
  }

  async function admittedAfter(run: RunId): Promise<number> {
    const [attempt] = (await world.run(run)).attempts;
    return (attempt?.admittedAt ?? Infinity) - START_AT - MINUTE_MS;
  }

  it("goes first once it has waited so long, and starts when what runs has ended", async () => {
    const waitedMs = await meetTheStream({ balance: bigUnits + 1_000 });

    expect(waitedMs).toBeGreaterThan(ceilings.overtakeMs);
    expect(waitedMs).toBeLessThan(BOUND_MS);
  });

  it("keeps its age where it waits for this limit now and for that one then", async () => {
    const limits = { balance: bigUnits + 1_000, concurrentRuns: 2 };

    expect(await meetTheStream(limits)).toBeLessThan(BOUND_MS);
  });

  it("is not hidden by one of a higher priority that has only just come", async () => {
    const tall = { ...big, name: scheduleName("tall"), priority: "high" as const };
    const holder = { ...small, name: scheduleName("holder"), timeoutMs: HOUR_MS };
    const quick = { ...small, name: scheduleName("quick"), priority: "high" as const };
    const schedules = [small, big, tall, holder, quick];
    for (const { name } of schedules) world.alwaysRuns(name, exits(40 * MINUTE_MS));
    await world.apply(aConfiguration({ schedules, limits: { balance: bigUnits + 1_000 } }));
    await world.askRun("holder", "first");
    await world.live(MINUTE_MS);
    await world.askRun("big", "big");
    await world.live(16 * MINUTE_MS);
    await world.askRun("tall", "tall");
    await world.deliverAll();

    await world.askRun("small", "small");
    await world.askRun("quick", "quick");
    await world.deliverAll();

    expect(await world.states("tall")).toEqual(["waiting (limit_balance)"]);
    expect(await world.states("small")).toEqual(["waiting (behind)"]);
    // Its own priority and those above go by each other alone.
    expect(await world.states("quick")).toEqual(["running"]);
  });

  it("is in nobody's way while only a top up would help it", async () => {
    world.alwaysRuns("small", exits(4 * MINUTE_MS));
    await world.apply(
      aConfiguration({ schedules: [small, big], limits: { balance: bigUnits - 1 } }),
    );
    await world.askRun("big", "big");
    await world.live(HOUR_MS);

    const run = await world.askRun("small", "small");
    await world.deliverAll();

    expect(await world.states("big")).toEqual(["waiting (limit_balance)"]);
    expect((await world.run(run)).state).toBe("running");
  });
});
