import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { projectId, runIdOf, scheduleName } from "../../shared/core/ids.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import type { Store } from "../../shared/ports/store.ts";
import { fireRef, moveTimer, type Timer } from "../../shared/records/timer-record.ts";
import { aConfiguration, aSchedule, START_AT } from "../support/builders.ts";
import { expectNothingOwed } from "../support/invariants.ts";
import { exits, resists } from "../support/scripted-executor.ts";
import { aCron, aTiming } from "../support/timing-builder.ts";
import { World } from "../support/world.ts";

/** What a run does not write must not be missed: timers that change hands, chains of looks. */
const transactions: string[] = [];
const counting = (store: Store): Store => ({
  ...store,
  transact: async (label, body) => {
    transactions.push(label);
    return await store.transact(label, body);
  },
  snapshot: async (body) => await store.snapshot(body),
});

let world: World;
beforeEach(() => {
  world = new World({ seenStore: counting });
  transactions.length = 0;
});
afterEach(async () => await world.close());

const written = (label: string): number => transactions.filter((each) => each === label).length;
const tenMinutely = aTiming({ when: [aCron("*/10 * * * *")] });

describe("a job that runs for three hours", () => {
  async function live(): Promise<void> {
    const timing = aTiming({ when: [{ kind: "at", at: "2027-01-15T00:01:00Z", timezone: "UTC" }] });
    world.willRun("nightly", exits(3 * HOUR_MS));
    const schedules = [aSchedule({ timing, timeoutMs: 5 * HOUR_MS })];
    await world.apply(aConfiguration({ schedules }));
    await world.live(3 * HOUR_MS + 5 * MINUTE_MS);
    expect(await world.states("nightly")).toEqual(["succeeded"]);
    await expectNothingOwed(world);
  }

  it("is written when it starts and when it ends, and its timer every ten minutes at the most", async () => {
    await live();

    expect(written("submit") + written("watch") + written("end-attempt")).toBe(3);
    expect(written("redrive")).toBeLessThanOrEqual(3 * 6 + 3);
  });

  it("is polled by few chains, though every tenth message comes twice, and ends them all", async () => {
    const { queue } = world.services;
    const send = queue.send.bind(queue);
    let sent = 0;
    Object.assign(queue, {
      send: async (...[name, messages]: Parameters<typeof send>) => {
        await send(name, messages);
        sent += 1;
        // A copy goes on beside the first until the timer moves; then one chain begins, and all end.
        if (name === "watch" && sent % 10 === 0) await send(name, messages);
      },
    });

    await live();

    expect(world.executor.polls).toBeGreaterThan(3 * 60);
    expect(world.executor.polls).toBeLessThan(3 * 3 * 60);
  });

  it("is polled soon after it was asked to end, however long it has run", async () => {
    world.willRun("nightly", resists);
    const schedules = [aSchedule({ timing: null, timeoutMs: 5 * HOUR_MS })];
    await world.apply(aConfiguration({ schedules }));
    const run = await world.askRun("nightly", "p1");
    await world.live(HOUR_MS + 20 * SECOND_MS);

    await world.cancel(run);
    await world.advance(20 * SECOND_MS);

    expect((await world.run(run)).state).toBe("cancelled");
  });
});

describe("a schedule whose fired timer became a run's", () => {
  it("fires on when that run is cancelled ahead of its time and its timing changes twice", async () => {
    world.alwaysRuns("nightly", exits(SECOND_MS));
    const schedule = aSchedule({ timing: tenMinutely, overlap: "allow" });
    await world.apply(aConfiguration({ schedules: [schedule] }));
    await world.live(9.5 * MINUTE_MS);
    const other = { ...schedule, timing: aTiming({ when: [aCron("*/5 * * * *")] }) };

    await world.apply(aConfiguration({ schedules: [other] }));
    await world.apply(aConfiguration({ schedules: [schedule] }));
    const claimed = (await world.runs("nightly")).at(-1);
    await world.cancel(
      claimed?.id ?? runIdOf({ schedule: schedule.name, nominalAt: START_AT }, ""),
    );
    await world.live(22 * MINUTE_MS);

    expect(await world.states("nightly")).toEqual([
      "succeeded",
      "cancelled (cancelled)",
      "succeeded",
      "succeeded",
    ]);
    await expectNothingOwed(world);
  });

  it("can be removed while the run lives, which ends as if nothing was", async () => {
    world.alwaysRuns("nightly", exits(5 * MINUTE_MS));
    await world.apply(aConfiguration({ schedules: [aSchedule({ timing: tenMinutely })] }));
    await world.live(11 * MINUTE_MS);

    await world.apply(aConfiguration({ schedules: [] }));
    await world.live(30 * MINUTE_MS);

    expect(await world.states("nightly")).toEqual(["succeeded", "succeeded"]);
    expect(await world.timers()).toEqual([]);
  });
});

describe("a timer that fired", () => {
  it("is left to the run it made by a tick of another process, which has seen nothing of it", async () => {
    await world.apply(aConfiguration({ schedules: [aSchedule({ timing: tenMinutely })] }));
    world.alwaysRuns("nightly", exits(SECOND_MS));
    await world.live(9.5 * MINUTE_MS);
    const before = await world.timers();
    const other = new World({ path: world.path });
    await other.clock.advance(9.5 * MINUTE_MS);

    await other.tick();
    await other.close();

    expect(before).toHaveLength(2);
    expect(await world.timers()).toEqual(before);
    expect((await world.runs()).map(({ state }) => state)).toEqual(["succeeded", "queued"]);
  });
});

describe("a timer that nothing has", () => {
  const nominalAt = START_AT;
  const run = runIdOf({ schedule: scheduleName("nightly"), nominalAt }, "occurrence");
  it.each<Timer>([
    { kind: "schedule", ref: fireRef(run, "0badf00d"), dueAt: START_AT },
    { kind: "submit", ref: run, dueAt: START_AT },
    { kind: "watch", ref: run, dueAt: START_AT },
  ])("is removed by the tick and makes no run: $kind", async (stale) => {
    await world.apply(aConfiguration({ schedules: [aSchedule({ timing: null })] }));
    await world.store.transact("stale", async (tx) => {
      moveTimer(tx, undefined, stale);
      await Promise.resolve();
    });

    await world.live(2 * MINUTE_MS);

    expect(await world.timers()).toEqual([]);
    expect(await world.runs()).toEqual([]);
  });
});

describe("a schedule that moved to another project while a run of it lives", () => {
  it.each(["skip", "queue-all"] as const)("still sees it with overlap %s", async (overlap) => {
    world.alwaysRuns("nightly", exits(15 * MINUTE_MS));
    const schedule = aSchedule({ timing: tenMinutely, overlap });
    await world.apply(aConfiguration({ schedules: [schedule] }));
    await world.live(5 * MINUTE_MS);

    const moved = { ...schedule, project: projectId("elsewhere") };
    await world.apply(aConfiguration({ schedules: [moved] }));
    await world.live(6 * MINUTE_MS);

    const [first, second] = await world.runs("nightly");
    expect([first?.project, second?.project]).toEqual(["demo", "elsewhere"]);
    expect(second).toMatchObject({
      state: overlap === "skip" ? "skipped" : "waiting",
      reason: { code: "overlap" },
    });
  });
});
