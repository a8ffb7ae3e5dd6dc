import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Code } from "../../../../shared/api/code.ts";
import { MINUTE_MS, SECOND_MS } from "../../../../shared/core/time/duration.ts";
import {
  ScheduleService,
  type SkipOccurrencesResponse,
} from "../../../../shared/gen/orrery/v1/schedule_service_pb.ts";
import { START_AT } from "../../../support/builders.ts";
import { exits } from "../../../support/scripted-executor.ts";
import { aCron, aTiming } from "../../../support/timing-builder.ts";
import { onProject, OrreryWorld } from "./orrery-world.ts";

const { get, list, pause, resume, skip } = ScheduleService.method;

let world: OrreryWorld;
beforeEach(async () => {
  world = new OrreryWorld();
  world.alwaysRuns("nightly", exits(SECOND_MS));
  await world.schedule({ timing: aTiming({ when: [aCron("*/10 * * * *")] }) });
  await world.clock.advance(1);
});
afterEach(async () => await world.close());

const schedule = "nightly";
const at = (minutes: number) => timestampFromMs(START_AT + minutes * MINUTE_MS);
const minutesOf = ({ skips }: SkipOccurrencesResponse): readonly number[] =>
  skips.map(({ nominalAt }) => (timestampMs(nominalAt ?? at(0)) - START_AT) / MINUTE_MS);

describe("a schedule that is paused", () => {
  it("is shown with who paused it, since when and why, wherever it is shown", async () => {
    const dev = await world.userOf("dev", { role: "developer", on: onProject("demo") });
    const paused = { by: "dev", note: "the bucket moves", at: timestampFromMs(START_AT + 1) };

    const answer = await world.invoke(pause, { schedule, note: paused.note }, dev);

    expect(answer).toMatchObject({ schedule, pause: paused });
    expect(await world.invoke(get, { schedule })).toEqual(answer);
    expect((await world.invoke(list, {})).schedules).toEqual([answer]);
  });

  it("is the installation's own where its token paused it", async () => {
    expect((await world.invoke(pause, { schedule })).pause).toMatchObject({
      by: "orrery",
      note: "",
    });
  });

  it("runs again once it is resumed, and may be resumed again", async () => {
    const dev = await world.userOf("dev", { role: "developer", on: onProject("demo") });
    await world.invoke(pause, { schedule });

    expect((await world.invoke(resume, { schedule }, dev)).pause).toBeUndefined();
    expect((await world.invoke(resume, { schedule }, dev)).pause).toBeUndefined();
    await world.live(11 * MINUTE_MS);
    expect((await world.states("nightly")).at(-1)).toBe("succeeded");
  });

  it("refuses a note that is too long", async () => {
    const failure = await world.refusal(pause, { schedule, note: "x".repeat(501) });

    expect(failure.code).toBe(Code.INVALID_ARGUMENT);
    expect((await world.invoke(get, { schedule })).pause).toBeUndefined();
  });
});

describe("occurrences that are left out", () => {
  it("are the next one, the next few, or the one that is named", async () => {
    expect(minutesOf(await world.invoke(skip, { schedule }))).toEqual([10]);
    expect(minutesOf(await world.invoke(skip, { schedule, count: 2 }))).toEqual([10, 20]);
    expect(minutesOf(await world.invoke(skip, { schedule, nominalAt: at(50) }))).toEqual([
      10, 20, 50,
    ]);
    expect((await world.invoke(get, { schedule })).skips).toEqual([at(10), at(20), at(50)]);
  });

  it("are taken back, one or all", async () => {
    await world.invoke(skip, { schedule, count: 3 });

    const one = await world.invoke(skip, { schedule, undo: true, nominalAt: at(20) });
    const all = await world.invoke(skip, { schedule, undo: true });

    expect([minutesOf(one), minutesOf(all)]).toEqual([[10, 30], []]);
  });

  it.each([
    ["a count beside a time", { count: 1, nominalAt: at(10) }],
    ["a count beside undo", { count: 1, undo: true }],
    ["a time that is no occurrence", { nominalAt: at(11) }],
    ["a time that has come", { nominalAt: at(0) }],
    ["more than may be left out", { count: 101 }],
    ["less than none", { count: -1 }],
    ["a time before 1970", { nominalAt: { seconds: -1n, nanos: 0 } }],
  ])("are refused for %s", async (_what, request) => {
    const failure = await world.refusal(skip, { schedule, ...request });

    expect(failure.code).toBe(Code.INVALID_ARGUMENT);
    expect((await world.invoke(get, { schedule })).skips).toEqual([]);
  });
});

describe("who may keep a schedule from running", () => {
  const methods = [pause, resume, skip] as const;

  it("is a developer of its project, and no viewer", async () => {
    const vera = await world.userOf("vera", { role: "viewer", on: onProject("demo") });
    const dev = await world.userOf("dev", { role: "developer", on: onProject("demo") });

    for (const method of methods) {
      const failure = await world.refusal(method, { schedule }, vera);
      expect(failure.code).toBe(Code.PERMISSION_DENIED);
      expect((await world.refusal(method, { schedule }, {})).code).toBe(Code.UNAUTHENTICATED);
    }
    expect((await world.invoke(get, { schedule })).pause).toBeUndefined();
    expect(await world.invoke(pause, { schedule }, dev)).toMatchObject({ schedule });
    expect(await world.invoke(resume, { schedule }, dev)).toMatchObject({ schedule });
    expect(minutesOf(await world.invoke(skip, { schedule }, dev))).toEqual([10]);
  });

  it("hears of no schedule that is not there or not to be seen", async () => {
    const eve = await world.userOf("eve", { role: "admin", on: onProject("other") });

    for (const method of methods) {
      const hidden = await world.refusal(method, { schedule }, eve);
      const unknown = await world.refusal(method, { schedule: "nobody" }, eve);
      expect(hidden.code).toBe(Code.NOT_FOUND);
      expect(hidden.message.replace("nightly", "nobody")).toBe(unknown.message);
    }
  });
});
