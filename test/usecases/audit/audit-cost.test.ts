import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../shared/core/time/duration.ts";
import { aConfiguration, aSchedule } from "../../support/builders.ts";
import { recordingTelemetry } from "../../support/recording-telemetry.ts";
import { CostWorld } from "../../support/ru-stage.ts";
import { aCron, aTiming } from "../../support/timing-builder.ts";
import type { Double } from "../../support/ydb/double.ts";
import { startDouble } from "../../support/ydb/start-double.ts";

let double: Double;

beforeAll(async () => {
  double = await startDouble({ leastRu: 0 });
});

afterAll(async () => {
  await double.close();
});

/** What each tick of an hour costs in request units, in an installation where nothing is due. */
async function idleHour(prefix: string, schedules: number, isHeard: boolean): Promise<number[]> {
  const telemetry = recordingTelemetry();
  const world = new CostWorld(double, prefix, isHeard ? { telemetry: () => telemetry } : {});
  try {
    await world.apply(
      aConfiguration({
        schedules: Array.from({ length: schedules }, (_, index) =>
          aSchedule({
            name: `${prefix}-${String(index).padStart(3, "0")}`,
            project: `project-${index % 10}`,
            timing: aTiming({ when: [aCron("0 12 * * *")] }),
          }),
        ),
      }),
    );
    const costs: number[] = [];
    for (let minute = 0; minute < HOUR_MS / MINUTE_MS; minute += 1) {
      await world.clock.advance(MINUTE_MS);
      const { requests } = await world.measure(async () => await world.tick());
      costs.push(requests.reduce((sum, { ru }) => sum + ru, 0));
    }
    return costs;
  } finally {
    await world.close();
  }
}

const sumOf = (costs: readonly number[]): number => costs.reduce((sum, ru) => sum + ru, 0);

describe("an hour of idle ticks, but for outlooks,", () => {
  it("costs nothing at all where nobody listens", async () => {
    expect(sumOf(await idleHour("quiet", 10, false))).toBe(0);
  });

  it("costs nothing in nine of ten where somebody listens, and a little in the tenth", async () => {
    const costs = await idleHour("heard", 10, true);

    expect(costs.filter((ru) => ru === 0)).toHaveLength(54);
    // The first audit sweeps accounts and schedules, and the others look at their own place alone.
    expect(costs.filter((ru) => ru > 0)).toEqual([22, 1, 1, 1, 1, 1]);
    expect(sumOf(costs) * (DAY_MS / HOUR_MS)).toBeLessThan(1_000);
  });

  it("sweeps a larger installation page by page, at a bounded cost each", async () => {
    const costs = await idleHour("large", 100, true);

    const audits = costs.filter((ru) => ru > 0);
    expect(audits).toHaveLength(6);
    expect(Math.max(...audits)).toBeLessThanOrEqual(64);
  });
});
