import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { limits } from "../../../shared/core/limits.ts";
import { aConfiguration, aSchedule } from "../../support/builders.ts";
import { exits, obeys } from "../../support/scripted-executor.ts";
import { aCron, aTiming } from "../../support/timing-builder.ts";
import { CliWorld, orrery, orreryJson } from "../cli-world.ts";

let world: CliWorld;
beforeEach(() => {
  world = new CliWorld();
});
afterEach(async () => {
  await world.close();
});

const explain = async (id: string): Promise<string> => {
  const { code, out } = await orrery("explain", id, "--data", world.directory);
  expect(code).toBe(0);
  return out;
};

const apply = async (unitLimits: Parameters<typeof aConfiguration>[0]): Promise<void> => {
  const schedules = [aSchedule({ overlap: "allow" })];
  await world.apply(aConfiguration({ schedules, ...unitLimits }));
};

describe("a run that waits for its project's limits", () => {
  it("is explained with every check, and which one fails", async () => {
    await apply({ limits: { unitsPerHour: 10_000, concurrentRuns: 4 } });
    await world.submit(obeys);
    const id = await world.submit();

    const out = await explain(id);

    expect(out).toMatch(/^State +waiting$/m);
    expect(out).toMatch(/^Reason +Hour: up to 14480 of 10000 units .* \[limit_hour\]$/m);
    expect(out).toMatch(/^Now +it would go on waiting$/m);
    expect(out).toMatch(/^Next look +20\d\d-.*Z, in .*, or when room is made$/m);
    expect(out).toMatch(/^ {2}✔ Execution: costs 7240 units at most; /m);
    expect(out).toMatch(/^ {2}✔ Balance: no limit\.$/m);
    expect(out).toMatch(/^ {2}✘ Hour: up to 14480 of 10000 units .*; fits from 20\d\d-/m);
    expect(out).toMatch(/^ {2}✔ Concurrency: 1 of 4 attempts at once\.$/m);
  });

  it("names the runs that come first", async () => {
    await apply({ limits: { concurrentRuns: 1 } });
    await world.submit(obeys);
    const first = await world.submit();
    const second = await world.submit();
    const third = await world.submit();

    expect(await explain(first)).not.toMatch(/^Ahead/m);
    expect(await explain(third)).toMatch(new RegExp(`^Ahead +${first}, ${second}$`, "m"));
  });

  it("gives programs the decision, the numbers and the instants", async () => {
    await apply({ limits: { unitsPerHour: 10_000 } });
    await world.submit(obeys);
    const id = await world.submit();
    const instant = expect.stringMatching(/^20\d\d-\d\d-\d\dT.*Z$/) as string;

    const answer = await orreryJson("explain", id, "--data", world.directory);

    const reason = { code: "limit_hour", text: expect.stringMatching(/^Hour: /) as string };
    expect(answer).toEqual({
      run: id,
      state: "waiting",
      reason,
      eligibleAt: instant,
      decision: { kind: "wait", reason, nextEligibleAt: instant },
      checks: [
        {
          rule: "execution",
          holds: true,
          sentence: expect.stringMatching(/^Execution: /) as string,
          compared: { units: 7_240, softLimitMs: 1_800_000, hardLimitMs: 1_809_500 },
        },
        {
          rule: "balance",
          holds: true,
          sentence: "Balance: no limit.",
          compared: { held: 7_240, units: 7_240 },
        },
        {
          rule: "hour",
          holds: false,
          sentence: expect.stringMatching(/^Hour: /) as string,
          compared: { peakUnits: 14_480, aloneUnits: 7_240, unitsPerHour: 10_000, peakAt: instant },
          relief: { kind: "at", nextEligibleAt: instant },
        },
        {
          rule: "concurrency",
          holds: true,
          sentence: `Concurrency: 1 of ${limits.accountReservations} attempts at once.`,
          compared: { running: 1, concurrentRuns: limits.accountReservations },
        },
      ],
      ahead: [],
    });
  });
});

describe("a run that nobody has looked at yet", () => {
  it("is explained by the decision it would get", async () => {
    await apply({ limits: { balance: 10_000 } });
    const id = await world.ask();

    expect(await explain(id)).toMatch(/^Now +it would start, holding 7240 units$/m);
    expect(await orreryJson("explain", id, "--data", world.directory)).toMatchObject({
      decision: { kind: "admit", unitsHeld: 7_240, instanceType: "c1.4" },
    });
  });

  it("is explained by the end it would get where it can never start", async () => {
    await apply({ limits: { unitsPerExecution: 1 } });
    const id = await world.ask();

    expect(await explain(id)).toMatch(
      /^Now +it would end refused: Execution: .* \[limit_execution\]$/m,
    );
  });

  it("blames the platform that does not run", async () => {
    await apply({});
    const id = await world.ask();

    const { err } = await orrery("explain", id, "--data", world.directory);

    expect(err).toContain(`No platform runs on ${world.directory}: nothing starts`);
  });
});

