import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AnyJson } from "../../shared/core/json.ts";
import { scheduleName, type RunId } from "../../shared/core/ids.ts";
import type { UnitLimits } from "../../shared/core/project/project-settings.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { adjust, setLimits, topUp, type Account } from "../../shared/core/units/account.ts";
import type { Posting } from "../../shared/core/units/account.ts";
import { sendNudges } from "../../shared/usecases/nudge.ts";
import { postToAccount } from "../../shared/usecases/projects/post-to-account.ts";
import { setUnitBalance } from "../../shared/usecases/projects/set-unit-balance.ts";
import { aConfiguration, aJob, aSchedule, PROJECT } from "../support/builders.ts";
import { expectNoOvershoot } from "../support/invariants.ts";
import { exits, obeys, unpreparable, type Script } from "../support/scripted-executor.ts";
import { stateOf, World } from "../support/world.ts";

/**
 * Whatever frees room, whoever fits it then starts at that instant: by messages alone, no tick comes
 * and no time passes. The run that waits was told of no instant, or of one that is far away.
 */
let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(async () => await world.close());

/** Ten minutes and ten seconds of grace at 4 units a second. */
const HELD = (10 * 60 + 10) * 4;
const small = aSchedule({
  ...{ name: "small", timing: null, overlap: "allow", timeoutMs: 10 * MINUTE_MS },
});

async function configure(limits: UnitLimits): Promise<void> {
  await world.apply(aConfiguration({ schedules: [small], limits }));
}

/** Asks for a run, and delivers what that brings about, now. */
async function ask(id: string, script: Script = exits(5 * MINUTE_MS)): Promise<RunId> {
  world.willRun("small", script);
  const run = await world.askRun("small", id);
  await world.deliverAll();
  return run;
}

async function state(run: RunId): Promise<string> {
  return stateOf(await world.run(run));
}

/** Changes the account as a call does, and delivers its messages. */
async function post(change: (account: Account) => Posting): Promise<void> {
  const now = world.clock.now();
  const { nudges } = await world.store.transact(
    "post",
    async (tx) => await postToAccount(tx, PROJECT, now, change),
  );
  await sendNudges(world.services, nudges, now);
  await world.deliverAll();
}

/** Looks at an execution out of turn, as its engine's hint does. */
async function hint(run: RunId): Promise<void> {
  await world.message("watch", JSON.stringify({ run, attempt: 1, project: PROJECT }));
  await world.deliverAll();
}

const LIMITED: readonly (readonly [string, UnitLimits])[] = [
  ["limit_concurrency", { concurrentRuns: 1 }],
  ["limit_hour", { unitsPerHour: HELD + 20 }],
  ["limit_balance", { balance: HELD + 20 }],
];

describe.each(LIMITED)("a run that waits (%s)", (reason, limits) => {
  let first: RunId;
  let waiting: RunId;
  let before: number;
  async function begin(script: Script): Promise<void> {
    await configure(limits);
    first = await ask("first", script);
    waiting = await ask("waiting");
    expect(await state(waiting)).toBe(`waiting (${reason})`);
    before = world.calls["tick"] ?? 0;
  }
  afterEach(() => {
    expect(world.calls["tick"] ?? 0).toBe(before);
  });

  it("starts when an execution ends for less than it held", async () => {
    await begin(exits(5 * SECOND_MS));
    await world.clock.advance(5 * SECOND_MS);

    await hint(first);

    expect(await state(first)).toBe("succeeded");
    expect(await state(waiting)).toBe("running");
    await expectNoOvershoot(world);
  });

  it("starts when what held the room is cancelled before it began", async () => {
    await begin({ runMs: MINUTE_MS, unavailableStarts: 1_000 });

    await world.cancel(first);
    await world.deliverAll();

    expect(await state(first)).toBe("cancelled (cancelled)");
    expect(await state(waiting)).toBe("running");
  });

  it("starts when what held the room is cancelled while it runs, and ends at once", async () => {
    await begin({ runMs: Infinity, codeWhenAsked: 143 });

    await world.cancel(first);
    await world.deliverAll();
    await hint(first);

    expect(await state(first)).toBe("cancelled (cancelled)");
    expect(await state(waiting)).toBe("running");
  });

  it("starts when the limit is raised by a call", async () => {
    await begin(exits(5 * MINUTE_MS));
    const now = world.clock.now();

    if (limits.balance === undefined) await post((account) => setLimits(account, {}, now));
    else await post((account) => topUp(account, { units: HELD, reason: "by hand" }, now));

    expect(await state(first)).toBe("running");
    expect(await state(waiting)).toBe("running");
  });

  it("starts when the limit is raised by a schedules file", async () => {
    await begin(exits(5 * MINUTE_MS));

    await configure({});
    await world.deliverAll();

    expect(await state(waiting)).toBe("running");
  });
});

