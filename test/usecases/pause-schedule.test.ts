// One file for every way in which a run comes about, for a pause meets them all.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { scheduleName } from "../../shared/core/ids.ts";
import type { Run } from "../../shared/core/run/run.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { readDefinition } from "../../shared/records/schedule-record.ts";
import { findSchedule, type LiveSchedule } from "../../shared/usecases/list-schedules.ts";
import { pauseSchedule, resumeSchedule } from "../../shared/usecases/pause-schedule.ts";
import { aConfiguration, aRetry, aSchedule, aSubscription, START_AT } from "../support/builders.ts";
import { deliveriesOf, expectNothingOwed } from "../support/invariants.ts";
import { rerunningStore } from "../support/rerunning-store.ts";
import { exits } from "../support/scripted-executor.ts";
import { aCron, aTiming } from "../support/timing-builder.ts";
import { World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
  world.alwaysRuns("nightly", exits(SECOND_MS));
});
afterEach(async () => await world.close());

const nightly = scheduleName("nightly");
const tenMinutely = aTiming({ when: [aCron("*/10 * * * *")] });
const subscriptions = [aSubscription({ on: ["schedule.paused", "schedule.resumed"] })];

async function apply(...schedules: readonly Parameters<typeof aSchedule>[0][]): Promise<void> {
  const given = schedules.map((fields) => aSchedule(fields));
  await world.apply(aConfiguration({ schedules: given, subscriptions }));
}

async function pause(note?: string, by = "anna"): Promise<LiveSchedule> {
  const said = note === undefined ? {} : { note };
  return await pauseSchedule(world.services, nightly, { by, ...said });
}

async function resume(): Promise<LiveSchedule> {
  return await resumeSchedule(world.services, nightly, "boris");
}

async function live(): Promise<LiveSchedule> {
  const now = world.clock.now();
  return await world.store.snapshot(async (reader) => await findSchedule(reader, nightly, now));
}

const minuteOf = ({ nominalAt }: Run): number => (nominalAt - START_AT) / MINUTE_MS;

/** Each run of `nightly` as the minute it is named for and what became of it. */
async function story(): Promise<readonly string[]> {
  const runs = await world.runs("nightly");
  return runs.map((run) => `${minuteOf(run)} ${run.state} ${run.reason?.code ?? ""}`.trimEnd());
}

