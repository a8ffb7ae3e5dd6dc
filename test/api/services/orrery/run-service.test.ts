// One file for one service: each method is seen on the runs that the others made.

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Code } from "../../../../shared/api/code.ts";
import { limits } from "../../../../shared/core/limits.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../../../shared/core/time/duration.ts";
import { RunService, type Check } from "../../../../shared/gen/orrery/v1/run_service_pb.ts";
import { aConfiguration, aRetry, aSchedule, START_AT } from "../../../support/builders.ts";
import { anOutput, exits, obeys } from "../../../support/scripted-executor.ts";
import { PLATFORM } from "../../an-api.ts";
import { onProject, OrreryWorld } from "./orrery-world.ts";

const { get, create, cancel, explain } = RunService.method;

let world: OrreryWorld;
beforeEach(async () => {
  world = new OrreryWorld();
  await world.schedule({ timing: null, overlap: "allow" });
});
afterEach(async () => await world.close());

/** The same instant as a message has it. */
const at = (ms: number) => timestampFromMs(START_AT + ms);

describe("a run that ended well", () => {
  it("is shown whole: its cause, its times, its attempt and what that left", async () => {
    const output = anOutput("model.bin", "weights");
    world.willRun("nightly", { ...exits(10 * SECOND_MS), prepareMs: 2_000, outputs: [output] });
    const { run: id } = await world.invoke(create, {
      schedule: "nightly",
      id: "wish-1",
      inputs: { TOKEN: "s3cret", DATE: "2027-01-15" },
    });
    await world.live(MINUTE_MS);

    const run = await world.invoke(get, { run: id });

    expect(run).toMatchObject({
      run: id,
      schedule: "nightly",
      project: "demo",
      state: "succeeded",
      cause: "person",
      causeId: "wish-1",
      priority: "normal",
      nominalAt: at(0),
      effectiveAt: at(0),
      inputs: ["TOKEN", "DATE"],
      attempts: [
        {
          attempt: `${id}.1`,
          number: 1,
          operation: `demo.${id}.1`,
          instanceType: "c1.4",
          unitsHeld: 7_240n,
          unitsSettled: 40n,
          exitCode: 0,
          admittedAt: at(0),
          startedAt: at(2_000),
          endedAt: at(12_000),
          softLimit: { seconds: 1_800n, nanos: 0 },
          hardLimit: { seconds: 1_809n, nanos: 500_000_000 },
          outputs: [{ path: "model.bin", sha256: output.sha256, bytes: 7n, variable: "" }],
        },
      ],
    });
    expect(run.reason).toBeUndefined();
    expect(run.finishedAt).toBeDefined();
    expect(JSON.stringify(run, (_, value: unknown) => String(value))).not.toContain("s3cret");
  });
});

describe("a run that waits to be tried again", () => {
  it("tells why, until when, and how its first attempt ended", async () => {
    await world.schedule({ timing: null, retry: aRetry({ attempts: 2 }) });
    world.willRun("nightly", exits(SECOND_MS, 3));
    const { run: id } = await world.invoke(create, { schedule: "nightly" });
    await world.live(30 * SECOND_MS);

    const run = await world.invoke(get, { run: id });

    expect(run).toMatchObject({ state: "waiting", reason: { code: "retry" } });
    expect(run.nextEligibleAt).toBeDefined();
    expect(run.finishedAt).toBeUndefined();
    expect(run.attempts).toMatchObject([{ exitCode: 3, unitsSettled: 4n }]);
  });
});

