import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { projectId } from "../../shared/core/ids.ts";
import type { ScheduleDefinition } from "../../shared/core/schedule/schedule-definition.ts";
import { MINUTE_MS } from "../../shared/core/time/duration.ts";
import type { Estimate } from "../../shared/core/units/estimate.ts";
import {
  noOutlook,
  writeOutlook,
  type LearntEstimate,
} from "../../shared/records/outlook-record.ts";
import { readDefinitions } from "../../shared/records/schedule-record.ts";
import { estimatesFor } from "../../shared/usecases/estimates.ts";
import { aConfiguration, aJob, aSchedule, PROJECT } from "../support/builders.ts";
import { World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(async () => await world.close());

const LEARNT: LearntEstimate = {
  ...{ units: 400, durationMs: 100_000, source: "history" as const, runs: 20, rate: 4 },
};

async function learnt(
  estimates: Readonly<Record<string, LearntEstimate>>,
  project = PROJECT,
): Promise<void> {
  await world.store.transact("outlook", async (tx) => {
    await Promise.resolve();
    writeOutlook(tx, { ...noOutlook(project), estimates });
  });
}

async function estimates(
  ...schedules: readonly ScheduleDefinition[]
): Promise<Readonly<Record<string, Estimate>>> {
  const names = schedules.map(({ name }) => name);
  return await world.store.snapshot(async (reader) => {
    const records = await readDefinitions(reader, names);
    const known = records.filter((record) => record !== undefined);
    return Object.fromEntries(await estimatesFor(reader, known));
  });
}

describe("what a run of a schedule is expected to come to", () => {
  it("is what was learnt, else what its author says, else its bound", async () => {
    const schedules = [
      aSchedule({ name: "known", estimate: { units: 1 } }),
      aSchedule({ name: "said", estimate: { durationMs: MINUTE_MS } }),
      aSchedule({ name: "neither" }),
    ];
    await world.apply(aConfiguration({ schedules, limits: { unitsPerExecution: 2_000 } }));
    await learnt({ known: LEARNT });

    expect(await estimates(...schedules)).toEqual({
      known: { units: 400, durationMs: 100_000, source: "history", runs: 20 },
      said: { units: 240, durationMs: MINUTE_MS, source: "configured", runs: 0 },
      neither: { units: 2_000, durationMs: 499_500, source: "bound", runs: 0 },
    });
  });

  it("follows the rates of today", async () => {
    const schedule = aSchedule({ work: aJob({ instanceTypes: ["c1.8"] }) });
    await world.apply(aConfiguration({ schedules: [schedule], rates: { "c1.8": 6 } }));
    await learnt({ nightly: LEARNT });

    expect(await estimates(schedule)).toMatchObject({
      nightly: { units: 600, durationMs: 100_000, source: "history" },
    });
  });

  it("is each project's own", async () => {
    const other = projectId("other");
    const schedules = [aSchedule({ name: "here" }), aSchedule({ name: "there", project: other })];
    await world.apply(aConfiguration({ schedules }));
    await learnt({ here: LEARNT, there: LEARNT });
    await learnt({ there: { ...LEARNT, units: 7 } }, other);

    expect(await estimates(...schedules)).toMatchObject({
      here: { units: 400 },
      there: { units: 7 },
    });
  });

  it("is nothing where an instance type has no rate, for then nothing of it can start", async () => {
    const schedule = aSchedule({ work: aJob({ instanceTypes: ["c1.4", "x9"] }) });
    await world.apply(aConfiguration({ schedules: [schedule] }));
    await learnt({ nightly: LEARNT });

    expect(await estimates(schedule)).toEqual({});
  });
});
