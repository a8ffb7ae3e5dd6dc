// Longer than most: what is learnt, when, what drift of it is told, and how many have their turn.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { scheduleName } from "../../../shared/core/ids.ts";
import { limits } from "../../../shared/core/limits.ts";
import type { ProjectEvent } from "../../../shared/core/notification/project-event.ts";
import type { ScheduleDefinition } from "../../../shared/core/schedule/schedule-definition.ts";
import { MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import type { Reader } from "../../../shared/ports/store.ts";
import { readAccount } from "../../../shared/records/account-record.ts";
import {
  noOutlook,
  readOutlooks,
  writeOutlook,
  type Outlook,
} from "../../../shared/records/outlook-record.ts";
import { learnEstimates } from "../../../shared/usecases/outlook/learn-estimates.ts";
import { aConfiguration, aJob, aSchedule, PROJECT } from "../../support/builders.ts";
import { exits } from "../../support/scripted-executor.ts";
import { World } from "../../support/world.ts";

let world: World;
let asked = 0;
beforeEach(() => {
  world = new World();
  asked = 0;
});
afterEach(async () => await world.close());

const untimed = (name: string, fields: Parameters<typeof aSchedule>[0] = {}) =>
  aSchedule({ name, timing: null, overlap: "allow", ...fields });

async function configure(...schedules: readonly ScheduleDefinition[]): Promise<void> {
  await world.apply(aConfiguration({ schedules }));
}

/** Runs a schedule once for each of these seconds, one after the other. */
async function runFor(schedule: string, seconds: readonly number[]): Promise<void> {
  for (const each of seconds) {
    world.willRun(schedule, exits(each * SECOND_MS));
    asked += 1;
    await world.ask(schedule, `p${asked}`);
    await world.live(each * SECOND_MS + MINUTE_MS);
  }
}

const times = (count: number, seconds: number): readonly number[] =>
  Array.from({ length: count }, () => seconds);

async function outlookNow(): Promise<Outlook> {
  const [outlook] = await world.store.snapshot(
    async (reader) => await readOutlooks(reader, [PROJECT]),
  );
  if (outlook === undefined) throw new Error("an outlook for each project that is asked for");
  return outlook;
}

/** Works the estimates out and writes them, as a sweep does. */
async function sweep(see: (reader: Reader) => Reader = (reader) => reader): Promise<{
  readonly outlook: Outlook;
  readonly events: readonly ProjectEvent[];
}> {
  const outlook = await outlookNow();
  const now = world.clock.now();
  const result = await world.store.snapshot(async (reader) => {
    const account = await readAccount(reader, PROJECT);
    return await learnEstimates(see(reader), { account, outlook, now });
  });
  await world.store.transact("outlook", async (tx) => {
    await Promise.resolve();
    writeOutlook(tx, result.outlook);
  });
  return { outlook: await outlookNow(), events: result.events };
}

/** Counts what is read through it. */
function counting(): { readonly see: (reader: Reader) => Reader; readonly scanned: () => number } {
  let scans = 0;
  const see = (reader: Reader): Reader => ({
    get: async (table, key) => await reader.get(table, key),
    getMany: async (table, keys) => await reader.getMany(table, keys),
    scan: async (table, scan) => {
      if (table.name === "runs") scans += 1;
      return await reader.scan(table, scan);
    },
  });
  return { see, scanned: () => scans };
}

describe("a project's estimates", () => {
  it("are learnt from the settled runs of each schedule, once there are three", async () => {
    await configure(untimed("steady"), untimed("new"));
    await runFor("steady", [20, 30, 40]);
    await runFor("new", [10, 10]);

    const { outlook, events } = await sweep();

    expect(outlook.estimates).toEqual({
      steady: { units: 160, durationMs: 40 * SECOND_MS, source: "history", runs: 3, rate: 4 },
    });
    expect(events).toEqual([]);
  });

  it("count a run with all its attempts, and neither cancelled ones nor those that never started", async () => {
    const retry = {
      ...{ attempts: 2, initialMs: MINUTE_MS, factor: 1, maxMs: MINUTE_MS },
      ...{ jitter: "none" as const, on: ["failed" as const] },
    };
    await configure(untimed("flaky", { retry, overlap: "skip" }));
    await runFor("flaky", [10, 10]);
    world.willRun("flaky", exits(10 * SECOND_MS, 1), exits(10 * SECOND_MS));
    await world.ask("flaky", "tried-twice");
    await world.live(4 * MINUTE_MS);
    world.willRun("flaky", exits(10 * MINUTE_MS));
    const cancelled = await world.askRun("flaky", "cancelled");
    await world.live(2 * MINUTE_MS);
    const skipped = await world.askRun("flaky", "skipped");
    await world.deliverAll();
    await world.cancel(cancelled);
    await world.live(2 * MINUTE_MS);

    const { outlook } = await sweep();

    expect((await world.run(skipped)).state).toBe("skipped");
    expect((await world.run(cancelled)).state).toBe("cancelled");
    expect(outlook.estimates[scheduleName("flaky")]).toMatchObject({ runs: 3, units: 80 });
  });

  it("are those of the project alone: work that callers start has none", async () => {
    await configure(untimed("steady"));
    const { outlook } = await sweep();

    expect(outlook.estimates).toEqual({});
    expect(outlook).toEqual(await outlookNow());
  });

  it("are looked at again only after as many runs as can change them", async () => {
    await configure(untimed("steady"));
    await runFor("steady", times(20, 10));
    await sweep();
    const seen: number[] = [];

    for (let n = 0; n < limits.estimateRelearnRuns; n += 1) {
      await runFor("steady", [10]);
      const { see, scanned } = counting();
      await sweep(see);
      seen.push(scanned());
    }

    expect(seen).toEqual([...times(limits.estimateRelearnRuns - 1, 0), 1]);
  });

  it("are looked at as soon as three runs came to something else", async () => {
    await configure(untimed("steady"));
    await runFor("steady", times(20, 10));
    await sweep();
    await runFor("steady", [60, 60]);
    const before = counting();
    await sweep(before.see);
    await runFor("steady", [60]);
    const after = counting();
    const { outlook } = await sweep(after.see);

    expect([before.scanned(), after.scanned()]).toEqual([0, 1]);
    expect(outlook.estimates[scheduleName("steady")]).toMatchObject({ units: 240, runs: 20 });
  });

  it("cost a project that spent nothing since neither a run's row nor an entry", async () => {
    await configure(untimed("steady"));
    await runFor("steady", times(3, 10));
    const { outlook } = await sweep();
    const asked: string[] = [];

    const result = await world.store.snapshot(async (reader) => {
      const account = await readAccount(reader, PROJECT);
      const silent: Reader = {
        get: async (table, key) => (asked.push(table.name), await reader.get(table, key)),
        getMany: async (table, keys) => (
          asked.push(...keys.map(() => table.name)),
          await reader.getMany(table, keys)
        ),
        scan: async (table, scan) => (asked.push(table.name), await reader.scan(table, scan)),
      };
      return await learnEstimates(silent, { account, outlook, now: world.clock.now() });
    });

    expect(asked).toEqual([]);
    expect(result).toEqual({ outlook, events: [] });
    expect(result.outlook).toBe(outlook);
  });

  it("are forgotten with the schedule when its runs are looked at", async () => {
    await configure(untimed("gone"), untimed("stays"));
    await runFor("gone", times(3, 10));
    await sweep();
    await runFor("gone", [10]);
    await configure(untimed("stays"));

    const { outlook } = await sweep();

    expect(outlook.estimates).toEqual({});
    expect(outlook.unlearnt).toEqual([]);
  });
});

describe("a schedule whose runs leave its estimate", () => {
  const told = ({ events }: { readonly events: readonly ProjectEvent[] }) =>
    events.map(({ type, schedule, data }) => ({ type, schedule, data }));

  it("is told of once, and again only after it was over", async () => {
    await configure(untimed("growing"));
    await runFor("growing", times(10, 30));
    const steady = await sweep();
    await runFor("growing", times(3, 90));
    const begun = await sweep();
    await runFor("growing", times(1, 90));
    const lasting = await sweep();
    await runFor("growing", times(12, 90));
    const learnt = await sweep();
    await runFor("growing", times(5, 300));
    const again = await sweep();

    expect([steady, lasting, learnt].map(told)).toEqual([[], [], []]);
    expect(told(begun)).toEqual([
      {
        type: "estimate.drift",
        schedule: "growing",
        data: {
          ...{ measure: "units", direction: "over", against: "history" },
          ...{ expectedUnits: 120, actualUnits: 360, runs: 5, expectedRuns: 8 },
        },
      },
    ]);
    expect(begun.outlook.drifting).toEqual(["growing"]);
    expect(learnt.outlook.drifting).toEqual([]);
    expect(told(again)).toHaveLength(1);
    expect(again.events[0]?.key).not.toBe(begun.events[0]?.key);
  });

  it("is told of by the same key however often its sweep is done over", async () => {
    await configure(untimed("growing"));
    await runFor("growing", [...times(8, 30), ...times(5, 90)]);
    const outlook = await outlookNow();

    const first = await sweep();
    await world.store.transact("outlook", async (tx) => {
      await Promise.resolve();
      writeOutlook(tx, outlook);
    });
    await world.advance(MINUTE_MS);
    const second = await sweep();

    expect(first.events).toHaveLength(1);
    expect(second.events.map(({ key }) => key)).toEqual(first.events.map(({ key }) => key));
  });

  it("is told of where it contradicts its author from the start", async () => {
    await configure(untimed("wrong", { estimate: { durationMs: 10 * SECOND_MS } }));
    await runFor("wrong", times(3, 60));

    const { events } = await sweep();

    expect(events[0]?.data).toMatchObject({
      ...{ against: "configured", measure: "duration", direction: "over" },
      ...{ expectedSeconds: 10, actualSeconds: 60, runs: 3, expectedRuns: 0 },
    });
  });

  it("is told of no more while it goes on, and drifts no more once its author mends it", async () => {
    await configure(untimed("wrong", { estimate: { durationMs: 10 * SECOND_MS } }));
    await runFor("wrong", times(3, 60));
    await sweep();
    await runFor("wrong", [60]);
    const lasting = await sweep();
    await configure(untimed("wrong", { estimate: { durationMs: 50 * SECOND_MS } }));
    await runFor("wrong", [60, 60]);
    const mended = await sweep();

    expect(lasting.outlook.unlearnt).toEqual([]);
    expect([lasting.outlook.drifting, lasting.events]).toEqual([["wrong"], []]);
    expect([mended.outlook.drifting, mended.events]).toEqual([[], []]);
  });

  it("is held to the runs of its own project, and not to those of one it was in before", async () => {
    const before = untimed("moved", { project: "elsewhere" });
    await configure(before);
    await runFor("moved", times(8, 300));
    await configure(untimed("moved"));
    await runFor("moved", times(5, 30));

    const { outlook, events } = await sweep();

    expect(events).toEqual([]);
    expect(outlook.estimates[scheduleName("moved")]).toMatchObject({ units: 120, runs: 5 });
  });

  it("drifts no more once it is removed", async () => {
    await configure(untimed("growing"), untimed("other"));
    await runFor("growing", [...times(8, 30), ...times(5, 90)]);
    const before = await sweep();
    await configure(untimed("other"));

    const after = await sweep();

    expect([before.outlook.drifting, after.outlook.drifting]).toEqual([["growing"], []]);
  });

  it("is not told of for another machine, whose rate is another one", async () => {
    await configure(untimed("moved"));
    await runFor("moved", times(8, 30));
    await sweep();
    await configure(untimed("moved", { work: aJob({ instanceTypes: ["g1.1"] }) }));
    await runFor("moved", times(5, 30));

    const { outlook, events } = await sweep();

    expect(events).toEqual([]);
    expect(outlook.estimates[scheduleName("moved")]).toMatchObject({ units: 30 * 72, rate: 72 });
  });
});

describe("a project with more schedules than one sweep looks at", () => {
  it("goes on where it was: each schedule has its turn, whoever spends meanwhile", async () => {
    const waiting = Array.from({ length: limits.estimateLooks + 30 }, (_, n) => ({
      schedule: scheduleName(`s${String(n).padStart(4, "0")}`),
      settled: 1,
      off: 0,
    }));
    await configure(untimed("busy"));
    await world.store.transact("outlook", async (tx) => {
      await Promise.resolve();
      writeOutlook(tx, { ...noOutlook(PROJECT), unlearnt: waiting });
    });

    await runFor("busy", times(3, 10));
    const first = await sweep();
    await runFor("busy", times(1, 10));
    const second = await sweep();

    // Behind the others who were there before it, however often it spends.
    expect(first.outlook.estimates).toEqual({});
    expect(first.outlook.unlearnt?.map(({ schedule }) => schedule)).toEqual([
      ...waiting.slice(limits.estimateLooks).map(({ schedule }) => schedule),
      "busy",
    ]);
    expect(second.outlook.unlearnt).toEqual([]);
    expect(Object.keys(second.outlook.estimates)).toEqual(["busy"]);
  });

  it("keeps so many estimates, and forgets those first that were looked at longest ago", async () => {
    const learnt = { units: 1, durationMs: 1, source: "history", runs: 3, rate: 4 } as const;
    const kept = Array.from({ length: limits.estimatesKept }, (_, n) => [`s${n}`, learnt] as const);
    await configure(untimed("busy"));
    await world.store.transact("outlook", async (tx) => {
      await Promise.resolve();
      writeOutlook(tx, { ...noOutlook(PROJECT), estimates: Object.fromEntries(kept) });
    });
    await runFor("busy", times(3, 10));

    const { outlook } = await sweep();

    const names = Object.keys(outlook.estimates);
    expect(names).toHaveLength(limits.estimatesKept);
    expect([names[0], names.at(-1)]).toEqual(["s1", "busy"]);
  });
});
