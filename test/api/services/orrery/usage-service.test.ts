import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Code } from "../../../../shared/api/code.ts";
import { encodePageToken } from "../../../../shared/api/page-token.ts";
import { SECOND_MS } from "../../../../shared/core/time/duration.ts";
import { UsageService, type Entry } from "../../../../shared/gen/orrery/v1/usage_service_pb.ts";
import { aConfiguration, aSchedule } from "../../../support/builders.ts";
import { exits, obeys } from "../../../support/scripted-executor.ts";
import { allPages, onProject, OrreryWorld } from "./orrery-world.ts";

const { get, listEntries } = UsageService.method;

let world: OrreryWorld;
beforeEach(() => {
  world = new OrreryWorld();
});
afterEach(async () => await world.close());

async function configure(limits: NonNullable<Parameters<typeof aConfiguration>[0]>["limits"]) {
  const schedules = [aSchedule({ timing: null, overlap: "allow" })];
  await world.apply(aConfiguration({ schedules, ...(limits === undefined ? {} : { limits }) }));
}

/** Runs of ten seconds at 4 units a second, one after another. */
async function spend(runs: number): Promise<void> {
  for (let n = 0; n < runs; n += 1) {
    world.willRun("nightly", exits(10 * SECOND_MS));
    await world.askRun("nightly", `at-${world.clock.now()}`);
    await world.live(30 * SECOND_MS);
  }
}

async function entriesByPages(pageSize: bigint): Promise<readonly (readonly Entry[])[]> {
  return await allPages(async (pageToken) => {
    const page = await world.invoke(listEntries, { project: "demo", pageSize, pageToken });
    return { items: page.entries, next: page.nextPageToken };
  });
}

describe("what a project spends", () => {
  it("is shown with its limits, what is held, what is left and what the last hour cost", async () => {
    await configure({
      unitsPerHour: 20_000,
      unitsPerExecution: 8_000,
      concurrentRuns: 3,
      balance: 9_000,
    });
    await spend(2);
    world.willRun("nightly", obeys);
    await world.askRun("nightly", "running");
    await world.live(5 * SECOND_MS);

    expect(await world.invoke(get, { project: "demo" })).toMatchObject({
      project: "demo",
      unitsPerHour: 20_000n,
      unitsPerExecution: 8_000n,
      concurrentRuns: 3n,
      balance: 8_920n,
      heldUnits: 7_240n,
      runningAttempts: 1n,
      spentLastHourUnits: 80n,
    });
  });

  it("has no limit where there is none, and tells 0 from none", async () => {
    await configure({ balance: 0 });

    const usage = await world.invoke(get, { project: "demo" });

    expect(usage.balance).toBe(0n);
    expect(usage.unitsPerHour).toBeUndefined();
    expect(usage.unitsPerExecution).toBeUndefined();
    expect(usage.concurrentRuns).toBeUndefined();
  });

  it("is nothing for a project that has neither limits nor runs", async () => {
    await configure(undefined);

    expect(await world.invoke(get, { project: "demo" })).toMatchObject({
      project: "demo",
      heldUnits: 0n,
      runningAttempts: 0n,
      spentLastHourUnits: 0n,
    });
    expect(await entriesByPages(0n)).toEqual([[]]);
  });

  it("is shown to editors alone", async () => {
    await configure({});
    const ed = await world.userOf("ed", { role: "editor", on: onProject("demo") });
    const dev = await world.userOf("dev", { role: "developer", on: onProject("demo") });

    expect(await world.invoke(get, { project: "demo" }, ed)).toMatchObject({ project: "demo" });
    for (const method of [get, listEntries] as const) {
      const codeFor = async (project: string, headers: Parameters<typeof world.refusal>[2]) =>
        (await world.refusal(method, { project }, headers)).code;
      expect(await codeFor("demo", dev)).toBe(Code.PERMISSION_DENIED);
      expect(await codeFor("other", ed)).toBe(Code.PERMISSION_DENIED);
      expect(await codeFor("demo", {})).toBe(Code.UNAUTHENTICATED);
      expect((await world.refusal(method, { project: "dmeo" })).code).toBe(Code.NOT_FOUND);
      expect((await world.refusal(method, {})).code).toBe(Code.INVALID_ARGUMENT);
    }
  });
});

describe("a ledger", () => {
  it("has every entry once, newest first and without gaps, by pages of any size", async () => {
    await configure({ balance: 10_000 });
    await spend(12);

    const entries = (await entriesByPages(7n)).flat();

    // A balance, and a hold and a settlement for each run.
    expect(entries.map(({ seq }) => seq)).toEqual(
      Array.from({ length: 25 }, (_, index) => BigInt(25 - index)),
    );
    expect((await entriesByPages(900n)).flat()).toEqual(entries);
    expect((await entriesByPages(5n)).map((page) => page.length)).toEqual([5, 5, 5, 5, 5]);
  });

  it("goes on where it was while new entries are written", async () => {
    await configure({ balance: 10_000 });
    await spend(3);
    const request = { project: "demo", pageSize: 2n };
    const first = await world.invoke(listEntries, request);
    await spend(1);

    const second = await world.invoke(listEntries, { ...request, pageToken: first.nextPageToken });

    expect(first.entries.map(({ seq }) => seq)).toEqual([7n, 6n]);
    expect(second.entries.map(({ seq }) => seq)).toEqual([5n, 4n]);
  });

  it("says what was held, what it cost, and what was left behind each entry", async () => {
    await configure({ balance: 10_000 });
    await spend(1);
    const [run] = await world.runs();
    await world.apply(aConfiguration({ schedules: [aSchedule({ timing: null })], limits: {} }));

    const [away, settled, held, first] = (await entriesByPages(0n)).flat();

    const reservation = `${run?.id ?? ""}.1`;
    expect(first).toMatchObject({ kind: "setBalance", units: 10_000n, balanceAfter: 10_000n });
    expect(first?.reservation).toBe("");
    expect(held).toMatchObject({ kind: "hold", units: 7_240n, reservation, heldAfter: 7_240n });
    expect(settled).toMatchObject({ kind: "settle", units: 40n, reservation, heldAfter: 0n });
    expect(settled?.balanceAfter).toBe(9_960n);
    expect(away).toMatchObject({ kind: "setBalance" });
    expect([away?.units, away?.balanceAfter]).toEqual([undefined, undefined]);
  });

  it.each([
    ["none", "x"],
    ["another listing's", encodePageToken("runs", [3])],
    ["no number", encodePageToken("entries", ["3"])],
  ])("is refused for a page token that is %s", async (_what, pageToken) => {
    await configure({ balance: 1 });

    const failure = await world.refusal(listEntries, { project: "demo", pageToken });

    expect(failure.code).toBe(Code.INVALID_ARGUMENT);
  });
});