describe("a paused schedule", () => {
  it("has a row for every occurrence, skipped with who paused it, when and why", async () => {
    await apply({ timing: tenMinutely });
    await world.live(5 * MINUTE_MS);

    await pause("the bucket moves");
    await world.live(20 * MINUTE_MS);

    expect(await story()).toEqual(["0 succeeded", "10 skipped paused", "20 skipped paused"]);
    const [, run] = await world.runs("nightly");
    expect(run?.reason?.text).toBe(
      "anna paused its schedule at 2027-01-15T00:05:00Z: the bucket moves",
    );
    await expectNothingOwed(world);
  });

  it("runs on from the first occurrence after its resumption, and makes up for none", async () => {
    await apply({ timing: tenMinutely, catchup: { policy: "all", windowMs: DAY_MS } });
    await world.live(5 * MINUTE_MS);
    await pause();
    await world.live(20 * MINUTE_MS);

    await resume();
    await world.live(20 * MINUTE_MS);

    expect(await story()).toEqual([
      "0 succeeded",
      "10 skipped paused",
      "20 skipped paused",
      "30 succeeded",
      "40 succeeded",
    ]);
    await expectNothingOwed(world);
  });

  it("lets go on what is under way, what waits and what is tried again", async () => {
    world.willRun("nightly", exits(8 * MINUTE_MS, 1));
    const retry = aRetry({ attempts: 2, initialMs: MINUTE_MS });
    await apply({ timing: tenMinutely, overlap: "queue-all", retry });
    await world.live(15 * MINUTE_MS);
    // The one of 00:00 is tried again by now, and the one of 00:10 has run or waited behind it.
    const before = await story();

    await pause();
    await world.live(30 * MINUTE_MS);

    expect(before).toHaveLength(2);
    expect(await story()).toEqual([
      "0 succeeded",
      "10 succeeded",
      "20 skipped paused",
      "30 skipped paused",
      "40 skipped paused",
    ]);
  });

  it("still runs for a person and for a message", async () => {
    await apply({ timing: tenMinutely, overlap: "allow" });
    await world.live(MINUTE_MS);
    await pause();
    await world.clock.advance(MINUTE_MS);

    await world.ask("nightly", "p1");
    await world.message("intake", JSON.stringify({ schedule: "nightly", id: "m1" }));
    await world.live(2 * MINUTE_MS);

    expect(await world.states("nightly")).toEqual(["succeeded", "succeeded", "succeeded"]);
  });

  it("is shown with who paused it, since when and why, and no more once it is resumed", async () => {
    await apply({ timing: tenMinutely });

    const shown = await pause("why");
    await world.clock.advance(MINUTE_MS);

    expect(shown.pause).toEqual({ at: START_AT, by: "anna", note: "why" });
    expect(await live()).toEqual(shown);
    expect((await resume()).pause).toBeUndefined();
    expect((await live()).pause).toBeUndefined();
  });

  it("tells of its pause and of its resumption once, however often each is repeated", async () => {
    await apply({ timing: tenMinutely });
    await pause("why");
    await world.clock.advance(SECOND_MS);
    await pause("why");
    await pause();
    await resume();
    await resume();
    await world.live(MINUTE_MS);

    expect(world.webhook.types).toEqual(["schedule.paused", "schedule.resumed"]);
    expect(await deliveriesOf(world)).toMatchObject([
      { about: { project: "demo" } },
      { about: { project: "demo" } },
    ]);
    const data = world.webhook.received.map(({ body }) => JSON.parse(body) as { data: unknown });
    const said = { project: "demo", schedule: "nightly", note: "why" };
    expect(data).toMatchObject([
      { data: { ...said, by: "anna" }, subject: "nightly" },
      { data: { ...said, by: "boris", pausedAt: "2027-01-15T00:00:00Z" }, subject: "nightly" },
    ]);
  });

  it("keeps since when it is paused where somebody changes the note", async () => {
    await apply({ timing: tenMinutely });
    await pause("why");
    await world.live(5 * MINUTE_MS);

    const shown = await pause("another reason", "boris");
    await world.live(10 * MINUTE_MS);

    expect(shown.pause).toEqual({ at: START_AT, by: "boris", note: "another reason" });
    expect(world.webhook.types).toEqual(["schedule.paused"]);
    const last = (await world.runs("nightly")).at(-1);
    expect(last?.reason?.text).toContain("boris paused its schedule");
  });

  it("is told again when it is paused anew", async () => {
    await apply({ timing: tenMinutely });
    await pause();
    await world.live(MINUTE_MS);
    await resume();
    await pause();
    await world.live(MINUTE_MS);

    expect(world.webhook.types).toHaveLength(3);
  });

  it("cannot be paused or resumed where it is not configured", async () => {
    await expect(pause()).rejects.toMatchObject({ code: "SCHEDULE_NOT_FOUND" });
    await expect(resume()).rejects.toMatchObject({ code: "SCHEDULE_NOT_FOUND" });
  });

  it("is paused once where the transaction runs twice", async () => {
    await world.close();
    world = new World({ seenStore: rerunningStore });
    await apply({ timing: null });

    await pause("why");
    await world.live(MINUTE_MS);
    await resume();
    await world.live(MINUTE_MS);

    expect(world.webhook.types).toEqual(["schedule.paused", "schedule.resumed"]);
    await expectNothingOwed(world);
  });
});

