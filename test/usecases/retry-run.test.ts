import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { scheduleName, type RunId } from "../../shared/core/ids.ts";
import type { RunOverrides } from "../../shared/core/run/run-overrides.ts";
import { isFinal, liveAttempt } from "../../shared/core/run/run.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import type { StartRequest } from "../../shared/ports/executor.ts";
import { explainRun } from "../../shared/usecases/explain-run.ts";
import { requestRun, type RunRequested } from "../../shared/usecases/request-run.ts";
import { retryRun } from "../../shared/usecases/retry-run.ts";
import { aConfiguration, aRetry, aSchedule, START_AT } from "../support/builders.ts";
import { expectNothingOwed } from "../support/invariants.ts";
import { exits, obeys } from "../support/scripted-executor.ts";
import { aCron, aTiming } from "../support/timing-builder.ts";
import { World } from "../support/world.ts";

let world: World;
/** What each execution was given, as they started. */
let given: StartRequest["variables"][];
beforeEach(() => {
  world = new World();
  given = [];
  const start = world.executor.start.bind(world.executor);
  world.executor.start = async (request) => {
    given.push(request.variables);
    await start(request);
  };
});
afterEach(async () => await world.close());

const daily = aTiming({ when: [aCron("30 2 * * *")] });
const inputs = { DAY: "{{ nominalAt | date('yyyy-MM-dd HH:mm') }}" };

async function apply(...schedules: readonly Parameters<typeof aSchedule>[0][]): Promise<void> {
  await world.apply(aConfiguration({ schedules: schedules.map((fields) => aSchedule(fields)) }));
}

async function retry(run: RunId, fields: Partial<Parameters<typeof retryRun>[1]> = {}) {
  return await retryRun(world.services, { run, id: "r1", inputs: {}, ...fields });
}

async function made(requested: RunRequested): Promise<RunId> {
  expect(requested.outcome).toBe("made");
  return await Promise.resolve("run" in requested ? requested.run : ("" as RunId));
}

async function askFor(
  fields: Partial<Parameters<typeof requestRun>[1]> & { readonly overrides?: RunOverrides },
): Promise<RunId> {
  const cause = { kind: "person", id: "p1" } as const;
  const request = { schedule: scheduleName("nightly"), cause, inputs: {}, ...fields };
  return await made(await requestRun(world.services, request));
}