describe("a run that somebody names", () => {
  const methods = [get, explain, cancel] as const;
  const UNKNOWN = "nightly.20270115T000000Z.00000000";

  it("is not found where it is not there, whoever asks and however it is written", async () => {
    const vera = await world.userOf("vera", { role: "admin", on: onProject("demo") });
    for (const method of methods) {
      for (const run of [UNKNOWN, "nightly", "../../etc", "x".repeat(200)]) {
        expect((await world.refusal(method, { run })).code).toBe(Code.NOT_FOUND);
        expect((await world.refusal(method, { run }, vera)).code).toBe(Code.NOT_FOUND);
      }
    }
  });

  it("is as unknown to whoever may not see it as one that is not there", async () => {
    const run = await world.askRun("nightly", "p1");
    const eve = await world.userOf("eve", { role: "admin", on: onProject("other") });

    for (const method of methods) {
      const hidden = await world.refusal(method, { run }, eve);
      const unknown = await world.refusal(method, { run: UNKNOWN }, eve);
      expect(hidden.code).toBe(Code.NOT_FOUND);
      expect(hidden.message.replace(run, UNKNOWN)).toBe(unknown.message);
      expect((await world.refusal(method, { run }, {})).code).toBe(Code.UNAUTHENTICATED);
    }
  });

  it("is looked at by a viewer, and cancelled by a developer", async () => {
    const run = await world.askRun("nightly", "p1");
    const vera = await world.userOf("vera", { role: "viewer", on: onProject("demo") });
    const dev = await world.userOf("dev", { role: "developer", on: onProject("demo") });

    expect(await world.invoke(get, { run }, vera)).toMatchObject({ run });
    expect(await world.invoke(explain, { run }, vera)).toMatchObject({ run: { run } });
    expect((await world.refusal(cancel, { run }, vera)).code).toBe(Code.PERMISSION_DENIED);
    expect(await world.invoke(cancel, { run }, dev)).toMatchObject({ state: "cancelled" });
  });

  it("is refused where it is not named at all", async () => {
    for (const method of methods) {
      expect((await world.refusal(method, {})).code).toBe(Code.INVALID_ARGUMENT);
    }
  });
});

describe("a run that is asked for", () => {
  const wish = { schedule: "nightly", inputs: { A: "1", B: "2" } };

  it("is made now, once for each call without an id", async () => {
    const first = await world.invoke(create, wish);
    const second = await world.invoke(create, wish);

    expect([first.repeated, second.repeated]).toEqual([false, false]);
    expect((await world.runs()).map(({ id }) => id).toSorted()).toEqual(
      [first.run, second.run].toSorted(),
    );
  });

  it("is made once for an id, and found again by it, hours later too", async () => {
    const first = await world.invoke(create, { ...wish, id: "wish-1" });
    await world.clock.advance(5 * HOUR_MS);

    const again = await world.invoke(create, {
      id: "wish-1",
      inputs: { B: "2", A: "1" },
      schedule: "nightly",
    });

    expect(again).toMatchObject({ run: first.run, repeated: true });
    expect(await world.runs()).toHaveLength(1);
  });

  it("is made once for an Idempotency-Key, which is its caller's own", async () => {
    const keyed = { "idempotency-key": "k-1" };
    const dev = await world.userOf("dev", { role: "developer", on: onProject("demo") });
    const ed = await world.userOf("ed", { role: "editor", on: onProject("demo") });

    const first = await world.invoke(create, wish, { ...dev, ...keyed });
    const again = await world.invoke(create, wish, { ...dev, ...keyed });
    const others = [
      await world.invoke(create, wish, { ...ed, ...keyed }),
      await world.invoke(create, wish, { ...PLATFORM, ...keyed }),
      await world.invoke(create, { ...wish, id: "k-1" }, dev),
    ];

    expect(again).toMatchObject({ run: first.run, repeated: true });
    expect(others.map(({ repeated }) => repeated)).toEqual([false, false, false]);
    expect(await world.runs()).toHaveLength(4);
  });

  it.each([
    ["other inputs", { inputs: { A: "2" } }],
    ["another schedule", { schedule: "weekly" }],
  ])("is refused where its id asked for something else: %s", async (_what, change) => {
    await world.schedule({ timing: null }, { name: "weekly", timing: null });
    const first = await world.invoke(create, { ...wish, id: "wish-1" });

    const failure = await world.refusal(create, { ...wish, id: "wish-1", ...change });

    expect(failure.code).toBe(Code.ALREADY_EXISTS);
    expect(failure.message).toContain(first.run);
    expect(await world.runs()).toHaveLength(1);
  });

  it("is refused for a key that asked for something else", async () => {
    const keyed = { ...PLATFORM, "idempotency-key": "k-1" };
    await world.invoke(create, wish, keyed);

    const failure = await world.refusal(create, { ...wish, inputs: {} }, keyed);

    expect(failure.code).toBe(Code.ALREADY_EXISTS);
  });

  it("tells nobody about the run of another project that had its id", async () => {
    await world.schedule({ timing: null }, { name: "theirs", project: "other", timing: null });
    const { run } = await world.invoke(create, { schedule: "theirs", id: "daily" });
    const dev = await world.userOf("dev", { role: "developer", on: onProject("demo") });

    const failure = await world.refusal(create, { schedule: "nightly", id: "daily" }, dev);

    expect(failure.code).toBe(Code.ALREADY_EXISTS);
    expect(failure.message).not.toContain(run);
    expect(failure.message).not.toContain("theirs");
  });

  it("is refused where its caller may only look, or where there is no such schedule", async () => {
    const vera = await world.userOf("vera", { role: "viewer", on: onProject("demo") });
    const eve = await world.userOf("eve");

    expect((await world.refusal(create, wish, vera)).code).toBe(Code.PERMISSION_DENIED);
    expect((await world.refusal(create, wish, eve)).code).toBe(Code.NOT_FOUND);
    expect((await world.refusal(create, { schedule: "nobody" })).code).toBe(Code.NOT_FOUND);
    expect((await world.refusal(create, { schedule: "_demo" })).code).toBe(Code.NOT_FOUND);
    expect(await world.runs()).toEqual([]);
  });

  it.each([
    ["no schedule", { schedule: "" }, "schedule"],
    ["too long an id", { id: "x".repeat(limits.requestIdChars + 1) }, "id"],
    ["too long a value", { inputs: { A: "x".repeat(limits.inputValueChars + 1) } }, "inputs[A]"],
    ["a name no variable has", { inputs: { "A B": "x" } }, "inputs[A B]"],
    ["an id that no row can hold", { id: "a\0b" }, "id"],
    [
      "too many inputs",
      { inputs: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`V${n}`, ""])) },
      "inputs",
    ],
  ])("is refused with its place for %s", async (_what, change, field) => {
    const failure = await world.refusal(create, { ...wish, ...change });

    expect(failure.code).toBe(Code.INVALID_ARGUMENT);
    expect(failure.message).toContain(field);
    expect(await world.runs()).toEqual([]);
  });
});