describe("a run that was tried and waits for its next try", () => {
  it("is explained by its due time, before which nothing is decided", async () => {
    const { retry } = aSchedule();
    const schedules = [aSchedule({ retry: { ...retry, attempts: 2 } })];
    await world.apply(aConfiguration({ schedules }));
    const id = await world.submit(exits(0, 1));

    const out = await explain(id);

    expect(out).toMatch(/^Reason +Attempt 1 of 2 failed: .* \[retry\]$/m);
    expect(out).toMatch(/^Due +20.*Z, in (59|60)\.\ds|1m; nothing is decided before$/m);
    expect(out).toMatch(/^Now +it would start/m);
  });
});

describe("a run that runs", () => {
  it("is explained by what it holds and when it is stopped", async () => {
    await apply({});
    const id = await world.submit(obeys);

    const out = await explain(id);

    expect(out).toMatch(/^Now +attempt 1 runs, .* so far; 7240 held$/m);
    expect(out).toMatch(/^At most +it is asked to end at 20.*Z, and killed at 20.*Z$/m);
  });
});

describe("a run that has ended", () => {
  it("is explained by its reason, its time and its units", async () => {
    await apply({});
    const id = await world.submit(exits(0, 3));

    const out = await explain(id);

    expect(out).toMatch(/^State +failed$/m);
    expect(out).toMatch(/^Reason +Its program ended with exit code 3 \[exit_code\]$/m);
    expect(out).toMatch(/^Ended +20.*Z; its attempt took 0s$/m);
    expect(await orreryJson("explain", id, "--data", world.directory)).toEqual({
      run: id,
      state: "failed",
      reason: { code: "exit_code", text: "Its program ended with exit code 3" },
      checks: [],
      ahead: [],
    });
  });

  it("says so where nothing of it ran", async () => {
    await apply({});
    const id = await world.ask();
    await orrery("cancel", id, "--data", world.directory);

    expect(await explain(id)).toMatch(/^Ended +20.*Z, without an attempt$/m);
  });
});

describe("an occurrence of a schedule that is to come", () => {
  it("is explained with every rule, in the schedule's own zone", async () => {
    const timing = aTiming({ when: [aCron("30 2 * * *", { timezone: "Europe/Moscow" })] });
    const schedule = aSchedule({ timezone: "Europe/Moscow", timing });
    await world.apply(aConfiguration({ schedules: [schedule] }));
    const day = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10);

    const { code, out } = await orrery(
      ...["explain", "nightly", "--at", `${day}T02:30`, "--data", world.directory],
    );

    expect(code).toBe(0);
    expect(out).toMatch(
      new RegExp(`^Occurrence +${day}T02:30:00\\+03:00 \\(.*T23:30:00Z\\)$`, "m"),
    );
    expect(out).toMatch(/^Then +it would start, holding 7,240 units$/m);
    expect(out).toMatch(/^Starts +20.*T23:30:00Z$/m);
    expect(out).toMatch(/^ {2}✔ Configured: schedule nightly is\.$/m);
    expect(out).toMatch(
      /^ {2}✔ Plan: it starts at .*, by the estimates of 1 schedules, 0 of them learnt/m,
    );
  });

  it("says where it is another instant than was asked for", async () => {
    await apply({});
    const day = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10);

    const { out } = await orrery(
      ...["explain", "nightly", "--at", `${day}T00:00:00Z`, "--data", world.directory],
    );

    expect(out).toMatch(/^Occurrence .*T02:30:00Z\); the first from then on$/m);
  });

  it("has all of it for programs", async () => {
    await apply({ limits: { balance: 1_000 } });

    const told = await orreryJson("explain", "nightly", "--json", "--data", world.directory);

    expect(told).toMatchObject({
      schedule: "nightly",
      decision: { kind: "wait", reason: { code: "limit_balance" } },
      blockers: [],
      estimate: { units: 7_240, source: "bound" },
    });
    expect(told).toHaveProperty("checks.9.compared.balance", 1_000);
  });

  it.each([
    ["--at", "tomorrow", "expected a time such as"],
    ["--at", "2020-01-01T00:00:00Z", "is past"],
  ])("refuses %s %s", async (option, value, text) => {
    await apply({});

    const { code, err } = await orrery(
      ...["explain", "nightly", option, value, "--data", world.directory],
    );

    expect(code).toBe(2);
    expect(err).toContain(text);
  });
});

describe("a run that runs while limits are lowered", () => {
  it("is explained with what is no longer covered, and that it goes on", async () => {
    await apply({ limits: { balance: 100_000, concurrentRuns: 2, unitsPerHour: 50_000 } });
    const id = await world.submit(obeys);
    const before = await explain(id);
    await apply({ limits: { balance: 7_000, concurrentRuns: 0, unitsPerHour: 1_000 } });

    const out = await explain(id);

    expect(before).not.toMatch(/[✔✘]/u);
    expect(out).toMatch(
      /^ {2}✘ Balance: 240 of 7240 held are no longer covered: reserved work goes on to its bound\.$/m,
    );
    expect(out).toMatch(/^ {2}✘ Hour: up to 7240 of 1000 units in the hour to .*: reserved work/m);
    expect(out).toMatch(/^ {2}✘ Concurrency: 1 attempts run, and 0 may by now: reserved work/m);
    expect(out).not.toContain("Execution:");
  });
});