describe("a run that is tried anew", () => {
  it("has the inputs of the first, shown for its nominal time, and leaves it as it ended", async () => {
    await apply({ timing: daily, inputs });
    world.willRun("nightly", exits(SECOND_MS, 1), exits(SECOND_MS));
    await world.live(3 * HOUR_MS);
    const [first] = await world.runs("nightly");

    const again = await made(await retry(first?.id ?? ("" as RunId)));
    await world.live(MINUTE_MS);

    expect(given).toEqual([{ DAY: "2027-01-15 02:30" }, { DAY: "2027-01-15 02:30" }]);
    expect(await world.run(again)).toMatchObject({
      state: "succeeded",
      retryOf: first?.id,
      inputsAt: first?.nominalAt,
      nominalAt: START_AT + 3 * HOUR_MS,
      cause: { kind: "person", id: "r1" },
    });
    expect((await world.runs("nightly"))[0]).toEqual(first);
    await expectNothingOwed(world);
  });

  it("keeps what its cause brought along, but for what is said anew", async () => {
    await apply({ timing: null, inputs });
    world.alwaysRuns("nightly", exits(SECOND_MS));
    const first = await askFor({ inputs: { A: "1", TOKEN: "s3cret" } });
    await world.live(MINUTE_MS);

    await retry(first, { inputs: { A: "2" } });
    await world.live(MINUTE_MS);

    expect(given[1]).toEqual({ DAY: "2027-01-15 00:00", A: "2", TOKEN: "s3cret" });
  });

  it("does what its schedule says now, with what was said of the first alone", async () => {
    await apply({ timing: null });
    world.alwaysRuns("nightly", exits(SECOND_MS));
    const overrides = { priority: "high", timeoutMs: HOUR_MS } as const;
    const first = await askFor({ overrides });
    await world.live(MINUTE_MS);

    await apply({ timing: null, priority: "low", timeoutMs: 2 * HOUR_MS, onLimit: "fail" });
    const again = await world.run(await made(await retry(first)));
    await world.live(MINUTE_MS);

    expect(again).toMatchObject({ priority: "high", overrides });
    expect((await world.run(again.id)).attempts[0]?.softLimitMs).toBe(HOUR_MS);
  });

  it("may be tried anew in its turn, for the same nominal time", async () => {
    await apply({ timing: daily, inputs });
    world.alwaysRuns("nightly", exits(SECOND_MS, 1));
    await world.live(3 * HOUR_MS);
    const [first] = await world.runs("nightly");
    const second = await made(await retry(first?.id ?? ("" as RunId)));
    await world.live(MINUTE_MS);

    const third = await made(await retry(second, { id: "r2" }));
    await world.live(MINUTE_MS);

    expect(await world.run(third)).toMatchObject({ retryOf: second, inputsAt: first?.nominalAt });
    expect(given[2]).toEqual({ DAY: "2027-01-15 02:30" });
  });

  it("is made once for an id, and not for another wish under it", async () => {
    await apply({ timing: null, overlap: "allow" });
    world.alwaysRuns("nightly", exits(SECOND_MS));
    const first = await world.askRun("nightly", "p1");
    await world.live(MINUTE_MS);
    const again = await made(await retry(first));
    await world.live(MINUTE_MS);

    expect(await retry(first)).toEqual({ outcome: "repeated", run: again });
    expect(await retry(first, { inputs: { A: "1" } })).toMatchObject({ code: "REQUEST_CONFLICT" });
    expect(await retry(again)).toMatchObject({ code: "REQUEST_CONFLICT" });
    expect(await world.ask("nightly", "r1")).toMatchObject({ code: "REQUEST_CONFLICT" });
    expect(await world.runs("nightly")).toHaveLength(2);
  });

  it("brings about what comes after its schedule, for the nominal time of the first", async () => {
    await apply(
      { timing: daily },
      { name: "report", timing: null, after: { nightly: "succeeded" }, inputs },
    );
    world.willRun("nightly", exits(SECOND_MS, 1), exits(SECOND_MS));
    world.alwaysRuns("report", exits(SECOND_MS));
    await world.live(3 * HOUR_MS);
    const [first] = await world.runs("nightly");

    await retry(first?.id ?? ("" as RunId));
    await world.live(2 * MINUTE_MS);

    expect(await world.states("report")).toEqual(["skipped (dependency)", "succeeded"]);
    expect(given.at(-1)).toEqual({ DAY: "2027-01-15 02:30" });
    await expectNothingOwed(world);
  });

  it("is what a later schedule that comes after it goes by", async () => {
    const later = aTiming({ when: [aCron("0 3 * * *")] });
    await apply(
      { timing: daily },
      { name: "report", timing: later, after: { nightly: "succeeded" } },
    );
    world.willRun("nightly", exits(SECOND_MS, 1), exits(SECOND_MS));
    world.alwaysRuns("report", exits(SECOND_MS));
    await world.live(2.75 * HOUR_MS);
    const [first] = await world.runs("nightly");

    await retry(first?.id ?? ("" as RunId));
    await world.live(HOUR_MS);

    expect(await world.states("report")).toEqual(["succeeded"]);
  });

  it("may be one that never started, or ended well", async () => {
    await apply({ timing: null });
    world.alwaysRuns("nightly", exits(SECOND_MS));
    const cancelled = await world.askRun("nightly", "p1");
    await world.cancel(cancelled);

    const again = await made(await retry(cancelled));
    await world.live(MINUTE_MS);
    await made(await retry(again, { id: "r2" }));
    await world.live(MINUTE_MS);

    expect((await world.states("nightly")).toSorted()).toEqual([
      "cancelled (cancelled)",
      "succeeded",
      "succeeded",
    ]);
  });
});

