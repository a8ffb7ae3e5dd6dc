import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Code } from "../../../../shared/api/code.ts";
import { DAY_MS, MINUTE_MS, SECOND_MS } from "../../../../shared/core/time/duration.ts";
import { RunService } from "../../../../shared/gen/orrery/v1/run_service_pb.ts";
import { START_AT } from "../../../support/builders.ts";
import { exits } from "../../../support/scripted-executor.ts";
import { endedRun, onProject, OrreryWorld } from "./orrery-world.ts";

const { get, create, retry } = RunService.method;

let world: OrreryWorld;
beforeEach(async () => {
  world = new OrreryWorld();
  await world.schedule({ timing: null, overlap: "allow" });
});
afterEach(async () => await world.close());

/** A run that ended, and failed. */
async function failed(): Promise<string> {
  world.willRun("nightly", exits(SECOND_MS, 1));
  const { run } = await world.invoke(create, {
    schedule: "nightly",
    inputs: { TOKEN: "s3cret", DATE: "2027-01-15" },
  });
  await world.live(MINUTE_MS);
  return run;
}

describe("a run that is tried anew", () => {
  it("is another run, which says of which it is, and shows no value of its inputs", async () => {
    const run = await failed();
    const answer = await world.invoke(retry, { run, inputs: { DATE: "2027-01-16" } });

    const again = await world.invoke(get, { run: answer.run });

    expect(answer.repeated).toBe(false);
    expect(again).toMatchObject({
      cause: "person",
      retryOf: run,
      inputsAt: timestampFromMs(START_AT),
      nominalAt: timestampFromMs(START_AT + MINUTE_MS),
      inputs: ["TOKEN", "DATE"],
    });
    const text = JSON.stringify(again, (_, value: unknown) => String(value));
    expect(text).not.toContain("s3cret");
    expect((await world.invoke(get, { run })).retryOf).toBe("");
  });

  it("is made once for an id, or for a call that is sent again with its key", async () => {
    const run = await failed();
    const dev = await world.userOf("dev", { role: "developer", on: onProject("demo") });
    const keyed = { ...dev, "idempotency-key": "11111111-1111-4111-8111-111111111111" };

    const named = await world.invoke(retry, { run, id: "again" });
    const first = await world.invoke(retry, { run }, keyed);

    expect(await world.invoke(retry, { run, id: "again" })).toMatchObject({
      run: named.run,
      repeated: true,
    });
    expect((await world.invoke(retry, { run }, keyed)).run).toBe(first.run);
    expect(await world.runs()).toHaveLength(3);
    const other = await world.refusal(retry, { run, id: "again", inputs: { A: "1" } });
    expect(other.code).toBe(Code.ALREADY_EXISTS);
  });

  it("is refused while it lives, and where no schedule made it", async () => {
    world.willRun("nightly", exits(DAY_MS));
    const { run } = await world.invoke(create, { schedule: "nightly" });
    await world.live(MINUTE_MS);
    const [job] = await world.writeRuns(
      endedRun("_demo", 1, { cause: { kind: "job", job: "bt1job" as never } }),
    );

    const live = await world.refusal(retry, { run });
    const adHoc = await world.refusal(retry, { run: job?.id ?? "" });

    expect([live.code, adHoc.code]).toEqual([Code.FAILED_PRECONDITION, Code.FAILED_PRECONDITION]);
    expect(live.message).toContain("orrery cancel");
    expect(adHoc.message).toContain("clone the job");
  });

  it("is a developer's to ask for, of a run that they may see", async () => {
    const run = await failed();
    const vera = await world.userOf("vera", { role: "viewer", on: onProject("demo") });
    const eve = await world.userOf("eve", { role: "admin", on: onProject("other") });
    const dev = await world.userOf("dev", { role: "developer", on: onProject("demo") });

    expect((await world.refusal(retry, { run }, vera)).code).toBe(Code.PERMISSION_DENIED);
    expect((await world.refusal(retry, { run }, eve)).code).toBe(Code.NOT_FOUND);
    expect((await world.refusal(retry, { run }, {})).code).toBe(Code.UNAUTHENTICATED);
    expect(await world.invoke(retry, { run }, dev)).toMatchObject({ repeated: false });
  });

  it("is not to be had in another project by who may only act in the first", async () => {
    const run = await failed();
    const dev = await world.userOf("dev", { role: "developer", on: onProject("demo") });
    await world.schedule({ timing: null, project: "other" });

    const failure = await world.refusal(retry, { run }, dev);

    expect(failure.code).toBe(Code.NOT_FOUND);
    expect(failure.message).not.toContain("other");
    expect(await world.runs()).toHaveLength(1);
  });
});

describe("what a wish says of its run alone", () => {
  it("is shown with the run, and only what was said", async () => {
    const { run } = await world.invoke(create, {
      schedule: "nightly",
      overrides: { priority: "high", timeout: { seconds: 7_200n, nanos: 0 }, onLimit: "fail" },
    });
    const plain = await world.invoke(create, { schedule: "nightly", overrides: {} });

    expect(await world.invoke(get, { run })).toMatchObject({
      priority: "high",
      overrides: { priority: "high", timeout: { seconds: 7_200n }, onLimit: "fail" },
    });
    expect((await world.invoke(get, { run: plain.run })).overrides).toBeUndefined();
  });

  it.each([
    ["an unknown priority", { priority: "urgent" }],
    ["an unknown policy", { onLimit: "ask" }],
    ["no time at all", { timeout: { seconds: 0n, nanos: 0 } }],
    ["a time before the start", { timeout: { seconds: -1n, nanos: 0 } }],
    ["more than a month", { timeout: { seconds: 2_592_001n, nanos: 0 } }],
  ])("is refused where it is %s", async (_what, overrides) => {
    const failure = await world.refusal(create, { schedule: "nightly", overrides });

    expect(failure.code).toBe(Code.INVALID_ARGUMENT);
    expect(await world.runs()).toEqual([]);
  });
});
