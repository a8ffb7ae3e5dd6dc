import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { explainRun } from "../../shared/usecases/explain-run.ts";
import { listRuns } from "../../shared/usecases/list-runs.ts";
import { liveRuns } from "../../shared/usecases/live-runs.ts";
import { aConfiguration, aJob, aSchedule, START_AT } from "../support/builders.ts";
import { exits } from "../support/scripted-executor.ts";
import { aCron, aTiming } from "../support/timing-builder.ts";
import { World } from "../support/world.ts";

/** Use cases that look and change nothing. */
let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(async () => await world.close());

describe("the list of runs", () => {
  beforeEach(async () => {
    const timing = aTiming({ when: [aCron("*/20 * * * *")] });
    const schedules = ["a", "b", "c"].map((name) => aSchedule({ name, timing, overlap: "allow" }));
    for (const { name } of schedules) world.alwaysRuns(name, exits(SECOND_MS));
    await world.apply(aConfiguration({ schedules }));
    await world.live(HOUR_MS - 2 * MINUTE_MS);
    await world.apply(aConfiguration({ schedules: schedules.slice(1) }));
  });

  it("has the latest of all schedules first, removed ones among them", async () => {
    const { items: runs } = await listRuns(world.services, { size: 4 });

    const minutes = runs.map((run) => (run.nominalAt - START_AT) / MINUTE_MS);
    expect(minutes).toEqual([40, 40, 40, 20]);
    expect(new Set(runs.slice(0, 3).map((run) => run.schedule))).toEqual(new Set(["a", "b", "c"]));
  });

  it("has those of one schedule where one is asked for, and none of one that never was", async () => {
    const ofB = await listRuns(world.services, { size: 10, schedule: "b" });
    const ofNobody = await listRuns(world.services, { size: 10, schedule: "nobody" });

    expect(ofB.items.map((run) => run.schedule)).toEqual(["b", "b", "b"]);
    expect(ofNobody).toEqual({ items: [] });
  });
});

describe("an explained run", () => {
  const tenMinutes = { timing: null, overlap: "allow", timeoutMs: 10 * MINUTE_MS } as const;

  async function configure(fields: Parameters<typeof aSchedule>[0] = {}): Promise<void> {
    world.alwaysRuns("nightly", exits(5 * MINUTE_MS));
    const schedules = [aSchedule({ ...tenMinutes, ...fields })];
    await world.apply(aConfiguration({ schedules, limits: { concurrentRuns: 1 } }));
  }

  it("shows the decision that would be taken now, with every number compared", async () => {
    await configure();
    await world.ask("nightly", "p1");
    await world.deliverAll();
    const waiting = await world.askRun("nightly", "p2");
    await world.deliverAll();

    const { decision, checks, run } = await explainRun(world.services, waiting);

    expect(run.state).toBe("waiting");
    expect(decision).toMatchObject({ kind: "wait", reason: { code: "limit_concurrency" } });
    expect(checks.map((check) => [check.rule, check.holds])).toEqual([
      ["execution", true],
      ["balance", true],
      ["hour", true],
      ["concurrency", false],
    ]);
  });

  it("shows what its executor would refuse", async () => {
    await configure({ work: aJob({ command: "docker only" }) });
    world.executor.refuse("docker only", "It needs a container engine");
    const run = await world.askRun("nightly", "p1");

    expect((await explainRun(world.services, run)).decision).toMatchObject({ state: "refused" });
  });

  it("has nothing to decide where it runs or has ended", async () => {
    await configure();
    const run = await world.askRun("nightly", "p1");
    await world.deliverAll();

    expect(await explainRun(world.services, run)).toMatchObject({ checks: [] });
    expect((await liveRuns(world.services)).map((each) => each.id)).toEqual([run]);
  });

  it("changes nothing", async () => {
    await configure();
    const run = await world.askRun("nightly", "p1");
    const before = await world.timers();

    await explainRun(world.services, run);

    expect(await world.timers()).toEqual(before);
  });

  it.each(["nobody", "nightly.20270115T000000Z.00000000"])(
    "is an error with a remedy where there is none: %s",
    async (text) => {
      await expect(explainRun(world.services, text)).rejects.toMatchObject({
        code: "RUN_NOT_FOUND",
        message: expect.stringContaining("orrery runs") as string,
      });
    },
  );
});