describe("a run that cannot be tried anew", () => {
  it("is one that lives, whatever it does", async () => {
    await apply({ timing: null, retry: aRetry({ attempts: 2 }) });
    world.willRun("nightly", exits(SECOND_MS, 1), obeys);
    const run = await world.askRun("nightly", "p1");
    const live = { code: "RUN_LIVE", message: expect.stringContaining("cancel") as string };

    await expect(retry(run)).rejects.toMatchObject(live);
    await world.live(30 * SECOND_MS);
    expect((await world.run(run)).state).toBe("waiting");
    await expect(retry(run)).rejects.toMatchObject(live);
    await world.live(2 * MINUTE_MS);
    expect(liveAttempt(await world.run(run))).toBeDefined();
    await expect(retry(run)).rejects.toMatchObject(live);
  });

  it("is one whose schedule is gone, or in another project by now", async () => {
    await apply({ timing: null });
    world.alwaysRuns("nightly", exits(SECOND_MS));
    const run = await world.askRun("nightly", "p1");
    await world.live(MINUTE_MS);
    expect(isFinal((await world.run(run)).state)).toBe(true);

    await apply({ timing: null, project: "other" });
    const moved = await retry(run);
    await apply();
    const gone = await retry(run);

    expect(moved).toMatchObject({ outcome: "rejected", code: "SCHEDULE_NOT_FOUND" });
    expect("reason" in moved && moved.reason).toContain("no longer in project demo");
    expect(gone).toMatchObject({ outcome: "rejected", code: "SCHEDULE_NOT_FOUND" });
    expect(await world.runs("nightly")).toHaveLength(1);
  });

  it("is one that is not there", async () => {
    await expect(retry("nightly" as RunId)).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
  });
});

describe("what is said of one run alone", () => {
  it("holds for its timeout and its priority, also when it is tried again, and for no other", async () => {
    await apply({ timing: null, overlap: "allow", retry: aRetry({ attempts: 2 }) });
    world.willRun("nightly", exits(SECOND_MS, 1), exits(SECOND_MS), exits(SECOND_MS));
    const run = await askFor({ overrides: { timeoutMs: 7 * MINUTE_MS, priority: "critical" } });
    await world.live(3 * MINUTE_MS);
    const other = await world.askRun("nightly", "p2");
    await world.live(MINUTE_MS);

    const { attempts, priority } = await world.run(run);
    expect(attempts.map(({ softLimitMs }) => softLimitMs)).toEqual([7 * MINUTE_MS, 7 * MINUTE_MS]);
    expect(priority).toBe("critical");
    expect((await world.run(other)).attempts[0]?.softLimitMs).toBe(30 * MINUTE_MS);
    expect(await world.run(other)).not.toHaveProperty("overrides");
  });

  it.each([
    ["skip", "skipped (limit_concurrency)"],
    ["fail", "refused (limit_concurrency)"],
    ["wait", "waiting (limit_concurrency)"],
  ] as const)("holds where it does not fit: %s", async (onLimit, state) => {
    const schedules = [
      aSchedule({ timing: null, overlap: "allow", onLimit: onLimit === "wait" ? "fail" : "wait" }),
    ];
    await world.apply(aConfiguration({ schedules, limits: { concurrentRuns: 1 } }));
    world.alwaysRuns("nightly", exits(DAY_MS));
    const first = await world.askRun("nightly", "p0");
    await world.deliverAll();
    await world.clock.advance(1);
    const run = await askFor({ overrides: { onLimit } });

    const { decision } = await explainRun(world.services, run);
    await world.deliverAll();

    const { state: found, reason } = await world.run(run);
    expect(`${found} (${reason?.code ?? ""})`).toBe(state);
    expect(decision).toMatchObject({ kind: onLimit === "wait" ? "wait" : "conclude" });
    expect((await world.run(first)).state).toBe("running");
  });

  it("tells one wish from another under the same id", async () => {
    await apply({ timing: null });
    const request = {
      schedule: scheduleName("nightly"),
      cause: { kind: "person", id: "p1" },
      inputs: {},
    } as const;
    const first = await requestRun(world.services, {
      ...request,
      overrides: { priority: "high", onLimit: "skip" },
    });

    expect(
      await requestRun(world.services, {
        ...request,
        overrides: { onLimit: "skip", priority: "high" },
      }),
    ).toEqual({ ...first, outcome: "repeated" });
    for (const overrides of [{ priority: "low" }, undefined] as const) {
      const other = overrides === undefined ? request : { ...request, overrides };
      expect(await requestRun(world.services, other)).toMatchObject({ code: "REQUEST_CONFLICT" });
    }
  });
});