describe("a run that waits for units", () => {
  it.each<[string, () => Promise<unknown>]>([
    [
      "are added",
      async () => {
        const now = world.clock.now();
        await post((account) => topUp(account, { units: HELD, reason: "by hand" }, now));
      },
    ],
    [
      "are given back",
      async () => {
        const now = world.clock.now();
        await post((account) => adjust(account, { units: HELD, reason: "by hand" }, now));
      },
    ],
    [
      "have a new balance",
      async () => {
        const wanted = { project: PROJECT, units: HELD, response: {} as AnyJson };
        await setUnitBalance(world.services, { ...wanted, caller: { kind: "platform" } });
      },
    ],
    [
      "have no balance any more",
      async () => {
        const wanted = { project: PROJECT, units: null, response: {} as AnyJson };
        await setUnitBalance(world.services, { ...wanted, caller: { kind: "platform" } });
      },
    ],
  ])("starts when they %s", async (_what, bring) => {
    await configure({ balance: 10 });
    const waiting = await ask("waiting");
    expect(await state(waiting)).toBe("waiting (limit_balance)");

    await bring();
    await world.deliverAll();

    expect(await state(waiting)).toBe("running");
    expect(world.calls["tick"]).toBeUndefined();
  });
});

describe("several runs that wait", () => {
  it("start together where room for all of them comes at once", async () => {
    await configure({ concurrentRuns: 1 });
    await ask("first");
    const others: RunId[] = [];
    for (let n = 0; n < 12; n += 1) others.push(await ask(`w${n}`));

    const now = world.clock.now();
    await post((account) => setLimits(account, { concurrentRuns: 10 }, now));

    const states = await Promise.all(others.map(state));
    expect(states.filter((each) => each === "running")).toHaveLength(9);
    expect(states.filter((each) => each === "waiting (limit_concurrency)")).toHaveLength(3);
  });

  it("let the one behind start where the first in turn ends unstarted", async () => {
    await configure({ concurrentRuns: 1 });
    const first = await ask("first", exits(5 * SECOND_MS));
    const second = await ask("second", unpreparable);
    const third = await ask("third");
    await world.clock.advance(5 * SECOND_MS);

    await hint(first);

    expect(await state(second)).toBe("failed (prepare_failed)");
    expect(await state(third)).toBe("running");
  });

  it("let those behind start where the first in turn is cancelled that kept them back", async () => {
    const big = aSchedule({
      ...{ name: "big", timing: null, overlap: "allow", timeoutMs: 2 * HOUR_MS },
    });
    const long = { ...big, name: scheduleName("long"), timeoutMs: 40 * MINUTE_MS };
    const limits = { unitsPerHour: 14_500 };
    await world.apply(aConfiguration({ schedules: [small, long, big], limits }));
    world.alwaysRuns("long", exits(30 * MINUTE_MS));
    await world.askRun("long", "first");
    await world.deliverAll();
    const head = await world.askRun("big", "head");
    await world.deliverAll();
    await world.advance(16 * MINUTE_MS);
    const behind = await ask("behind");
    expect(await state(behind)).toBe("waiting (behind)");

    await world.cancel(head);
    await world.deliverAll();

    expect(await state(behind)).toBe("running");
    expect(world.calls["tick"]).toBeUndefined();
  });
});

describe("a run that waits for the hour", () => {
  it("starts at the instant to which the end of another one brought its own, however near", async () => {
    const large = aSchedule({
      ...{ name: "large", timing: null, timeoutMs: MINUTE_MS },
      work: aJob({ instanceTypes: ["g1.1"] }),
    });
    const brief = aSchedule({ name: "brief", timing: null, timeoutMs: 10 * SECOND_MS });
    const limitTo = async (unitsPerHour: number): Promise<void> => {
      const schedules = [large, brief, small];
      await world.apply(aConfiguration({ schedules, limits: { unitsPerHour } }));
    };
    // 3,600 units in the first fifty seconds of the hour, and a limit that leaves a hundred beside them.
    await limitTo(6_000);
    world.willRun("large", exits(50 * SECOND_MS));
    await world.askRun("large", "before");
    await world.advance(HOUR_MS - MINUTE_MS);
    await limitTo(3_700);
    world.willRun("brief", obeys);
    const other = await world.askRun("brief", "other");
    await world.deliverAll();
    const waiting = await ask("waiting");
    const { nextEligibleAt: promisedAt = 0 } = await world.run(waiting);

    await world.advance(5 * SECOND_MS);
    await world.cancel(other);
    await world.advance(2 * SECOND_MS);
    const { nextEligibleAt: fitsAt = 0 } = await world.run(waiting);
    await world.advance(2 * MINUTE_MS);

    const [attempt] = (await world.run(waiting)).attempts;
    expect(promisedAt - fitsAt).toBeGreaterThan(10 * SECOND_MS);
    expect(attempt?.admittedAt).toBe(fitsAt);
  });
});
