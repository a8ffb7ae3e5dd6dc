import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RunId } from "../../shared/core/ids.ts";
import type { AnyJson } from "../../shared/core/json.ts";
import type { ProjectLimits } from "../../shared/core/project/project-fields.ts";
import type { UnitLimits } from "../../shared/core/project/project-settings.ts";
import { MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { updateProject } from "../../shared/usecases/projects/update-project.ts";
import { PROJECT } from "../support/builders.ts";
import { budgeted, HELD, setBalanceTo, untimed } from "../support/budget-world.ts";
import { expectLedgerAddsUp, expectNothingOwed, ledgerOf } from "../support/invariants.ts";
import { exits, type Script } from "../support/scripted-executor.ts";
import { ScriptedProvider } from "../support/scripted-provider.ts";
import { stateOf, World } from "../support/world.ts";

/**
 * The rule: work that holds its units goes on to its bound, whatever is lowered meanwhile, and is
 * stopped there; new work waits. So a balance ends at most by what was held below what it was lowered
 * to, and by what a bound that was not enforced let through.
 */
let provider: ScriptedProvider;
let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(async () => await world.close());

/** Never ends by itself, at an engine that keeps no limits: whoever watches ends it. */
const ENDLESS = { runMs: Infinity, isElsewhere: true } as const;
/** The same at an engine that keeps them. */
const KEPT = { runMs: Infinity } as const;
const NOTHING = {} as AnyJson;

/** More than anything here needs. */
const AMPLE: UnitLimits = { unitsPerHour: 100_000, balance: 1_000_000, concurrentRuns: 9 };

async function byFile(changed: UnitLimits): Promise<void> {
  await world.apply(budgeted({ limits: { ...AMPLE, ...changed } }));
}

async function byCaller(limits: ProjectLimits): Promise<void> {
  await updateProject(world.services, {
    project: PROJECT,
    caller: { kind: "platform" },
    metadata: () => NOTHING,
    response: () => NOTHING,
    change: (current) => ({ ...current, limits: { ...current.limits, ...limits } }),
  });
}

/** As DataSphere, whose changes nobody tells us of: the next look finds them. */
async function byProvider(facts: Parameters<ScriptedProvider["set"]>[1]): Promise<void> {
  provider.set(PROJECT, facts);
  await world.live(MINUTE_MS);
}

interface Way {
  readonly what: string;
  readonly code: string;
  readonly isProvider?: true;
  readonly lower: () => Promise<void>;
  readonly raise: () => Promise<void>;
}

/** What one run has spent of the hour, and what another one may, together. */
const FOR_ONE = HELD + 100;
const WAYS: readonly Way[] = [
  {
    what: "the balance, by the schedules file",
    code: "limit_balance",
    lower: async () => await byFile({ balance: 500 }),
    raise: async () => await byFile({ balance: 50_000 }),
  },
  {
    what: "the balance to nothing, by a caller",
    code: "limit_balance",
    lower: async () => await setBalanceTo(world, 0),
    raise: async () => await setBalanceTo(world, 50_000),
  },
  {
    what: "the balance below zero, by a caller",
    code: "limit_balance",
    lower: async () => await setBalanceTo(world, -100),
    raise: async () => await setBalanceTo(world, null),
  },
  {
    what: "the balance, by DataSphere",
    code: "limit_balance",
    isProvider: true,
    lower: async () => await byProvider({ balance: 1_000 }),
    raise: async () => await byProvider({ balance: 50_000 }),
  },
  {
    what: "the units of an hour, by the schedules file",
    code: "limit_hour",
    lower: async () => await byFile({ unitsPerHour: FOR_ONE }),
    raise: async () => await byFile({ unitsPerHour: 4 * FOR_ONE }),
  },
  {
    what: "the units of an hour, by a caller",
    code: "limit_hour",
    lower: async () => await byCaller({ unitsPerHour: FOR_ONE }),
    raise: async () => await byCaller({ unitsPerHour: 4 * FOR_ONE }),
  },
  {
    what: "the units of an hour, by DataSphere",
    code: "limit_hour",
    isProvider: true,
    lower: async () => await byProvider({ limits: { unitsPerHour: FOR_ONE } }),
    raise: async () => await byProvider({ limits: {} }),
  },
  {
    what: "how many may run, by the schedules file",
    code: "limit_concurrency",
    lower: async () => await byFile({ concurrentRuns: 1 }),
    raise: async () => await byFile({ concurrentRuns: 2 }),
  },
];

/** A run that never ends by itself has run for a minute, and the next one will run for one. */
async function begin(way: Way, script: Script): Promise<RunId> {
  if (way.isProvider === true) {
    await world.close();
    provider = new ScriptedProvider();
    world = new World({ provider: () => provider });
    provider.set(PROJECT, { balance: 1_000_000, limits: {} });
  }
  world.willRun("small", script, exits(MINUTE_MS));
  await world.apply(budgeted({ limits: AMPLE }));
  const first = await world.askRun("small", "first");
  await world.live(MINUTE_MS);
  return first;
}

const state = async (run: RunId): Promise<string> => stateOf(await world.run(run));

describe.each(WAYS)("lowering $what below what runs", (way) => {
  it.each([ENDLESS, KEPT])(
    "stops what runs at its bound and no sooner, and lets nothing new start: %j",
    async (script) => {
      const first = await begin(way, script);

      await way.lower();
      const { balance: lowered = Infinity } = (await ledgerOf(world)).account;
      const second = await world.askRun("small", "second");
      await world.live(7 * MINUTE_MS);
      const meanwhile = [await state(first), await state(second)];
      await world.live(4 * MINUTE_MS);

      expect(meanwhile).toEqual(["running", `waiting (${way.code})`]);
      const ended = await world.run(first);
      expect(stateOf(ended)).toBe("timedOut (timeout)");
      const { unitsSettled = 0 } = ended.attempts[0]?.end ?? {};
      expect(unitsSettled).toBeGreaterThanOrEqual(10 * 60 * 4);
      expect(unitsSettled).toBeLessThanOrEqual(HELD);
      const { account, entries } = await ledgerOf(world);
      // Where only places were lowered, the second has started by now.
      const others = (await world.run(second)).attempts[0]?.unitsHeld ?? 0;
      expect(account.balance).toBeGreaterThanOrEqual(lowered - HELD - others);
      expect(
        entries.filter(({ kind, reason }) => kind === "adjust" && reason === "overrun"),
      ).toEqual([]);
      await expectLedgerAddsUp(world);
    },
  );

  it("wakes who waits as soon as it is raised, though the first goes on", async () => {
    const first = await begin(way, ENDLESS);
    await way.lower();
    const second = await world.askRun("small", "second");
    await world.live(3 * MINUTE_MS);
    const before = await state(second);

    await way.raise();
    await world.deliverAll();
    await world.advance(2 * SECOND_MS);

    expect(before).toBe(`waiting (${way.code})`);
    expect([await state(first), await state(second)]).toEqual(["running", "running"]);
    await world.live(20 * MINUTE_MS);
    await expectNothingOwed(world);
  });
});

describe("lowering what one execution may cost", () => {
  it("leaves what runs its bound, and gives the next one a smaller", async () => {
    world.alwaysRuns("small", ENDLESS);
    await world.apply(budgeted({ limits: AMPLE }));
    const first = await world.askRun("small", "first");
    await world.live(MINUTE_MS);

    await byFile({ unitsPerExecution: 400 });
    const second = await world.askRun("small", "second");
    await world.live(12 * MINUTE_MS);

    const settled = await Promise.all(
      [first, second].map(
        async (run) => (await world.run(run)).attempts[0]?.end?.unitsSettled ?? 0,
      ),
    );
    expect(settled[0]).toBeGreaterThan(2_000);
    expect(settled[0]).toBeLessThanOrEqual(HELD);
    expect(settled[1]).toBeGreaterThan(300);
    expect(settled[1]).toBeLessThanOrEqual(400);
  });
});

describe("a balance that was lowered to nothing while several run", () => {
  it("ends below zero by what they held at most, and starts nothing until it is funded", async () => {
    const schedules = [untimed("small", { timeoutMs: 5 * MINUTE_MS })];
    world.alwaysRuns("small", ENDLESS);
    await world.apply(budgeted({ limits: { balance: 1_000_000 }, schedules }));
    for (let n = 0; n < 4; n += 1) await world.askRun("small", `r${n}`);
    await world.live(MINUTE_MS);
    const { held } = (await ledgerOf(world)).account;

    await setBalanceTo(world, 0);
    await world.askRun("small", "late");
    await world.live(10 * MINUTE_MS);

    const { account } = await ledgerOf(world);
    expect(account.held).toBe(0);
    expect(account.balance).toBeGreaterThanOrEqual(-held);
    expect(account.balance).toBeLessThan(0);
    expect((await world.states("small")).toSorted()).toEqual([
      ...Array<string>(4).fill("timedOut (timeout)"),
      "waiting (limit_balance)",
    ]);
  });
});
