import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { aRetry, aConfiguration, aJob, aSchedule, START_AT } from "../support/builders.ts";
import { expectNothingOwed, ledgerOf } from "../support/invariants.ts";
import { exits, obeys, unpreparable } from "../support/scripted-executor.ts";
import { aCron, aTiming } from "../support/timing-builder.ts";
import { World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
  world.alwaysRuns("nightly", exits(SECOND_MS));
});
afterEach(async () => await world.close());

const hourly = aTiming({ when: [aCron("0 * * * *")] });
const atHalfPast = aTiming({ when: [aCron("30 * * * *")] });
const hoursOf = async (): Promise<readonly number[]> =>
  (await world.runs("nightly")).map((run) => (run.nominalAt - START_AT) / HOUR_MS);

describe("applying a configuration", () => {
  it("says what it added, changed, removed and left alone", async () => {
    const [a, b, c] = ["a", "b", "c"].map((name) => aSchedule({ name }));
    await world.apply(
      aConfiguration({ schedules: [a, b, c].filter((each) => each !== undefined) }),
    );

    const applied = await world.apply(
      aConfiguration({
        schedules: [
          aSchedule({ name: "a" }),
          aSchedule({ name: "b", priority: "high" }),
          aSchedule({ name: "d" }),
        ],
      }),
    );

    expect(applied).toEqual({
      added: ["d"],
      changed: ["b"],
      removed: ["c"],
      unchanged: 1,
      ended: [],
    });
  });

  it("changes nothing when it is applied again", async () => {
    const configuration = aConfiguration({ limits: { balance: 5_000 } });
    await world.apply(configuration);
    const before = await ledgerOf(world);

    const applied = await world.apply(structuredClone(configuration));

    expect(applied).toEqual({ added: [], changed: [], removed: [], unchanged: 1, ended: [] });
    expect(await ledgerOf(world)).toEqual(before);
  });

  it("refills no balance that was spent, unless it asks for another one", async () => {
    const configured = (balance: number, timeoutMs: number) =>
      aConfiguration({ schedules: [aSchedule({ timing: null, timeoutMs })], limits: { balance } });
    await world.apply(configured(10_000, 10 * MINUTE_MS));
    await world.ask("nightly", "p1");
    await world.live(MINUTE_MS);

    await world.apply(configured(10_000, 20 * MINUTE_MS));
    const spent = (await ledgerOf(world)).account.balance;
    await world.apply(configured(12_000, 20 * MINUTE_MS));

    expect([spent, (await ledgerOf(world)).account.balance]).toEqual([9_996, 12_000]);
  });

  it("makes up for what was missed before it, where the timing is the same", async () => {
    const schedule = (priority: "normal" | "high") =>
      aSchedule({ timing: hourly, priority, overlap: "allow" });
    await world.apply(aConfiguration({ schedules: [schedule("normal")] }));
    await world.clock.advance(3.5 * HOUR_MS);

    await world.apply(aConfiguration({ schedules: [schedule("high")] }));
    await world.tick();

    expect(await hoursOf()).toEqual([0, 1, 2, 3]);
  });

  it("starts from now where the timing changed", async () => {
    await world.apply(aConfiguration({ schedules: [aSchedule({ timing: hourly })] }));
    await world.clock.advance(3.25 * HOUR_MS);

    await world.apply(aConfiguration({ schedules: [aSchedule({ timing: atHalfPast })] }));
    await world.live(HOUR_MS);

    expect(await hoursOf()).toEqual([3.5]);
  });

  it("owes an occurrence at the very instant of its applying", async () => {
    await world.apply(aConfiguration({ schedules: [aSchedule({ timing: hourly })] }));
    await world.tick();

    expect(await hoursOf()).toEqual([0]);
  });

  it("that is killed before its commit leaves everything as it was", async () => {
    await world.apply(aConfiguration({ schedules: [aSchedule()] }));
    const timers = await world.timers();
    world.crashPoints.arm(() => "before");

    await expect(
      world.apply(aConfiguration({ schedules: [aSchedule({ timing: hourly })] })),
    ).rejects.toThrow("killed");

    expect(await world.timers()).toEqual(timers);
  });
});

