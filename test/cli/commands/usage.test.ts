import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { projectId } from "../../../shared/core/ids.ts";
import { DAY_MS } from "../../../shared/core/time/duration.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { adjust, applyBudget } from "../../../shared/core/units/account.ts";
import { readAccount, writeAccount } from "../../../shared/records/account-record.ts";
import { aConfiguration } from "../../support/builders.ts";
import { exits, obeys } from "../../support/scripted-executor.ts";
import { settleWork } from "../../support/settled-work.ts";
import { at } from "../../support/timing-builder.ts";
import { CliWorld, orrery, orreryJson } from "../cli-world.ts";

let world: CliWorld;
beforeEach(() => {
  world = new CliWorld();
});
afterEach(async () => {
  await world.close();
});

const usage = async (...args: readonly string[]): Promise<string> => {
  const { code, out, err } = await orrery("usage", "demo", "--data", world.directory, ...args);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return out;
};

describe("a project's units", () => {
  it("are shown with its limits, what is held and what is left", async () => {
    const limits = { unitsPerHour: 20_000, unitsPerExecution: 8_000, concurrentRuns: 1 };
    await world.apply(aConfiguration({ limits: { ...limits, balance: 9_000 } }));
    await world.submit(obeys);

    const out = await usage();

    expect(out).toMatch(/^Limits +20,000 units an hour, 8,000 units an execution, 1 run at once$/m);
    expect(out).toMatch(/^Balance +█{4}▒{16} 9,000 of 9,000 units left$/m);
    expect(out).toMatch(/^Held +7,240 units, by 1 running attempt$/m);
    expect(out).toMatch(/^Last hour +░{20} 0 of 20,000 units spent$/m);
    expect(out).toMatch(/^#1 +20.*Z +setBalance +9000 +0 +9000 +configured$/m);
    expect(out).toMatch(/^#2 +20.*Z +hold +7240 +7240 +9000 +nightly\..*\.1 \(admitted\)$/m);
  });

  it("draw what was spent in the last hour as a bar that is full at the limit", async () => {
    await world.apply(aConfiguration({ limits: { unitsPerHour: 7_240 } }));
    const id = await world.submit({ runMs: 1 });
    await world.untilEnded(id);

    expect(await usage()).toMatch(/^Last hour +█░{19} [1-4] of 7,240 units spent$/m);
  });

  it("need no limits to be shown", async () => {
    await world.apply(aConfiguration());
    await world.submit(exits(0));

    const out = await usage();

    expect(out).toMatch(/^Limits +none$/m);
    expect(out).toMatch(/^Balance +no limit$/m);
    expect(out).toMatch(/^Last hour +\d units spent$/m);
  });

  it("come with as many ledger entries as asked for, newest first", async () => {
    await world.apply(aConfiguration({ limits: { unitsPerHour: 20_000 } }));
    const id = await world.submit({ runMs: 1 });
    await world.untilEnded(id);

    const answer = await orreryJson("usage", "demo", "--entries", "1", "--data", world.directory);

    expect(answer).toEqual({
      project: "demo",
      limits: { unitsPerHour: 20_000 },
      heldUnits: 0,
      runningAttempts: 0,
      // The second that was paid for may not be over yet.
      spentLastHourUnits: expect.toSatisfy((units) => units >= 1 && units <= 4) as number,
      spentTodayUnits: 4,
      spentMonthUnits: 4,
      spending: {
        by: "day",
        units: 4,
        steps: expect.toSatisfy(
          (steps: readonly { units: number; executions: number }[]) =>
            steps.length === 30 && steps.at(-1)?.units === 4 && steps.at(-1)?.executions === 1,
        ) as object,
        schedules: [{ schedule: "nightly", units: 4, executions: 1 }],
      },
      lastHours: expect.toSatisfy(
        (steps: readonly { units: number }[]) => steps.length === 24 && steps.at(-1)?.units === 4,
      ) as object,
      entries: [
        {
          seq: 2,
          at: expect.stringMatching(/Z$/) as string,
          kind: "settle",
          units: 4,
          attempt: `${id}.1`,
          reason: "ended",
          heldAfter: 0,
          spendStartAt: expect.stringMatching(/Z$/) as string,
          spendEndAt: expect.stringMatching(/Z$/) as string,
          rate: 4,
          spendUnits: 4,
        },
      ],
    });
  });
});

describe("what a project spent", () => {
  /** Three runs of past days, and one that a caller started. */
  async function spends(): Promise<void> {
    await world.apply(aConfiguration());
    const works = [
      { schedule: "nightly", endedAt: at("2026-03-01T02:30:00Z"), units: 1_500_000 },
      { schedule: "nightly", endedAt: at("2026-03-01T23:59:59Z"), units: 250_000 },
      { schedule: "hourly", endedAt: at("2026-03-02T00:00:00Z"), units: 250_000 },
      { schedule: null, endedAt: at("2026-03-02T05:00:00Z"), units: 1 },
    ];
    await settleWork(world.services.store, projectId("demo"), works);
  }

  it("is listed by the day and by schedule, with the share of each", async () => {
    await spends();

    const out = await usage("--from", "2026-03-01", "--until", "2026-03-04", "--entries", "1");

    expect(out).toMatch(/^DAY \(UTC\) +UNITS +EXECUTIONS$/m);
    expect(out).toMatch(/^2026-03-01 +1,750,000 +2 +█{20}$/m);
    expect(out).toMatch(/^2026-03-02 +250,001 +2 +█{3}░{17}$/m);
    expect(out).toMatch(/^2026-03-03 +0 +0 +░{20}$/m);
    expect(out).not.toContain("2026-03-04");
    expect(out).toMatch(/^nightly +1,750,000 +2 +█{9}░ 87%$/m);
    expect(out).toMatch(/^hourly +250,000 +1 +█{2}░{8} 12%$/m);
    expect(out).toMatch(/^\(by callers\) +1 +1 +█░{9} <1%$/m);
  });

  it("is listed by the hour on request, and as JSON without its dress", async () => {
    await spends();
    const stretch = [
      "--by",
      "hour",
      "--from",
      "2026-03-01T23:10:00Z",
      "--until",
      "2026-03-02T01:00:00Z",
    ];

    const out = await usage(...stretch);
    const json = await orreryJson("usage", "demo", "--data", world.directory, ...stretch);

    expect(out).toMatch(/^2026-03-01 23:00 +250,000 +1 +█{20}$/m);
    expect(out).toMatch(/^2026-03-02 00:00 +250,000 +1 +█{20}$/m);
    expect(json).toMatchObject({
      spending: {
        by: "hour",
        units: 500_000,
        steps: [
          { beginsAt: "2026-03-01T23:00:00Z", units: 250_000, executions: 1 },
          { beginsAt: "2026-03-02T00:00:00Z", units: 250_000, executions: 1 },
        ],
        schedules: [
          { schedule: "hourly", units: 250_000, executions: 1 },
          { schedule: "nightly", units: 250_000, executions: 1 },
        ],
      },
    });
    expect(json).not.toHaveProperty("lastHours");
  });

  it("is the 30 days before the end of the stretch where only that is named", async () => {
    await spends();

    const out = await usage("--until", "2026-03-05");

    expect(out).toMatch(/^2026-03-01 +1,750,000 /m);
    expect(out.match(/^20\d\d-\d\d-\d\d /gm)).toHaveLength(29);
  });

  it("is drawn as two lines of columns where nobody asks for more", async () => {
    await world.apply(aConfiguration());
    const endedAt = world.services.clock.now();
    await settleWork(world.services.store, projectId("demo"), [
      { schedule: "nightly", endedAt: plusMs(endedAt, -3 * DAY_MS), units: 5_000 },
      { schedule: "nightly", endedAt, units: 1_000 },
    ]);

    const out = await usage();

    expect(out).toMatch(/^24 hours +▁{23}█ at most 1,000, from 20\d\d-\d\d-\d\d \d\d:00$/m);
    expect(out).toMatch(/^30 days +▁{26}█▁▁▃ at most 5,000, on 20\d\d-\d\d-\d\d$/m);
    expect(out.split("\n").every((line) => line.startsWith("#") || line.length <= 80)).toBe(true);
  });

  it.each(["tomorrow", "2026-02-30", "2026-03-01T02:30"])("is not listed from %s", async (from) => {
    await world.apply(aConfiguration());

    const { code, err } = await orrery("usage", "demo", "--data", world.directory, "--from", from);

    expect(code).toBe(2);
    expect(err).toContain("--from");
  });
});

describe("a budget", () => {
  it("is told with the mark below which the project is low", async () => {
    await world.apply(aConfiguration({ limits: { balance: 9_000 } }));
    await world.services.store.transact("budget", async (tx) => {
      const demo = projectId("demo");
      const budget = { warnAtPercent: [50, 80], warnAheadMs: 7 * DAY_MS, lowAt: { percent: 100 } };
      const changed = applyBudget(await readAccount(tx, demo), budget, world.services.clock.now());
      const spent = adjust(changed.account, { units: -2_000, reason: "spent" }, changed.account.at);
      await writeAccount(tx, spent.account, spent.entries);
    });

    const out = await usage();
    const json = await orreryJson("usage", "demo", "--data", world.directory);

    expect(out).toMatch(/^Balance +█{16}░{4} 7,000 of 9,000 units left$/m);
    expect(out).toMatch(
      /^Budget +low, which is below 9,000 units; warns at 50%, 80%; warns 7d before the balance ends$/m,
    );
    expect(json).toMatchObject({
      balance: 7_000,
      fundedUnits: 9_000,
      budget: { warnAtPercent: [50, 80], warnAheadSeconds: 604_800, lowAtUnits: 9_000, low: true },
    });
  });
});

describe("a project that nobody configured or used", () => {
  it("is PROJECT_NOT_FOUND, and exits 3", async () => {
    const { code, out, err } = await orrery("usage", "dmeo", "--data", world.directory);

    expect({ code, out }).toEqual({ code: 3, out: "" });
    expect(err).toContain("[PROJECT_NOT_FOUND]");
  });
});
