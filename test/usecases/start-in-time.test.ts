import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { limits } from "../../shared/core/limits.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { budgeted, untimed } from "../support/budget-world.ts";
import { expectLedgerAddsUp, expectNothingOwed } from "../support/invariants.ts";
import { World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = new World();
  await world.apply(
    budgeted({ schedules: [untimed("slow")], limits: { unitsPerHour: 1_000_000 } }),
  );
});
afterEach(async () => await world.close());

const ranLate = (run: Awaited<ReturnType<World["onlyRun"]>>): number => {
  const [attempt] = run.attempts;
  return (attempt?.startedAt ?? 0) - (attempt?.admittedAt ?? 0);
};

describe("an attempt that takes long to start", () => {
  it("may start as long as its units are held for it", async () => {
    world.willRun("slow", { prepareMs: 19 * MINUTE_MS, runMs: MINUTE_MS });

    await world.askRun("slow", "a");
    await world.live(HOUR_MS);

    const run = await world.onlyRun("slow");
    expect(run.state).toBe("succeeded");
    expect(ranLate(run)).toBeLessThan(limits.startWithinMs);
  });

  it.each([
    ["whose preparation does not end", { prepareMs: 40 * MINUTE_MS, runMs: HOUR_MS }],
    [
      "that its engine took late, and prepares for long",
      { prepareMs: 15 * MINUTE_MS, runMs: HOUR_MS, unavailableStarts: 4 },
    ],
    [
      "at an engine that keeps no limits",
      { prepareMs: 40 * MINUTE_MS, runMs: HOUR_MS, isElsewhere: true as const },
    ],
  ])("is stopped before a start that nobody holds units for: one %s", async (_what, script) => {
    world.willRun("slow", script);

    await world.askRun("slow", "a");
    await world.live(3 * HOUR_MS);

    const run = await world.onlyRun("slow");
    const [attempt] = run.attempts;
    const ran = world.executor.started.map((each) => world.executor.ranOf(each));
    for (const { startedAt, endedAt } of ran) {
      const sinceAdmission = startedAt - (attempt?.admittedAt ?? 0);
      const isHeld = sinceAdmission <= limits.startWithinMs;
      expect(isHeld || endedAt === startedAt).toBe(true);
    }
    await expectLedgerAddsUp(world);
    await expectNothingOwed(world);
  });

  it("is stopped in time to the second, and costs nothing", async () => {
    world.willRun("slow", { prepareMs: 40 * MINUTE_MS, runMs: HOUR_MS });

    await world.askRun("slow", "a");
    await world.live(HOUR_MS);

    const run = await world.onlyRun("slow");
    const [attempt] = run.attempts;
    const lastedMs = (attempt?.end?.endedAt ?? 0) - (attempt?.admittedAt ?? 0);
    expect(run.state).toBe("timedOut");
    expect(attempt?.end?.unitsSettled).toBe(0);
    expect(lastedMs).toBeLessThanOrEqual(
      limits.startWithinMs - limits.startMarginMs + 5 * SECOND_MS,
    );
  });
});
