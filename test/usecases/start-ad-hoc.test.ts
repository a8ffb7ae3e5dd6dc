import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { jobId, type JobId } from "../../shared/core/ids.ts";
import type { UnitLimits } from "../../shared/core/project/project-settings.ts";
import { AdmissionDenied } from "../../shared/core/run/admission-denied.ts";
import { assert } from "../../shared/core/assert.ts";
import { readAccount } from "../../shared/records/account-record.ts";
import { writeJob } from "../../shared/records/job-record.ts";
import { adHocRun, startAdHoc } from "../../shared/usecases/start-ad-hoc.ts";
import { aConfiguration, PROJECT } from "../support/builders.ts";
import { aStoredJob } from "../support/job-builder.ts";
import { World } from "../support/world.ts";

let world: World;

beforeEach(() => {
  world = new World();
});

afterEach(async () => {
  await world.close();
});

const FIRST = jobId("bt1job00000000000001");
const SECOND = jobId("bt1job00000000000002");

async function start(job: JobId): Promise<void> {
  const now = world.clock.now();
  await world.store.transact("start", async (tx) => {
    writeJob(tx, undefined, aStoredJob({ id: job }));
    const run = adHocRun({ project: PROJECT, cause: { kind: "job", job }, createdBy: "ada" }, now);
    await startAdHoc(tx, run, { now });
  });
}

describe("a job of a caller whose project is low", () => {
  it("starts all the same: its caller is there to decide", async () => {
    const budget = { warnAtPercent: [], lowAt: { units: 1_000_000 } };
    const limits = { balance: 5_000, unitsPerExecution: 1_000 };
    await world.apply({ ...aConfiguration(), projects: [{ project: PROJECT, limits, budget }] });

    await start(FIRST);

    const { open } = await world.store.snapshot(
      async (reader) => await readAccount(reader, PROJECT),
    );
    expect(open).toHaveLength(1);
  });
});

/** How the second of two jobs was denied, each of which can cost 1000 units. */
async function secondDenied(limits: UnitLimits): Promise<AdmissionDenied> {
  await world.apply(aConfiguration({ limits: { unitsPerExecution: 1_000, ...limits } }));
  await start(FIRST);
  const denied = await start(SECOND).catch((error: unknown) => error);
  assert(denied instanceof AdmissionDenied, "the second job is denied");
  return denied;
}

describe("a job that does not fit beside another", () => {
  it("is told when the hour has room for it", async () => {
    const denied = await secondDenied({ unitsPerHour: 1_500 });

    const hour = denied.checks.find(({ rule }) => rule === "hour");
    assert(hour?.holds === false && hour.relief.kind === "at", "the hour stands against it");
    expect(denied.reason.code).toBe("limit_hour");
    expect(denied.nextEligibleAt).toBe(hour.relief.nextEligibleAt);
  });

  it("is promised no time where another limit stands against it too", async () => {
    const denied = await secondDenied({ unitsPerHour: 1_500, concurrentRuns: 1 });

    const failed = denied.checks.filter(({ holds }) => !holds).map(({ rule }) => rule);
    expect(failed).toEqual(["hour", "concurrency"]);
    expect(denied.nextEligibleAt).toBeUndefined();
  });

  it("leaves no trace", async () => {
    await secondDenied({ unitsPerHour: 1_500 });

    const account = await world.store.snapshot(async (tx) => await readAccount(tx, PROJECT));
    expect(account.open).toHaveLength(1);
  });
});
