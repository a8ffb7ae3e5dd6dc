import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RunId } from "../../shared/core/ids.ts";
import type { Overlap } from "../../shared/core/schedule/schedule-definition.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { explainRun } from "../../shared/usecases/explain-run.ts";
import { submitRun } from "../../shared/usecases/submit-run.ts";
import { aConfiguration, aSchedule } from "../support/builders.ts";
import { expectNothingOwed } from "../support/invariants.ts";
import { exits } from "../support/scripted-executor.ts";
import { aCron, aTiming } from "../support/timing-builder.ts";
import { stateOf, World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(async () => await world.close());

/** The most executions of anything that ran at one instant. */
function mostAtOnce(): number {
  const spans = world.executor.started.map((attempt) => world.executor.ranOf(attempt));
  const atOnce = spans.map(
    ({ startedAt }) =>
      spans.filter((span) => span.startedAt <= startedAt && startedAt < span.endedAt).length,
  );
  return Math.max(0, ...atOnce);
}

describe("a schedule of which two runs may be live", () => {
  /** Fires at 0, 10, 20 and 30 minutes; each run takes 25. */
  const ENDS: readonly (readonly [Overlap, readonly string[]])[] = [
    ["skip", ["succeeded", "succeeded", "skipped (overlap)", "succeeded"]],
    ["queue-one", ["succeeded", "succeeded", "succeeded", "succeeded"]],
    ["queue-all", ["succeeded", "succeeded", "succeeded", "succeeded"]],
    [
      "cancel-running",
      [...Array<string>(2).fill("cancelled (cancelled)"), "succeeded", "succeeded"],
    ],
  ];

  it.each(ENDS)("with overlap %s: %j", async (overlap, states) => {
    const timing = aTiming({ when: [aCron("*/10 * * * *")], until: "2027-01-15T00:30:00" });
    world.alwaysRuns("nightly", { runMs: 25 * MINUTE_MS, codeWhenAsked: 143 });
    const schedules = [aSchedule({ timing, overlap, concurrentRuns: 2 })];
    await world.apply(aConfiguration({ schedules }));

    await world.live(3 * HOUR_MS);

    expect(await world.states("nightly")).toEqual(states);
    expect(mostAtOnce()).toBe(2);
    await expectNothingOwed(world);
  });

  async function askSix(overlap: Overlap): Promise<readonly RunId[]> {
    world.alwaysRuns("nightly", exits(5 * MINUTE_MS));
    const schedules = [aSchedule({ timing: null, overlap, concurrentRuns: 2 })];
    await world.apply(aConfiguration({ schedules }));
    const runs: RunId[] = [];
    for (let n = 0; n < 6; n += 1) runs.push(await world.askRun("nightly", `r${n}`));
    return runs;
  }

  it("starts two of those that are looked at in one batch", async () => {
    await askSix("queue-all");

    await world.deliverAll();
    await world.advance(2 * SECOND_MS);

    expect((await world.states("nightly")).toSorted()).toEqual([
      ...Array<string>(2).fill("running"),
      ...Array<string>(4).fill("waiting (overlap)"),
    ]);
  });

  it("lets one more wait with queue-one, and skips the others", async () => {
    await askSix("queue-one");

    await world.deliverAll();
    await world.live(20 * MINUTE_MS);

    expect((await world.states("nightly")).toSorted()).toEqual([
      ...Array<string>(3).fill("skipped (overlap)"),
      ...Array<string>(3).fill("succeeded"),
    ]);
  });

  it("starts two of those that functions look at side by side", async () => {
    const runs = await askSix("queue-all");
    world.dropAllMessages();

    await Promise.all(runs.map(async (run) => await submitRun(world.services, run)));

    const states = await world.states("nightly");
    expect(states.filter((state) => state.startsWith("waiting"))).toHaveLength(4);
    expect(world.executor.started).toHaveLength(2);
  });

  it("starts the next as soon as one ends, and all of them in the end", async () => {
    const runs = await askSix("queue-all");
    await world.advance(5 * MINUTE_MS + 3 * SECOND_MS);
    const then = await Promise.all(runs.map(async (run) => stateOf(await world.run(run))));

    await world.live(20 * MINUTE_MS);

    expect(then.toSorted()).toEqual([
      ...Array<string>(2).fill("running"),
      ...Array<string>(2).fill("succeeded"),
      ...Array<string>(2).fill("waiting (overlap)"),
    ]);
    expect(await world.states("nightly")).toEqual(Array(6).fill("succeeded"));
  });

  it("is explained with how many are ahead and how many may be live", async () => {
    const runs = await askSix("queue-all");
    await world.deliverAll();
    const waiting = await Promise.all(runs.map(async (run) => await world.run(run)));
    const last = waiting.filter(({ state }) => state === "waiting").at(-1);

    const { decision } = await explainRun(world.services, last?.id ?? "");

    expect(decision).toMatchObject({ kind: "wait", reason: { code: "overlap" } });
    const text = decision?.kind === "wait" ? decision.reason.text : "";
    expect(text).toMatch(/^\d runs of the same schedule are ahead and 2 may be live at once: Run /);
  });
});

describe("a schedule of which any number of runs may be live, chosen at random", () => {
  const plans = fc.record({
    concurrentRuns: fc.integer({ min: 1, max: 4 }),
    overlap: fc.constantFrom<Overlap>("skip", "queue-one", "queue-all", "cancel-running"),
    asked: fc.array(
      fc.record({
        afterMs: fc.integer({ min: 0, max: 3 * MINUTE_MS }),
        runMs: fc.integer({ min: 0, max: 8 * MINUTE_MS }),
      }),
      { minLength: 2, maxLength: 12 },
    ),
  });

  it("never has more of them at once, and owes nothing in the end", async () => {
    await fc.assert(
      fc.asyncProperty(plans, async ({ concurrentRuns, overlap, asked }) => {
        await world.close();
        world = new World();
        const schedules = [aSchedule({ timing: null, overlap, concurrentRuns })];
        await world.apply(aConfiguration({ schedules }));
        for (const [index, { afterMs, runMs }] of asked.entries()) {
          world.willRun("nightly", { runMs, codeWhenAsked: 143 });
          await world.askRun("nightly", `r${index}`);
          await world.live(afterMs);
        }
        await world.live(2 * HOUR_MS);

        expect(mostAtOnce()).toBeLessThanOrEqual(concurrentRuns);
        await expectNothingOwed(world);
      }),
      { numRuns: 15 },
    );
  });
});
