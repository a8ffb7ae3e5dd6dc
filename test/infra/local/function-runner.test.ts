import { describe, expect, it } from "vitest";
import { install, type Wiring } from "../../../functions/wiring.ts";
import { functionContext } from "../../../infra/local/function-context.ts";
import { FunctionRunner } from "../../../infra/local/function-runner.ts";
import type { FunctionManifest } from "../../../infra/local/manifest.ts";
import { timerEvent } from "../../../infra/local/trigger-events.ts";
import { ManualClock } from "../../../shared/adapters/manual/manual-clock.ts";
import type { Queue } from "../../../shared/ports/queue.ts";
import type { Store } from "../../../shared/ports/store.ts";
import { noTelemetry } from "../../../shared/ports/telemetry.ts";
import { keptLog } from "../../support/kept-log.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { at } from "../../support/timing-builder.ts";

const startAt = at("2027-01-01T00:00:30Z");

const tick: FunctionManifest = {
  name: "tick",
  handler: "functions/tick/index.handler",
  timeoutMs: 60_000,
  memoryMb: 256,
  triggers: [],
};

/** The tick on a store whose snapshots end as the test says. */
async function tickOn(snapshot: Store["snapshot"]): Promise<{
  readonly runner: FunctionRunner;
  readonly clock: ManualClock;
  readonly call: () => Promise<unknown>;
}> {
  const clock = new ManualClock(startAt);
  const random = seededRandom(1);
  const store = { snapshot } as Store;
  const log = keptLog();
  const queue: Queue = { send: async () => await Promise.resolve() };
  // The tick asks for nothing else.
  install({
    store,
    clock,
    random,
    queue,
    log,
    telemetry: noTelemetry,
  } as Partial<Wiring> as Wiring);
  const runner = await FunctionRunner.load(tick, { clock, random });
  return {
    runner,
    clock,
    call: async () => await runner.call(timerEvent("tick", { id: "1", at: startAt })),
  };
}

const empty: Store["snapshot"] = async (body) =>
  await body({
    get: () => Promise.resolve(undefined),
    getMany: () => Promise.resolve([]),
    scan: () => Promise.resolve([]),
  });

describe("a call of a function", () => {
  it("resolves with what the handler returns", async () => {
    const { call } = await tickOn(empty);

    expect(await call()).toEqual({ runs: 0, redriven: 0, complete: true });
  });

  it("leaves no alarm behind", async () => {
    const { call, clock } = await tickOn(empty);

    await call();

    expect(clock.nextAlarmAt()).toBeUndefined();
  });

  it("rejects with what the handler throws", async () => {
    const { call } = await tickOn(() => Promise.reject(new Error("no store today")));

    await expect(call()).rejects.toThrow("no store today");
  });

  it("rejects an event that is not the function's", async () => {
    const { runner } = await tickOn(empty);

    await expect(runner.call({ messages: [] })).rejects.toMatchObject({ code: "MESSAGE_INVALID" });
  });
});

describe("a call that outlives its timeout", () => {
  it("is rejected at the timeout, and not before", async () => {
    const { call, clock } = await tickOn(async () => await new Promise<never>(() => undefined));
    let ended: unknown;
    const called = call().catch((error: unknown) => (ended = error));

    await clock.advance(59_999);
    expect(ended).toBeUndefined();
    await clock.advance(1);
    await called;

    expect(ended).toMatchObject({ message: "Function tick ran longer than its 60000 ms" });
  });

  it("counts as under way until it really ends", async () => {
    let end = (): void => undefined;
    const { call, clock, runner } = await tickOn(
      async () => await new Promise<never>((_, reject) => (end = () => reject(new Error("late")))),
    );
    const called = call().catch(() => "timed out");
    await clock.advance(60_000);
    expect(await called).toBe("timed out");

    let settled = false;
    const settling = runner.settled().then(() => (settled = true));
    await clock.advance(0);
    expect(settled).toBe(false);
    end();
    await settling;

    expect(settled).toBe(true);
  });
});

describe("the context of a call", () => {
  it("counts down from the timeout to zero, and never below", async () => {
    const clock = new ManualClock(startAt);
    const context = functionContext(tick, { requestId: "r1", clock });
    const left = (): number => context.getRemainingTimeInMillis();

    expect(left()).toBe(60_000);
    await clock.advance(20_000);
    expect(left()).toBe(40_000);
    await clock.advance(50_000);
    expect(left()).toBe(0);
  });

  it("names the function, its memory and the request", () => {
    const context = functionContext(tick, { requestId: "r1", clock: new ManualClock(startAt) });

    expect(context).toMatchObject({
      functionName: "tick",
      memoryLimitInMB: "256",
      requestId: "r1",
    });
  });
});
