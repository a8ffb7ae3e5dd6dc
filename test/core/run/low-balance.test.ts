import { describe, expect, it } from "vitest";
import type { ProjectSettings } from "../../../shared/core/project/project-settings.ts";
import { decideAdmission, type AdmissionFacts } from "../../../shared/core/run/decide-admission.ts";
import { lowCheck, spacingMs } from "../../../shared/core/run/low-balance.ts";
import type { RunCause } from "../../../shared/core/run/run.ts";
import {
  PRIORITIES,
  type AtLowBalance,
} from "../../../shared/core/schedule/schedule-definition.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../shared/core/time/duration.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { applyBudget, applyLimits, openAccount } from "../../../shared/core/units/account.ts";
import type { ExecutionId, JobId } from "../../../shared/core/ids.ts";
import { aRun, aSchedule, anAttempt, PROJECT, START_AT } from "../../support/builders.ts";

/** An account with this balance, low below 10,000 units, where a run of half an hour holds 7,240. */
function account(balance: number | undefined, budget: ProjectSettings["budget"] = MARKED) {
  const limits = balance === undefined ? {} : { balance };
  const limited = applyLimits(openAccount(PROJECT), limits, START_AT).account;
  return applyBudget(limited, budget, START_AT).account;
}
const MARKED = { warnAtPercent: [], lowAt: { units: 10_000 } };
const LOW = account(9_999);

const facts = (fields: Partial<AdmissionFacts> = {}): AdmissionFacts => ({
  run: aRun(),
  now: START_AT,
  definition: aSchedule(),
  isNamed: true,
  others: [],
  upstream: [],
  account: LOW,
  rates: {},
  ...fields,
});

/** A decision in a word. */
function decided(given: Partial<AdmissionFacts>): string {
  const decision = decideAdmission(facts(given));
  if (decision.kind === "admit") return "admit";
  const what = decision.kind === "wait" ? "wait" : decision.state;
  return `${what} (${decision.reason.code})`;
}

const under = (atLowBalance: AtLowBalance, fields: Partial<AdmissionFacts> = {}): string =>
  decided({ definition: aSchedule({ atLowBalance }), ...fields });

describe("a run of a project that is low", () => {
  it("goes on where its schedule says `run`", () => {
    expect(under("run")).toBe("admit");
  });

  it("waits where its schedule says `wait`, with the numbers", () => {
    const definition = aSchedule({ atLowBalance: "wait" });

    expect(decideAdmission(facts({ definition }))).toEqual({
      kind: "wait",
      reason: {
        code: "low_balance",
        text: "Project demo is low: 9999 units are left, fewer than 10000; it waits for more",
      },
      nextEligibleAt: plusMs(START_AT, MINUTE_MS),
      cancel: [],
    });
  });

  it("is skipped where its schedule says `skip`", () => {
    expect(under("skip")).toBe("skipped (low_balance)");
  });

  it.each(PRIORITIES)("goes by its priority where its schedule says nothing: %s", (priority) => {
    const expected = priority === "critical" ? "admit" : "wait (low_balance)";

    expect(decided({ run: aRun({ priority }) })).toBe(expected);
  });

  it("goes by what its schedule says, however critical it is", () => {
    expect(under("skip", { run: aRun({ priority: "critical" }) })).toBe("skipped (low_balance)");
  });

  it.each<RunCause>([
    { kind: "job", job: "j" as JobId },
    { kind: "notebook", execution: "e" as ExecutionId },
  ])("goes on where a caller of the API started it by hand: $kind", (cause) => {
    expect(decided({ run: aRun({ cause }) })).toBe("admit");
  });

  it("is asked for its turn only once it is not low, so it stands in nobody's way", () => {
    const head = { run: "head", rank: 0, since: START_AT };
    const now = plusMs(START_AT, HOUR_MS);

    expect(decided({ head, now })).toBe("wait (low_balance)");
    expect(decided({ head, now, account: account(50_000) })).toBe("wait (behind)");
  });

  it("is looked at again right after its start deadline", () => {
    const definition = aSchedule({ startDeadlineMs: 10_000 });

    expect(decideAdmission(facts({ definition }))).toMatchObject({
      kind: "wait",
      nextEligibleAt: plusMs(START_AT, 10_001),
    });
  });
});

