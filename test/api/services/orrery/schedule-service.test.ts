import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Code } from "../../../../shared/api/code.ts";
import { encodePageToken } from "../../../../shared/api/page-token.ts";
import { limits } from "../../../../shared/core/limits.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../../../shared/core/time/duration.ts";
import { INSTANT_MAX } from "../../../../shared/core/time/instant.ts";
import { ScheduleService } from "../../../../shared/gen/orrery/v1/schedule_service_pb.ts";
import { aConfiguration, aJob, aSchedule, START_AT } from "../../../support/builders.ts";
import { exits } from "../../../support/scripted-executor.ts";
import { aCron, aTiming } from "../../../support/timing-builder.ts";
import { PLATFORM } from "../../an-api.ts";
import { allPages, onProject, OrreryWorld, type Headers } from "./orrery-world.ts";

const { get, list, listFires } = ScheduleService.method;

let world: OrreryWorld;
beforeEach(() => {
  world = new OrreryWorld();
});
afterEach(async () => await world.close());

const at = (ms: number) => timestampFromMs(START_AT + ms);

async function pagesOf(
  pageSize: bigint,
  headers: Headers = PLATFORM,
): Promise<readonly (readonly string[])[]> {
  return await allPages(async (pageToken) => {
    const page = await world.invoke(list, { pageSize, pageToken }, headers);
    return { items: page.schedules.map(({ schedule }) => schedule), next: page.nextPageToken };
  });
}

describe("a schedule", () => {
  it("is shown with what a run of it is expected to come to, alone and in a list", async () => {
    await world.schedule({ name: "said", estimate: { durationMs: 90_500 } }, { name: "unsaid" });

    const said = await world.invoke(get, { schedule: "said" });
    const { schedules } = await world.invoke(list, { pageSize: 10n });

    expect(said.estimate).toMatchObject({
      ...{ units: 364n, seconds: 91n, source: "configured", runs: 0 },
    });
    expect(schedules.map(({ estimate }) => estimate?.source)).toEqual(["configured", "bound"]);
    expect(schedules[0]?.estimate).toEqual(said.estimate);
  });

  it("is shown with its policies, its next fire and its latest run", async () => {
    await world.schedule(
      {
        jitterMs: 5 * MINUTE_MS,
        overlap: "queue-one",
        onLimit: "skip",
        priority: "high",
        after: { upstream: "succeeded" },
        work: aJob({ instanceTypes: ["c1.4", "g1.1"] }),
        timing: aTiming({ when: [aCron("30 2 * * *")] }),
      },
      { name: "upstream", timing: null },
    );
    const run = await world.askRun("nightly", "p1");

    const schedule = await world.invoke(get, { schedule: "nightly" });

    expect(schedule).toMatchObject({
      schedule: "nightly",
      project: "demo",
      timezone: "UTC",
      latestRun: run,
      latestRunState: "queued",
      overlap: "queue-one",
      onLimit: "skip",
      priority: "high",
      timeout: { seconds: 1_800n },
      jitter: { seconds: 300n },
      after: ["upstream"],
      instanceTypes: ["c1.4", "g1.1"],
      work: "job",
    });
    const { nextFire } = schedule;
    expect(nextFire?.nominalAt).toEqual(at(2 * HOUR_MS + 30 * MINUTE_MS));
    const putOffMs =
      timestampMs(nextFire?.effectiveAt ?? at(0)) - timestampMs(nextFire?.nominalAt ?? at(0));
    expect(putOffMs).toBeGreaterThan(0);
    expect(putOffMs).toBeLessThan(5 * MINUTE_MS);
  });

  it("has no next fire where no clock starts it, and no latest run before its first", async () => {
    await world.schedule({ timing: null });

    const schedule = await world.invoke(get, { schedule: "nightly" });

    expect(schedule.nextFire).toBeUndefined();
    expect(schedule).toMatchObject({ latestRun: "", latestRunState: "" });
  });

  it("moves on as it fires", async () => {
    await world.schedule({});
    world.alwaysRuns("nightly", exits(SECOND_MS));
    await world.live(3 * HOUR_MS);

    const { nextFire, latestRunState } = await world.invoke(get, { schedule: "nightly" });

    expect(nextFire?.nominalAt).toEqual(at(DAY_MS + 2 * HOUR_MS + 30 * MINUTE_MS));
    expect(latestRunState).toBe("succeeded");
  });

  it.each(["nobody", "_demo", "Nightly", "a/b", "nightly "])(
    "that is not there is not found: %s",
    async (schedule) => {
      await world.schedule({});

      for (const method of [get, listFires] as const) {
        expect((await world.refusal(method, { schedule })).code).toBe(Code.NOT_FOUND);
      }
    },
  );

  it("is hidden from whoever may not look at its project", async () => {
    await world.schedule({});
    const vera = await world.userOf("vera", { role: "viewer", on: onProject("demo") });
    const eve = await world.userOf("eve");

    expect(await world.invoke(get, { schedule: "nightly" }, vera)).toMatchObject({
      schedule: "nightly",
    });
    const hidden = await world.refusal(get, { schedule: "nightly" }, eve);
    expect(hidden.code).toBe(Code.NOT_FOUND);
    expect((await world.refusal(get, { schedule: "nightly" }, {})).code).toBe(Code.UNAUTHENTICATED);
  });
});