describe("a schedule that is removed", () => {
  const nothing = aConfiguration({ schedules: [] });

  it("fires no more, and its runs stay", async () => {
    await world.apply(aConfiguration({ schedules: [aSchedule({ timing: hourly })] }));
    await world.live(MINUTE_MS);

    await world.apply(nothing);
    await world.live(3 * HOUR_MS);

    expect(await world.states("nightly")).toEqual(["succeeded"]);
    expect(await world.timers()).toEqual([]);
  });

  it("skips its queued run, and says why", async () => {
    await world.apply(aConfiguration({ schedules: [aSchedule({ timing: hourly })] }));
    await world.tick();

    await world.apply(nothing);
    await world.live(MINUTE_MS);

    expect(await world.states("nightly")).toEqual(["skipped (schedule_removed)"]);
    await expectNothingOwed(world);
  });

  it("lets its running run end, and settles it, and tries nothing again", async () => {
    const retry = aRetry({ attempts: 3, initialMs: MINUTE_MS, on: ["failed"] });
    world.willRun("nightly", exits(2 * MINUTE_MS, 1));
    await world.apply(aConfiguration({ schedules: [aSchedule({ timing: hourly, retry })] }));
    await world.live(MINUTE_MS);

    await world.apply(nothing);
    await world.live(10 * MINUTE_MS);

    expect(await world.states("nightly")).toEqual(["failed (exit_code)"]);
    await expectNothingOwed(world);
  });

  it("ends an attempt that was admitted and never started", async () => {
    world.willRun("nightly", unpreparable);
    await world.apply(aConfiguration({ schedules: [aSchedule({ timing: hourly })] }));
    world.crashPoints.arm(({ name }) => (name === "start" ? "before" : undefined));
    await world.live(MINUTE_MS);
    world.crashPoints.arm(() => undefined);
    world.crash();

    await world.apply(nothing);
    await world.live(2 * MINUTE_MS);

    expect(await world.states("nightly")).toEqual(["failed (prepare_failed)"]);
    await expectNothingOwed(world);
  });

  it("follows an attempt whose start took effect, though nobody recorded it", async () => {
    world.willRun("nightly", exits(MINUTE_MS));
    await world.apply(aConfiguration({ schedules: [aSchedule({ timing: hourly })] }));
    world.crashPoints.arm(({ name }) => (name === "start" ? "after" : undefined));
    await world.live(MINUTE_MS);
    world.crashPoints.arm(() => undefined);
    world.crash();

    await world.apply(nothing);
    await world.live(3 * MINUTE_MS);

    expect(await world.states("nightly")).toEqual(["succeeded"]);
    await expectNothingOwed(world);
  });
});

describe("a schedule that is changed to other times", () => {
  it("skips a run that was queued for a time it no longer names", async () => {
    await world.apply(aConfiguration({ schedules: [aSchedule({ timing: hourly })] }));
    await world.tick();

    await world.apply(aConfiguration({ schedules: [aSchedule({ timing: atHalfPast })] }));
    await world.live(MINUTE_MS);

    expect(await world.states("nightly")).toEqual(["skipped (schedule_changed)"]);
    await expectNothingOwed(world);
  });
});

describe("a schedule that is changed while a run of it waits", () => {
  it("starts the run as it is by then", async () => {
    const configured = (command: string) =>
      aConfiguration({
        schedules: [aSchedule({ timing: null, overlap: "queue-all", work: aJob({ command }) })],
      });
    world.willRun("nightly", obeys);
    await world.apply(configured("python old.py"));
    const first = await world.askRun("nightly", "p1");
    await world.deliverAll();
    await world.ask("nightly", "p2");
    await world.deliverAll();

    await world.apply(configured("python new.py"));
    await world.cancel(first);
    await world.live(3 * MINUTE_MS);

    const works = world.executor.started.map((attempt) => world.executor.requestOf(attempt).work);
    expect(works).toMatchObject([{ command: "python old.py" }, { command: "python new.py" }]);
  });
});