describe("a pause beside the tick", () => {
  it("leaves out the occurrence that was claimed ahead and is not due yet", async () => {
    await apply({ timing: tenMinutely });
    await world.live(9.5 * MINUTE_MS);
    expect(await story()).toEqual(["0 succeeded", "10 queued"]);

    await pause();
    await world.live(MINUTE_MS);

    expect(await story()).toEqual(["0 succeeded", "10 skipped paused"]);
    expect(world.executor.started).toHaveLength(1);
    await expectNothingOwed(world);
  });

  it("lets the occurrence run that was claimed ahead where it ends before that is due", async () => {
    await apply({ timing: tenMinutely });
    await world.live(MINUTE_MS);
    await pause();
    // A tick claims the occurrence while the schedule is paused, a minute ahead of its time.
    await world.live(8.5 * MINUTE_MS);
    expect(await story()).toEqual(["0 succeeded", "10 queued"]);

    await resume();
    await world.live(MINUTE_MS);

    expect(await story()).toEqual(["0 succeeded", "10 succeeded"]);
  });

  it("lets the occurrence run that was due in the instant of the pause", async () => {
    await apply({ timing: tenMinutely });
    await world.live(9.5 * MINUTE_MS);
    await world.clock.advance(30 * SECOND_MS);

    await pause();
    await world.live(MINUTE_MS);

    expect(await story()).toEqual(["0 succeeded", "10 succeeded"]);
  });

  it("leaves out what was due while it lasted, though it is looked at after its end", async () => {
    await apply({ timing: tenMinutely });
    await world.live(9.5 * MINUTE_MS);
    await pause();
    // Nobody looks at the run of 00:10 before the schedule is resumed.
    world.dropAllMessages();
    await world.clock.advance(MINUTE_MS);
    await resume();

    await world.live(30 * MINUTE_MS);

    expect((await story()).slice(0, 2)).toEqual(["0 succeeded", "10 skipped paused"]);
    expect((await story()).at(-1)).toMatch(/^\d+ succeeded$/);
  });

  it("leaves out what was due while it lasted, though nothing ticked in all that time", async () => {
    await apply({ timing: tenMinutely, catchup: { policy: "all", windowMs: DAY_MS } });
    await world.live(5 * MINUTE_MS);
    await pause();
    await world.clock.advance(30 * MINUTE_MS);
    await resume();
    await world.clock.advance(10 * MINUTE_MS);

    await world.live(10 * MINUTE_MS);

    expect(await story()).toEqual([
      "0 succeeded",
      "10 skipped paused",
      "20 skipped paused",
      "30 skipped paused",
      // Missed after the resumption: that is what catch-up is for.
      "40 succeeded",
      "50 succeeded",
    ]);
    expect((await world.runs("nightly"))[1]?.reason?.text).toBe(
      "anna paused its schedule at 2027-01-15T00:05:00Z, until 2027-01-15T00:35:00Z",
    );
  });

  it("is told rather than that nothing ticked, where both are so", async () => {
    await apply({ timing: tenMinutely, catchup: { policy: "none", windowMs: 0 } });
    await world.live(5 * MINUTE_MS);
    await pause();
    await world.clock.advance(10 * MINUTE_MS);
    await resume();
    await world.clock.advance(20 * MINUTE_MS);

    await world.live(MINUTE_MS);

    expect(await story()).toEqual([
      "0 succeeded",
      "10 skipped paused",
      "20 skipped missed",
      "30 skipped missed",
    ]);
  });

  it("is heard of whoever commits first: ticks, files and operators at once", async () => {
    for (const minute of [9.25, 19.5, 29.75]) {
      await apply({ timing: tenMinutely });
      await world.live(minute * MINUTE_MS - (world.clock.now() - START_AT));

      await Promise.all([
        world.tick(),
        pause("why"),
        apply({ timing: tenMinutely, timeoutMs: HOUR_MS + minute }),
        world.tick(),
        pauseSchedule(world.services, nightly, { by: "anna", note: "why" }),
      ]);
      await world.live(2 * MINUTE_MS);
      const state = await live();
      await Promise.all([resume(), apply({ timing: tenMinutely }), world.tick()]);

      expect((await story()).at(-1)).toBe(`${Math.ceil(minute)} skipped paused`);
      expect(state.pause?.note).toBe("why");
      expect(state.definition.timeoutMs).toBe(HOUR_MS + minute);
      expect((await live()).pause).toBeUndefined();
    }
    expect(await story()).toEqual([
      "0 succeeded",
      "10 skipped paused",
      "20 skipped paused",
      "30 skipped paused",
    ]);
    expect(world.failures).toEqual([]);
  });

  it("is heard of by a look that began before it, and before the occurrence was due", async () => {
    const [slow, reached] = [Promise.withResolvers(), Promise.withResolvers()];
    await apply({ timing: tenMinutely });
    await world.live(9.5 * MINUTE_MS);
    const check = world.executor.check.bind(world.executor);
    // Whoever looks a second early has read the definition, and is kept waiting by the executor.
    world.executor.check = async (...args) => {
      world.executor.check = check;
      reached.resolve(undefined);
      await slow.promise;
      return await check(...args);
    };
    const [, run] = await world.runs("nightly");
    await world.clock.advance(29 * SECOND_MS);
    const body = JSON.stringify({ run: run?.id, project: "demo" });
    await world.message("submit", body);
    const looking = world.deliverAll();
    await reached.promise;
    await pause();
    await world.clock.advance(2 * SECOND_MS);
    slow.resolve(undefined);
    await looking;

    await world.live(MINUTE_MS);

    expect(await story()).toEqual(["0 succeeded", "10 skipped paused"]);
  });
});

