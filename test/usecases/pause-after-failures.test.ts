import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { scheduleName, type RunId } from "../../shared/core/ids.ts";
import { limits } from "../../shared/core/limits.ts";
import { MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import type { Store } from "../../shared/ports/store.ts";
import { findSchedule } from "../../shared/usecases/list-schedules.ts";
import { pauseSchedule, resumeSchedule } from "../../shared/usecases/pause-schedule.ts";
import { watchRuns } from "../../shared/usecases/watch-runs.ts";
import { aConfiguration, aRetry, aSchedule, aSubscription, PROJECT } from "../support/builders.ts";
import { expectNothingOwed } from "../support/invariants.ts";
import { rerunningStore } from "../support/rerunning-store.ts";
import { exits, type Script } from "../support/scripted-executor.ts";
import { aCron, aTiming } from "../support/timing-builder.ts";
import { World } from "../support/world.ts";

const transactions: string[] = [];
const counting = (store: Store): Store => ({
  ...store,
  snapshot: async (body) => await store.snapshot(body),
  transact: async (label, body) => {
    transactions.push(label);
    return await store.transact(label, body);
  },
});

let world: World;
beforeEach(() => {
  world = new World({ seenStore: counting });
  transactions.length = 0;
});
afterEach(async () => await world.close());

const nightly = scheduleName("nightly");
const tenMinutely = aTiming({ when: [aCron("*/10 * * * *")] });
const good = exits(SECOND_MS);
const bad = exits(SECOND_MS, 1);

async function apply(fields: Parameters<typeof aSchedule>[0] = {}): Promise<void> {
  const schedules = [aSchedule({ timing: tenMinutely, pauseAfterFailures: 3, ...fields })];
  const subscriptions = [aSubscription({ on: ["schedule.paused"] })];
  await world.apply(aConfiguration({ schedules, subscriptions }));
}

async function pauseNow() {
  const now = world.clock.now();
  return (await world.store.snapshot(async (reader) => await findSchedule(reader, nightly, now)))
    .pause;
}

/** Lives through as many occurrences as there are scripts, the first of them due now. */
async function liveThrough(...scripts: readonly Script[]): Promise<void> {
  world.willRun("nightly", ...scripts);
  await world.live(10 * MINUTE_MS * scripts.length - 2 * MINUTE_MS);
}

describe("a schedule that pauses after three failures in a row", () => {
  it("is paused by the third, with a note that names the runs, and tells of it", async () => {
    await apply();

    await liveThrough(bad, bad, bad, good);

    expect(await world.states("nightly")).toEqual([
      "failed (exit_code)",
      "failed (exit_code)",
      "failed (exit_code)",
      "skipped (paused)",
    ]);
    const pause = await pauseNow();
    const failed = (await world.runs("nightly")).slice(0, 3).map(({ id }) => id);
    expect(pause?.by).toBeUndefined();
    expect(pause?.note).toBe(`Its last 3 runs failed: ${failed.toReversed().join(", ")}`);
    expect((await world.runs("nightly")).at(-1)?.reason?.text).toContain("It paused by itself");
    expect(world.webhook.types).toEqual(["schedule.paused"]);
    expect(world.log.filter(({ name }) => name === "schedule.paused")).toMatchObject([
      { level: "warn", message: `nightly is paused by itself: ${pause?.note ?? ""}` },
    ]);
    await expectNothingOwed(world);
  });

  it.each([
    ["a success between them", [bad, bad, good, bad, bad]],
    ["one too few", [bad, bad]],
    ["none at all", [good, good, good]],
  ])("goes on with %s", async (_what, scripts) => {
    await apply();

    await liveThrough(...scripts);

    expect(await pauseNow()).toBeUndefined();
    expect(world.webhook.types).toEqual([]);
  });

  it("counts what timed out, and no attempt that is tried again", async () => {
    await apply({
      timeoutMs: 2 * MINUTE_MS,
      pauseAfterFailures: 2,
      retry: aRetry({ attempts: 2, initialMs: MINUTE_MS }),
    });
    world.willRun("nightly", bad, good, exits(9 * MINUTE_MS), bad, bad);

    await world.live(18 * MINUTE_MS);
    expect(await world.states("nightly")).toEqual(["succeeded", "timedOut (timeout)"]);
    expect(await pauseNow()).toBeUndefined();

    await world.live(10 * MINUTE_MS);
    expect((await world.states("nightly")).at(-1)).toBe("failed (exit_code)");
    expect(await pauseNow()).toBeDefined();
  });

  it("neither counts nor stops at runs that were skipped or cancelled", async () => {
    await apply({ overlap: "skip" });
    // The second goes on through the time of the third, which is skipped.
    world.willRun("nightly", bad, exits(12 * MINUTE_MS, 1));
    await world.live(35 * MINUTE_MS - 10 * MINUTE_MS);
    await world.cancel(await world.askRun("nightly", "p1"));
    expect(await pauseNow()).toBeUndefined();

    world.willRun("nightly", bad);
    await world.live(10 * MINUTE_MS);

    expect(await world.states("nightly")).toEqual([
      "failed (exit_code)",
      "failed (exit_code)",
      "skipped (overlap)",
      "cancelled (cancelled)",
      "failed (exit_code)",
    ]);
    expect(await pauseNow()).toBeDefined();
  });

  it("finds them behind many that were skipped", async () => {
    const minutely = aTiming({ when: [aCron("* * * * *")] });
    await apply({ timing: minutely, timeoutMs: 60 * MINUTE_MS, pauseAfterFailures: 2 });
    world.willRun("nightly", bad, exits(40 * MINUTE_MS, 1));

    await world.live(45 * MINUTE_MS);

    const skipped = (await world.states("nightly")).filter((state) => /overlap/.test(state));
    expect(skipped.length).toBeGreaterThanOrEqual(39);
    expect(await pauseNow()).toBeDefined();
  });

  it("counts anew once it is resumed", async () => {
    await apply();
    await liveThrough(bad, bad, bad);
    expect(await pauseNow()).toBeDefined();
    await resumeSchedule(world.services, nightly, "anna");
    await world.live(2 * MINUTE_MS);

    await liveThrough(bad, bad);
    expect(await pauseNow()).toBeUndefined();
    await world.live(2 * MINUTE_MS);
    await liveThrough(bad);

    expect(await pauseNow()).toBeDefined();
    expect(world.webhook.types).toEqual(["schedule.paused", "schedule.paused"]);
  });

  it("keeps the pause that an operator made before the last of them ended", async () => {
    await apply({ pauseAfterFailures: 1 });
    world.willRun("nightly", exits(5 * MINUTE_MS, 1));
    await world.live(MINUTE_MS);
    await pauseSchedule(world.services, nightly, { by: "anna", note: "mine" });
    const before = await pauseNow();

    await world.live(10 * MINUTE_MS);

    expect((await world.states("nightly"))[0]).toBe("failed (exit_code)");
    expect(await pauseNow()).toEqual(before);
    expect(world.webhook.types).toEqual(["schedule.paused"]);
  });

  it("counts runs in the order in which they ended, also where several end together", async () => {
    await apply({ timing: null, overlap: "allow", pauseAfterFailures: 2 });
    const runs: RunId[] = [];
    for (const [index, script] of [bad, good, bad].entries()) {
      world.willRun("nightly", { ...script, prepareMs: (90 - index) * SECOND_MS });
      runs.push(await world.askRun("nightly", `p${index}`));
      await world.deliverAll();
      await world.clock.advance(1);
    }
    // All have ended by the time anybody looks: the last one failed, then one succeeded, then one failed.
    world.dropAllMessages();
    await world.clock.advance(2 * MINUTE_MS);
    const ends = transactions.filter((label) => label === "end-attempt").length;

    const looks = runs.map((run) => ({ run, project: PROJECT, attempt: 1 }));
    expect(await watchRuns(world.services, looks)).toEqual([]);

    expect(transactions.filter((label) => label === "end-attempt")).toHaveLength(ends + 1);
    expect((await world.states("nightly")).toSorted()).toEqual([
      "failed (exit_code)",
      "failed (exit_code)",
      "succeeded",
    ]);
    expect(await pauseNow()).toBeUndefined();
    world.willRun("nightly", bad);
    await world.askRun("nightly", "p4");
    await world.live(MINUTE_MS);
    expect(await pauseNow()).toBeDefined();
  });

  it("is paused once by several that fail together", async () => {
    await apply({ timing: null, overlap: "allow", pauseAfterFailures: 2 });
    world.alwaysRuns("nightly", exits(90 * SECOND_MS, 1));
    const runs = [await world.askRun("nightly", "p1"), await world.askRun("nightly", "p2")];
    runs.push(await world.askRun("nightly", "p3"));
    await world.deliverAll();
    world.dropAllMessages();
    await world.clock.advance(2 * MINUTE_MS);

    await watchRuns(
      world.services,
      runs.map((run) => ({ run, project: PROJECT, attempt: 1 })),
    );
    await world.live(MINUTE_MS);

    expect((await pauseNow())?.note).toMatch(/^Its last 2 runs failed: /);
    expect(world.webhook.types).toEqual(["schedule.paused"]);
  });

  it("is paused once where every transaction body runs twice", async () => {
    await world.close();
    world = new World({ seenStore: rerunningStore });
    await apply();

    await liveThrough(bad, bad, bad, good);

    expect((await world.states("nightly")).at(-1)).toBe("skipped (paused)");
    expect(world.webhook.types).toEqual(["schedule.paused"]);
  });

  it("is paused though the process dies at any point of the last end", async () => {
    for (const when of ["before", "after"] as const) {
      await world.close();
      world = new World();
      await apply({ pauseAfterFailures: 1 });
      world.willRun("nightly", bad);
      world.crashPoints.arm(({ name }) => (name === "transact end-attempt" ? when : undefined));
      await world.live(2 * MINUTE_MS);
      world.crashPoints.arm(() => undefined);
      await world.restart();

      await world.live(20 * MINUTE_MS);

      expect((await world.states("nightly"))[0]).toBe("failed (exit_code)");
      expect((await world.states("nightly")).at(-1)).toBe("skipped (paused)");
      expect(world.webhook.types).toEqual(["schedule.paused"]);
      await expectNothingOwed(world);
    }
  });

  it("names the first few of a long row", async () => {
    await apply({ pauseAfterFailures: 7 });

    await liveThrough(bad, bad, bad, bad, bad, bad, bad);

    const note = (await pauseNow())?.note ?? "";
    expect(note).toMatch(/^Its last 7 runs failed: nightly\.20270115T010000Z\.\w{8}, /);
    expect(note).toMatch(/ and 2 more$/);
    expect(note.length).toBeLessThanOrEqual(limits.pauseNoteChars);
  });
});

describe("a schedule that never pauses by itself", () => {
  it("fails on and on", async () => {
    const schedules = [aSchedule({ timing: tenMinutely })];
    await world.apply(aConfiguration({ schedules }));

    await liveThrough(bad, bad, bad, bad, bad, bad);

    expect(new Set(await world.states("nightly"))).toEqual(new Set(["failed (exit_code)"]));
    expect(await pauseNow()).toBeUndefined();
  });
});