describe("a project", () => {
  it("is low below its mark and not at it, whatever is held", () => {
    expect(decided({ account: account(9_999) })).toBe("wait (low_balance)");
    expect(decided({ account: account(10_000) })).toBe("admit");
    const holding = { ...account(17_240), held: 10_000 };
    expect(decided({ account: holding })).toBe("admit");
  });

  it("is low by a percent of what it was funded with", () => {
    const marked = { warnAtPercent: [], lowAt: { percent: 20 } };
    const spent = { ...account(100_000, marked), balance: 19_999 };

    expect(decided({ account: spent })).toBe("wait (low_balance)");
    expect(decided({ account: { ...spent, balance: 20_000 } })).toBe("admit");
  });

  it("is never low without a balance, or without a mark", () => {
    expect(decided({ account: account(undefined) })).toBe("admit");
    expect(decided({ account: account(9_999, { warnAtPercent: [50] }) })).toBe("admit");
  });
});

describe("a schedule that starts every six hours at most while its project is low", () => {
  const atLowBalance = { atMostEveryMs: 6 * HOUR_MS };
  const after = (ms: number) => ({ lastStartedAt: plusMs(START_AT, -ms) });

  it("starts a run where none has started within that time", () => {
    expect(under(atLowBalance)).toBe("admit");
    expect(under(atLowBalance, after(6 * HOUR_MS))).toBe("admit");
    expect(under(atLowBalance, after(DAY_MS))).toBe("admit");
  });

  it("leaves out a run that comes sooner, and remembers after which", () => {
    const definition = aSchedule({ atLowBalance });
    const lastStartedAt = plusMs(START_AT, 1 - 6 * HOUR_MS);

    expect(decideAdmission(facts({ definition, lastStartedAt }))).toEqual({
      kind: "conclude",
      state: "skipped",
      reason: {
        code: "low_balance",
        text:
          "Project demo is low: 9999 units are left, fewer than 10000, so it starts every 6h at " +
          "most, and the run of 2027-01-14T18:00:00.001Z has started",
      },
      spacedFrom: lastStartedAt,
    });
  });

  it("leaves out a late one beside a newer one that has started", () => {
    expect(under(atLowBalance, after(-HOUR_MS))).toBe("skipped (low_balance)");
    expect(under(atLowBalance, after(-6 * HOUR_MS))).toBe("admit");
  });

  it.each<RunCause>([
    { kind: "person", id: "p" },
    { kind: "message", id: "m" },
  ])("starts what somebody asks for: $kind", (cause) => {
    expect(under(atLowBalance, { run: aRun({ cause }), ...after(1) })).toBe("admit");
  });

  it("tries a run again that has started", () => {
    const run = aRun();
    const retried = aRun({ attempts: [anAttempt(run)] });

    expect(under(atLowBalance, { run: retried, ...after(1) })).toBe("admit");
  });

  it("is asked for its last start only while its project is low", () => {
    const definition = aSchedule({ atLowBalance });

    expect(spacingMs(aRun(), definition, LOW)).toBe(6 * HOUR_MS);
    expect(spacingMs(aRun(), definition, account(10_000))).toBeUndefined();
    expect(spacingMs(aRun(), aSchedule({ atLowBalance: "wait" }), LOW)).toBeUndefined();
  });
});

describe("the low mark in an explanation", () => {
  it("is a line with what is left and the mark, where there is one", () => {
    expect(lowCheck(facts({ account: account(50_000) }), aSchedule())).toEqual({
      rule: "low",
      holds: true,
      compared: { balance: 50_000, lowAtUnits: 10_000 },
      sentence: "Low: 50000 units are left, and the project is low below 10000.",
    });
    expect(lowCheck(facts({ account: account(undefined) }), aSchedule())).toBeUndefined();
  });

  it("says what the schedule does, and what would help where it waits", () => {
    expect(lowCheck(facts(), aSchedule())).toEqual({
      rule: "low",
      holds: false,
      compared: { balance: 9_999, lowAtUnits: 10_000 },
      sentence: "Low: 9999 units are left, fewer than 10000; atLowBalance is wait.",
      relief: { kind: "topUp", missingUnits: 1 },
    });
    const spaced = aSchedule({ atLowBalance: { atMostEveryMs: HOUR_MS } });
    expect(lowCheck(facts(), spaced)).toMatchObject({
      holds: true,
      sentence: "Low: 9999 units are left, fewer than 10000; atLowBalance is atMostEvery 1h.",
    });
  });
});
