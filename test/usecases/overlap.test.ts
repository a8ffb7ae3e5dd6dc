import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Overlap } from "../../shared/core/schedule/schedule-definition.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { aConfiguration, aJob, aSchedule } from "../support/builders.ts";
import { expectNothingOwed } from "../support/invariants.ts";
import { aCron, aTiming } from "../support/timing-builder.ts";
import { World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(async () => await world.close());

/** Fires at 0, 10, 20 and 30 minutes; each run takes 25. */
async function tenMinutely(fields: Parameters<typeof aSchedule>[0]): Promise<void> {
  const timing = aTiming({ when: [aCron("*/10 * * * *")], until: "2027-01-15T00:30:00" });
  world.alwaysRuns("nightly", { runMs: 25 * MINUTE_MS, codeWhenAsked: 143 });
  await world.apply(aConfiguration({ schedules: [aSchedule({ timing, ...fields })] }));
}

describe("a run that is due while an earlier one is live", () => {
  const ENDS: readonly (readonly [Overlap, readonly string[]])[] = [
    ["skip", ["succeeded", "skipped (overlap)", "skipped (overlap)", "succeeded"]],
    ["queue-one", ["succeeded", "succeeded", "skipped (overlap)", "succeeded"]],
    ["queue-all", ["succeeded", "succeeded", "succeeded", "succeeded"]],
    ["cancel-running", [...Array<string>(3).fill("cancelled (cancelled)"), "succeeded"]],
    ["allow", ["succeeded", "succeeded", "succeeded", "succeeded"]],
  ];

  it.each(ENDS)("with overlap %s: %j", async (overlap, states) => {
    await tenMinutely({ overlap });

    await world.live(3 * HOUR_MS);

    expect(await world.states("nightly")).toEqual(states);
    await expectNothingOwed(world);
  });

  it.each(["queue-one", "queue-all", "skip", "cancel-running"] as const)(
    "never runs beside it with overlap %s",
    async (overlap) => {
      await tenMinutely({ overlap });

      await world.live(3 * HOUR_MS);

      const spans = world.executor.started.map((attempt) => world.executor.ranOf(attempt));
      const overlapping = spans.filter((span, index) =>
        spans.some((other, at) => at < index && other.endedAt > span.startedAt),
      );
      expect(overlapping).toEqual([]);
    },
  );
});

describe("a run that cannot start in time", () => {
  it("expires right after its deadline, and is told so", async () => {
    await tenMinutely({ overlap: "queue-all", startDeadlineMs: 2 * MINUTE_MS });

    await world.live(12 * MINUTE_MS + SECOND_MS);

    expect(await world.states("nightly")).toEqual(["running", "expired (deadline)"]);
  });
});

describe("a job that its executor refuses", () => {
  it("ends refused, without an attempt or a unit held", async () => {
    const job = aJob({ command: "docker only" });
    world.executor.refuse("docker only", "It needs a container engine");
    await tenMinutely({ work: job, overlap: "allow" });

    await world.live(MINUTE_MS);

    const [run] = await world.runs("nightly");
    expect(run).toMatchObject({
      state: "refused",
      attempts: [],
      reason: { code: "not_supported", text: "It needs a container engine" },
    });
    await expectNothingOwed(world);
  });
});