describe("a pause and the schedules file", () => {
  const operatorOf = async () =>
    (await world.store.snapshot(async (reader) => await readDefinition(reader, nightly)))?.operator;

  it.each([
    ["its timing", { timing: aTiming({ when: [aCron("*/5 * * * *")] }) }],
    ["its project", { timing: tenMinutely, project: "other" }],
    ["its policies", { timing: tenMinutely, overlap: "allow", timeoutMs: HOUR_MS }],
    ["nothing of it", { timing: tenMinutely }],
    ["everything", { timing: null, project: "other", priority: "low" }],
  ] as const)("stands whatever is applied over it: %s", async (_what, changed) => {
    await apply({ timing: tenMinutely });
    await world.live(MINUTE_MS);
    await pause("why");
    const before = await operatorOf();

    await apply(changed, { name: "new" });
    await world.live(25 * MINUTE_MS);

    expect(before).toBeDefined();
    expect(await operatorOf()).toEqual(before);
    expect((await story()).filter((run) => !run.endsWith("skipped paused"))).toEqual([
      "0 succeeded",
    ]);
  });

  it("counts as no change of the schedule when the same file is applied", async () => {
    const schedules = [aSchedule({ timing: tenMinutely })];
    await world.apply(aConfiguration({ schedules }));
    await pause();

    const again = await world.apply(aConfiguration({ schedules, rates: { other: 3 } }));

    expect(again).toMatchObject({ changed: [], unchanged: 1 });
  });

  it("goes with a schedule that is removed, and does not come back with it", async () => {
    await apply({ timing: tenMinutely });
    await pause();

    await apply();
    await apply({ timing: tenMinutely });
    await world.live(15 * MINUTE_MS);

    expect((await live()).pause).toBeUndefined();
    expect((await story()).at(-1)).toBe("10 succeeded");
  });
});

describe("schedules that come after a paused one", () => {
  it("are skipped where they have no clock, and it has to succeed", async () => {
    world.alwaysRuns("report", exits(SECOND_MS));
    world.alwaysRuns("alarm", exits(SECOND_MS));
    await apply(
      { timing: tenMinutely },
      { name: "report", timing: null, after: { nightly: "succeeded" } },
      { name: "alarm", timing: null, after: { nightly: "finished" } },
    );
    await world.live(5 * MINUTE_MS);

    await pause();
    await world.live(10 * MINUTE_MS);

    expect(await world.states("report")).toEqual(["succeeded", "skipped (dependency)"]);
    expect(await world.states("alarm")).toEqual(["succeeded", "succeeded"]);
  });

  it("are skipped as paused where they are paused themselves, and so on behind them", async () => {
    world.alwaysRuns("load", exits(SECOND_MS));
    await apply(
      { name: "load", timing: tenMinutely },
      { timing: null, after: { load: "succeeded" } },
      { name: "report", timing: null, after: { nightly: "succeeded" } },
    );
    await pause("why");
    await world.clock.advance(1);

    await world.live(5 * MINUTE_MS);

    expect(await world.states("load")).toEqual(["succeeded"]);
    expect(await world.states("nightly")).toEqual(["skipped (paused)"]);
    expect(await world.states("report")).toEqual(["skipped (dependency)"]);
    expect(world.executor.started).toHaveLength(1);
    await expectNothingOwed(world);
  });
});
