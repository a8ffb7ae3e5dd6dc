import { afterEach, beforeEach, expect, describe, it } from "vitest";
import { MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { lookAhead } from "../../../shared/usecases/outlook/look-ahead.ts";
import { learnEstimates } from "../../../shared/usecases/outlook/learn-estimates.ts";
import { aConfiguration, aSchedule, aSubscription, PROJECT } from "../../support/builders.ts";
import { recordingTelemetry } from "../../support/recording-telemetry.ts";
import { exits } from "../../support/scripted-executor.ts";
import { World } from "../../support/world.ts";

const telemetry = recordingTelemetry();
let world: World;
beforeEach(() => {
  telemetry.clear();
  world = new World({ telemetry: () => telemetry });
});
afterEach(async () => await world.close());

const outlook = async (): Promise<boolean> =>
  await lookAhead(world.services, {
    project: PROJECT,
    steps: [learnEstimates],
    stopAt: plusMs(world.clock.now(), MINUTE_MS),
  });

async function runFor(seconds: number, count: number): Promise<void> {
  world.alwaysRuns("nightly", exits(seconds * SECOND_MS));
  for (let n = 0; n < count; n += 1) {
    await world.ask("nightly", `${seconds}-${n}`);
    await world.live(seconds * SECOND_MS + MINUTE_MS);
  }
}

describe("drift that begins", () => {
  it.each([
    { before: 30, after: 90, direction: "over", message: "360 units where 120 were expected" },
    { before: 90, after: 30, direction: "under", message: "120 units where 360 were expected" },
  ])("$direction is told once, counted and logged", async (each) => {
    const schedules = [aSchedule({ timing: null })];
    const subscriptions = [aSubscription({ on: ["estimate.drift"] })];
    await world.apply(aConfiguration({ schedules, subscriptions }));
    await runFor(each.before, 8);
    await outlook();
    expect(telemetry.total("orrery.estimates.drifted")).toBe(0);

    await runFor(each.after, 5);
    await outlook();
    await outlook();
    await world.advance(MINUTE_MS);

    const { direction } = each;
    expect(telemetry.total("orrery.estimates.drifted", { direction })).toBe(1);
    expect(telemetry.total("orrery.estimates.drifted")).toBe(1);
    const logged = world.log.filter(({ name }) => name === "estimate.drift");
    expect(logged.map(({ message }) => message)).toEqual([
      `Runs of nightly came to ${each.message}`,
    ]);
    expect(world.webhook.types).toEqual(["estimate.drift"]);
  });
});