describe("a run that is cancelled", () => {
  it("ends at once where nothing of it runs, and is over for the next who tries", async () => {
    const run = await world.askRun("nightly", "p1");

    expect(await world.invoke(cancel, { run })).toMatchObject({
      state: "cancelled",
      reason: { code: "cancelled" },
      finishedAt: at(0),
    });
    expect((await world.refusal(cancel, { run })).code).toBe(Code.FAILED_PRECONDITION);
  });

  it("is asked to end where its program runs, once, however often it is cancelled", async () => {
    world.willRun("nightly", obeys);
    const run = await world.askRun("nightly", "p1");
    await world.live(10 * SECOND_MS);

    const first = await world.invoke(cancel, { run });
    await world.clock.advance(SECOND_MS);
    const again = await world.invoke(cancel, { run });
    await world.live(MINUTE_MS);

    expect(first).toMatchObject({ state: "running", cancelRequestedAt: at(10 * SECOND_MS) });
    expect(again.cancelRequestedAt).toEqual(first.cancelRequestedAt);
    expect(await world.invoke(get, { run })).toMatchObject({
      state: "cancelled",
      attempts: [{ exitCode: 143 }],
    });
  });
});

describe("an explanation", () => {
  const compared = (checks: readonly Check[], rule: string): Check | undefined =>
    checks.find((check) => check.rule === rule);

  async function limited(unitLimits: Parameters<typeof aConfiguration>[0]): Promise<void> {
    const schedules = [aSchedule({ timing: null, overlap: "allow" })];
    await world.apply(aConfiguration({ schedules, ...unitLimits }));
  }

  it("of a run that waits has the numbers that every rule compared", async () => {
    await limited({ limits: { unitsPerHour: 10_000, balance: 20_000, concurrentRuns: 4 } });
    world.alwaysRuns("nightly", obeys);
    await world.askRun("nightly", "p1");
    await world.deliverAll();
    const run = await world.askRun("nightly", "p2");
    await world.live(SECOND_MS);

    const { decision, checks, ahead, eligibleAt } = await world.invoke(explain, { run });

    expect(decision).toMatchObject({ kind: "wait", reason: { code: "limit_hour" } });
    expect(eligibleAt).toEqual(at(0));
    expect(checks.map(({ rule, holds }) => [rule, holds])).toEqual([
      ["execution", true],
      ["balance", true],
      ["hour", false],
      ["concurrency", true],
    ]);
    expect(compared(checks, "execution")?.compared).toEqual({
      units: 7_240,
      softLimitMs: 1_800_000,
      hardLimitMs: 1_809_500,
    });
    expect(compared(checks, "balance")?.compared).toMatchObject({ balance: 20_000, held: 7_240 });
    expect(compared(checks, "hour")).toMatchObject({
      compared: { unitsPerHour: 10_000, aloneUnits: 7_240, peakUnits: 14_480 },
      relief: "at",
      nextEligibleAt: decision?.nextEligibleAt,
    });
    expect(compared(checks, "concurrency")?.compared).toEqual({ running: 1, concurrentRuns: 4 });
    expect(ahead).toEqual([]);
  });

  it("says how much a balance lacks", async () => {
    await limited({ limits: { balance: 1_000 } });
    const run = await world.askRun("nightly", "p1");

    const { checks } = await world.invoke(explain, { run });

    expect(compared(checks, "balance")).toMatchObject({
      holds: false,
      relief: "topUp",
      missingUnits: 6_240n,
    });
  });

  it("of a run that can never start says how it would end", async () => {
    await limited({ limits: { unitsPerExecution: 1 } });
    const run = await world.askRun("nightly", "p1");

    const { decision, checks } = await world.invoke(explain, { run });

    expect(decision).toMatchObject({
      kind: "conclude",
      state: "refused",
      reason: { code: "limit_execution" },
    });
    expect(compared(checks, "execution")).toMatchObject({ holds: false, relief: "never" });
    expect(await world.run(run)).toMatchObject({ state: "queued" });
  });

  it("of a run that would start says what it would hold, and holds nothing", async () => {
    const run = await world.askRun("nightly", "p1");

    expect((await world.invoke(explain, { run })).decision).toMatchObject({
      kind: "admit",
      unitsHeld: 7_240n,
      instanceType: "c1.4",
    });
    expect(await world.run(run)).toMatchObject({ state: "queued", attempts: [] });
  });

  it("names those that come first, the first in turn first", async () => {
    await limited({ limits: { concurrentRuns: 1 } });
    world.alwaysRuns("nightly", obeys);
    await world.askRun("nightly", "p0");
    await world.live(SECOND_MS);
    const waiting: string[] = [];
    for (const id of ["p1", "p2", "p3"]) {
      waiting.push(await world.askRun("nightly", id));
      await world.live(SECOND_MS);
    }
    const [first = "", second = "", third = ""] = waiting;

    const { ahead, checks } = await world.invoke(explain, { run: third });

    expect(ahead).toEqual([first, second]);
    expect(compared(checks, "concurrency")).toMatchObject({ holds: false, relief: "settlement" });
  });

  it("of a run that runs or has ended has no decision and no checks", async () => {
    world.willRun("nightly", exits(10 * SECOND_MS));
    const run = await world.askRun("nightly", "p1");
    await world.live(5 * SECOND_MS);

    const running = await world.invoke(explain, { run });
    await world.live(MINUTE_MS);
    const ended = await world.invoke(explain, { run });

    expect(running).toMatchObject({ run: { state: "running" }, checks: [], ahead: [] });
    expect(ended).toMatchObject({ run: { state: "succeeded" }, checks: [], ahead: [] });
    for (const { decision, eligibleAt } of [running, ended]) {
      expect([decision, eligibleAt]).toEqual([undefined, undefined]);
    }
  });
});