describe("the listing of schedules", () => {
  /** `s-000` to `s-119`, every tenth in the project `demo`, the others in `other`. */
  async function many(): Promise<readonly string[]> {
    const names = Array.from({ length: 120 }, (_, n) => `s-${String(n).padStart(3, "0")}`);
    const schedules = names.map((name, n) =>
      aSchedule({ name, timing: null, project: n % 10 === 0 ? "demo" : "other" }),
    );
    await world.apply(aConfiguration({ schedules: schedules.toReversed() }));
    return names;
  }

  it("has each once by name, by pages of any size", async () => {
    const names = await many();

    expect((await pagesOf(7n)).flat()).toEqual(names);
    expect((await pagesOf(900n)).flat()).toEqual(names);
    expect((await pagesOf(0n)).map((page) => page.length)).toEqual([100, 20]);
    expect((await pagesOf(60n)).map((page) => page.length)).toEqual([60, 60]);
  });

  it("has those of the projects that its caller may look at, on pages as full as asked", async () => {
    const names = await many();
    const vera = await world.userOf("vera", { role: "viewer", on: onProject("demo") });

    const pages = await pagesOf(5n, vera);

    expect(pages.flat()).toEqual(names.filter((_, n) => n % 10 === 0));
    expect(pages.map((page) => page.length)).toEqual([5, 5, 2]);
    expect((await pagesOf(5n, await world.userOf("eve"))).flat()).toEqual([]);
  });

  it("loses those of a project that is deleted, but for the platform", async () => {
    await many();
    const vera = await world.userOf("vera", { role: "viewer", on: onProject("demo") });
    await world.deleteProject("demo");

    expect((await pagesOf(0n, vera)).flat()).toEqual([]);
    expect((await pagesOf(0n)).flat()).toHaveLength(120);
  });

  it("is refused without a token, and for a page token of another listing", async () => {
    await many();

    expect((await world.refusal(list, {}, {})).code).toBe(Code.UNAUTHENTICATED);
    for (const pageToken of [
      "x",
      encodePageToken("runs", ["s-000"]),
      encodePageToken("schedules", ["S"]),
    ]) {
      expect((await world.refusal(list, { pageToken })).code).toBe(Code.INVALID_ARGUMENT);
    }
  });
});

describe("the fires of a schedule", () => {
  const nominals = async (request: Parameters<typeof firesOf>[0]) =>
    (await firesOf(request)).map(({ nominalAt }) => timestampMs(nominalAt ?? at(0)) - START_AT);

  async function firesOf(request: { pageSize?: bigint; from?: ReturnType<typeof at> }) {
    return (await world.invoke(listFires, { schedule: "nightly", ...request })).fires;
  }

  const FIRST = 2 * HOUR_MS + 30 * MINUTE_MS;

  it("are ten from now on unless more are asked for", async () => {
    await world.schedule({});

    expect(await nominals({})).toEqual(
      Array.from({ length: limits.firesShown }, (_, day) => FIRST + day * DAY_MS),
    );
    expect(await nominals({ pageSize: 3n })).toHaveLength(3);
    expect(await nominals({ pageSize: 1_000n })).toHaveLength(1_000);
  });

  it.each([
    ["a millisecond before one", FIRST - 1, 0, FIRST],
    ["less than half a millisecond before one", FIRST - 1, 999_999, FIRST],
    ["one itself", FIRST, 0, FIRST + DAY_MS],
    ["some nanoseconds behind one", FIRST, 999_999, FIRST + DAY_MS],
  ])("begin behind the instant named: %s", async (_what, ms, nanos, expected) => {
    await world.schedule({});
    const from = at(ms);

    const [first] = await nominals({ pageSize: 1n, from: { ...from, nanos: from.nanos + nanos } });

    expect(first).toBe(expected);
  });

  it("carry their jitter, always the same", async () => {
    await world.schedule({ jitterMs: 5 * MINUTE_MS });

    const fires = await firesOf({ pageSize: 20n });

    expect(await firesOf({ pageSize: 20n })).toEqual(fires);
    const delays = fires.map(
      ({ nominalAt, effectiveAt }) =>
        timestampMs(effectiveAt ?? at(0)) - timestampMs(nominalAt ?? at(0)),
    );
    expect(new Set(delays).size).toBe(1);
    expect(delays[0]).toBeGreaterThan(0);
    expect(delays[0]).toBeLessThan(5 * MINUTE_MS);
  });

  it("end where time does, and are none where no clock starts the schedule", async () => {
    await world.schedule({});
    const end = timestampFromMs(INSTANT_MAX);

    expect(await nominals({ from: end })).toEqual([]);
    expect((await nominals({ from: timestampFromMs(INSTANT_MAX - 3 * DAY_MS) })).length).toBe(3);
    await world.schedule({ timing: null });
    expect(await nominals({})).toEqual([]);
  });

  it("change nothing", async () => {
    await world.schedule({});
    const before = await world.timers();

    await firesOf({ pageSize: 100n });

    expect(await world.timers()).toEqual(before);
    expect(await world.runs()).toEqual([]);
  });

  it.each([
    ["before 1970", { from: { seconds: -1n, nanos: 0 } }],
    ["after 9999", { from: { seconds: 2n ** 40n, nanos: 0 } }],
    ["with nanoseconds of a whole second", { from: { seconds: 0n, nanos: 1_000_000_000 } }],
    ["more than a thousand", { pageSize: 1_001n }],
  ])("are refused %s", async (_what, request) => {
    await world.schedule({});

    const failure = await world.refusal(listFires, { schedule: "nightly", ...request });

    expect(failure.code).toBe(Code.INVALID_ARGUMENT);
  });
});
