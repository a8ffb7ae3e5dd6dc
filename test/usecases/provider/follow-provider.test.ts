// The provider's whole share of admission, on virtual time.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { assert } from "../../../shared/core/assert.ts";
import { OrreryError } from "../../../shared/core/errors.ts";
import { projectId } from "../../../shared/core/ids.ts";
import { limits } from "../../../shared/core/limits.ts";
import type { UnitLimits } from "../../../shared/core/project/project-settings.ts";
import { MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import type { Entry } from "../../../shared/core/units/ledger.ts";
import { readAccount, scanEntries } from "../../../shared/records/account-record.ts";
import { readProject } from "../../../shared/records/project-record.ts";
import { applyConfiguration } from "../../../shared/usecases/apply-configuration.ts";
import { explainRun } from "../../../shared/usecases/explain-run.ts";
import { projectUsage } from "../../../shared/usecases/project-usage.ts";
import { followProvider } from "../../../shared/usecases/provider/follow-provider.ts";
import { adHocRun, startAdHoc } from "../../../shared/usecases/start-ad-hoc.ts";
import { writeJob } from "../../../shared/records/job-record.ts";
import { aConfiguration, aSchedule, PROJECT } from "../../support/builders.ts";
import { aStoredJob } from "../../support/job-builder.ts";
import { expectLedgerAddsUp } from "../../support/invariants.ts";
import { exits } from "../../support/scripted-executor.ts";
import { ScriptedProvider } from "../../support/scripted-provider.ts";
import { World } from "../../support/world.ts";

let provider: ScriptedProvider;
let world: World;
beforeEach(() => {
  provider = new ScriptedProvider();
  provider.set(PROJECT, { balance: 100_000 });
  world = new World({ provider: () => provider });
});
afterEach(async () => await world.close());

/** Ten minutes and ten seconds of grace at 4 units a second; they take five. */
const HELD = 2_440;
const SPENT = 1_200;
const OTHER = projectId("other");

async function configure(given?: UnitLimits, project: string = PROJECT): Promise<void> {
  const fields = { timing: null, overlap: "allow", timeoutMs: 10 * MINUTE_MS } as const;
  world.alwaysRuns("small", exits(5 * MINUTE_MS));
  world.alwaysRuns("beside", exits(5 * MINUTE_MS));
  const schedules = [
    aSchedule({ name: "small", project, ...fields }),
    aSchedule({ name: "beside", project: OTHER, ...fields }),
  ];
  provider.set(OTHER, {});
  await world.apply(
    aConfiguration({ schedules, ...(given === undefined ? {} : { limits: given }) }),
  );
}

async function ledger(): Promise<readonly Entry[]> {
  return await world.store.snapshot(
    async (reader) => await scanEntries(reader, PROJECT, { limit: 100 }),
  );
}

async function moved(kind: Entry["kind"]): Promise<readonly (number | null)[]> {
  return (await ledger()).filter((entry) => entry.kind === kind).map(({ units }) => units);
}

async function account() {
  return await world.store.snapshot(async (reader) => await readAccount(reader, PROJECT));
}

describe("a project that DataSphere owns", () => {
  it("has its balance and its limits from the start", async () => {
    provider.set(PROJECT, { limits: { unitsPerExecution: 5_000 } });

    await configure({ unitsPerHour: 9_000 });

    const usage = await projectUsage(world.services, PROJECT);
    expect(usage.balance).toBe(100_000);
    expect(usage.limits).toEqual({ unitsPerHour: 9_000, unitsPerExecution: 5_000 });
  });

  it("keeps the balance of DataSphere, whatever the schedules file says", async () => {
    await configure({ balance: 7 });

    expect((await account()).balance).toBe(100_000);
  });

  it("is ours again, with what the file says, once there is no provider any more", async () => {
    provider.set(PROJECT, { limits: { unitsPerExecution: 5 } });
    await configure({ unitsPerHour: 9_000 });
    const { provider: _gone, ...alone } = world.services;

    await applyConfiguration(alone, aConfiguration({ limits: { unitsPerHour: 9_000 } }));

    const usage = await projectUsage(alone, PROJECT);
    expect(usage.balance).toBeUndefined();
    expect(usage.limits).toEqual({ unitsPerHour: 9_000 });
    expect(usage.exposure).toBeUndefined();
  });

  it("is in the community, and has the name, that it has there", async () => {
    provider.set(PROJECT, { community: "bt1lab", name: "nightly-reports" });
    await configure();
    provider.set(PROJECT, { community: "bt1new" });
    await world.clock.advance(limits.providerFreshMs);
    await followProvider(world.services, PROJECT);

    const row = await world.store.snapshot(async (reader) => await readProject(reader, PROJECT));

    expect(row).toMatchObject({ community: "bt1new", name: "nightly-reports" });
  });
});

describe("work in a project that DataSphere owns", () => {
  it("is charged once, whether DataSphere charges it while it runs or when it has ended", async () => {
    await configure();
    await world.askRun("small", "1");
    await world.deliverAll();
    await world.live(2 * MINUTE_MS);
    provider.charge(PROJECT, SPENT / 2);
    await world.live(4 * MINUTE_MS);
    provider.charge(PROJECT, SPENT / 2);
    await world.live(2 * limits.providerChargeLagMs);
    await followProvider(world.services, PROJECT);

    expect(await moved("settle")).toEqual([SPENT]);
    expect(await moved("adjust")).toEqual([]);
    expect(await moved("topUp")).toEqual([]);
    expect((await account()).balance).toBe(provider.balanceOf(PROJECT));
    await expectLedgerAddsUp(world);
  });

  it("that was started elsewhere is an adjustment, once", async () => {
    await configure();
    provider.charge(PROJECT, 500);
    await world.clock.advance(limits.providerFreshMs);
    await world.askRun("small", "1");
    await world.live(3 * MINUTE_MS);
    await world.askRun("small", "2");
    await world.live(MINUTE_MS);

    expect(await moved("adjust")).toEqual([-500]);
  });

  it("starts within a minute of an addition that it waits for", async () => {
    provider.set(PROJECT, { balance: HELD - 1 });
    await configure();
    await world.askRun("small", "1");
    await world.deliverAll();
    const before = await world.states("small");

    provider.set(PROJECT, { balance: HELD });
    await world.live(MINUTE_MS + SECOND_MS);

    expect(before).toEqual(["waiting (limit_balance)"]);
    expect(await world.states("small")).toEqual(["running"]);
  });

  it("does not start once a limit or the balance is lowered, and goes on where it runs", async () => {
    await configure();
    await world.askRun("small", "1");
    await world.deliverAll();
    provider.set(PROJECT, { limits: { unitsPerHour: HELD } });
    await world.clock.advance(limits.providerFreshMs);
    await world.askRun("small", "2");
    await world.deliverAll();
    const byLimit = await world.states("small");

    provider.set(PROJECT, { limits: {}, balance: 0 });
    await world.clock.advance(limits.providerFreshMs);
    await world.askRun("small", "3");
    await world.deliverAll();

    expect(byLimit).toEqual(["running", "waiting (limit_hour)"]);
    const states = await world.states("small");
    expect(states[0]).toBe("running");
    expect(states[2]).toBe("waiting (limit_balance)");
  });

  it("costs DataSphere one look for as many starts as come within its time", async () => {
    await configure();
    const before = provider.looks[PROJECT] ?? 0;
    await world.clock.advance(limits.providerFreshMs);

    for (let n = 0; n < 12; n += 1) await world.askRun("small", String(n));
    await world.deliverAll();

    expect(await world.states("small")).toEqual(Array(12).fill("running"));
    expect((provider.looks[PROJECT] ?? 0) - before).toBe(1);
  });

  it("writes nothing where DataSphere only confirms what is known", async () => {
    await configure();
    const { version } = await account();
    await world.clock.advance(limits.providerFreshMs);

    await followProvider(world.services, PROJECT);

    expect((await account()).version).toBe(version);
  });

  it("started by a caller is admitted by what DataSphere says now", async () => {
    await configure();
    provider.set(PROJECT, { balance: 0 });
    await world.clock.advance(limits.providerFreshMs);
    const unanswered = await followProvider(world.services, PROJECT);
    const job = aStoredJob();
    const now = world.clock.now();
    const run = adHocRun(
      { project: PROJECT, cause: { kind: "job", job: job.id }, createdBy: "ada" },
      now,
    );

    const started = world.store.transact("start", async (tx) => {
      writeJob(tx, undefined, job);
      await startAdHoc(tx, run, { now, unanswered });
    });

    await expect(started).rejects.toMatchObject({ code: "ADMISSION_DENIED" });
  });
});

describe.each(["down", "lying", "mad"] as const)("a provider that is %s", (fault) => {
  it("stops nothing that fits what is known, for an hour", async () => {
    await configure();
    provider.fail(PROJECT, fault);
    await world.clock.advance(limits.providerTrustMs - MINUTE_MS);

    await world.askRun("small", "1");
    await world.deliverAll();

    expect(await world.states("small")).toEqual(["running"]);
    expect(world.failures).toEqual([]);
  });

  it("holds work back after that, with a reason, until it answers", async () => {
    await configure();
    provider.fail(PROJECT, fault);
    await world.clock.advance(limits.providerTrustMs + SECOND_MS);
    const run = await world.askRun("small", "1");
    await world.deliverAll();
    const held = await world.run(run);
    const explained = await explainRun(world.services, run);

    provider.fail(PROJECT, undefined);
    await world.live(2 * MINUTE_MS);

    expect(held.reason?.code).toBe("provider_silent");
    expect(held.reason?.text).toContain("last known at 2027-01-15T00:00:00Z");
    expect(explained.checks.at(-1)).toMatchObject({ rule: "provider", holds: false });
    expect(await world.states("small")).toEqual(["running"]);
    expect(world.failures).toEqual([]);
  });

  it("holds everything back where it has never answered", async () => {
    provider.fail(PROJECT, fault);
    await configure();

    await world.askRun("small", "1");
    await world.deliverAll();

    expect(await world.states("small")).toEqual(["waiting (provider_silent)"]);
  });

  it("is asked again no more often than it is worth, and complained of once", async () => {
    await configure();
    provider.fail(PROJECT, fault);
    await world.clock.advance(limits.providerFreshMs);
    const before = provider.looks[PROJECT] ?? 0;

    for (let n = 0; n < 6; n += 1) {
      await world.askRun("small", String(n));
      await world.deliverAll();
      await world.advance(limits.providerRetryMs / 3);
    }

    expect((provider.looks[PROJECT] ?? 0) - before).toBe(2);
    expect(world.log.filter(({ name }) => name === "provider.silent")).toHaveLength(1);
  });

  it("tells a caller who starts something why it cannot be", async () => {
    provider.fail(PROJECT, fault);
    await configure();
    const unanswered = await followProvider(world.services, PROJECT);
    const job = aStoredJob();
    const now = world.clock.now();
    const run = adHocRun(
      { project: PROJECT, cause: { kind: "job", job: job.id }, createdBy: "ada" },
      now,
    );

    const denied = await world.store
      .transact("start", async (tx) => {
        writeJob(tx, undefined, job);
        await startAdHoc(tx, run, { now, unanswered });
      })
      .catch((error: unknown) => error);

    assert(denied instanceof OrreryError, "it is denied");
    expect(denied.code).toBe("ADMISSION_DENIED");
    expect(denied.message).toContain("last known never");
  });
});

describe("a provider that takes its time about one project", () => {
  it("delays no other project (P7)", async () => {
    await configure();
    provider.fail(PROJECT, "slow");
    await world.clock.advance(limits.providerFreshMs);
    await world.askRun("small", "1");
    await world.askRun("beside", "2");

    const delivering = world.deliverAll();
    await expect.poll(async () => await world.states("beside")).toEqual(["running"]);
    const meanwhile = await world.states("small");
    provider.release();
    await delivering;

    expect(meanwhile).toEqual(["queued"]);
    expect(await world.states("small")).toEqual(["running"]);
  });
});

describe("what may have been spent elsewhere", () => {
  it("is shown with the age of the last look, by usage and by explain", async () => {
    await configure();
    await world.askRun("small", "1");
    await world.deliverAll();
    provider.set(PROJECT, { limits: { unitsPerHour: HELD } });
    provider.charge(PROJECT, 100);
    await world.clock.advance(limits.providerFreshMs);
    const waiting = await world.askRun("small", "2");
    await world.deliverAll();
    await world.clock.advance(10 * SECOND_MS);

    const usage = await projectUsage(world.services, PROJECT);
    const { checks } = await explainRun(world.services, waiting);

    expect(usage.exposure).toMatchObject({
      ageMs: 10 * SECOND_MS,
      untoldUnits: 100,
      elsewhereUnits: HELD,
    });
    expect(checks.at(-1)).toMatchObject({ rule: "provider", holds: true });
    expect(checks.at(-1)?.sentence).toContain("asked 10s ago");
  });
});
