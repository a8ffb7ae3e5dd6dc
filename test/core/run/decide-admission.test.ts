import { describe, expect, it } from "vitest";
import { limits } from "../../../shared/core/limits.ts";
import type { UnitLimits } from "../../../shared/core/project/project-settings.ts";
import { decideAdmission, type AdmissionFacts } from "../../../shared/core/run/decide-admission.ts";
import { ON_LIMITS } from "../../../shared/core/schedule/schedule-definition.ts";
import { HOUR_MS, MINUTE_MS } from "../../../shared/core/time/duration.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { applyLimits, openAccount } from "../../../shared/core/units/account.ts";
import { aJob, aRun, aSchedule, PROJECT, START_AT } from "../../support/builders.ts";

const account = (given: UnitLimits = {}) =>
  applyLimits(openAccount(PROJECT), given, START_AT).account;
const facts = (fields: Partial<AdmissionFacts> = {}): AdmissionFacts => ({
  run: aRun(),
  now: START_AT,
  definition: aSchedule(),
  isNamed: true,
  others: [],
  upstream: [],
  account: account(),
  rates: {},
  ...fields,
});

describe("a run that asks to start", () => {
  it("is admitted where everything fits, with the units of its worst case held", () => {
    const decision = decideAdmission(facts());

    // Half an hour and ten seconds of grace at 4 units a second.
    expect(decision).toMatchObject({
      kind: "admit",
      request: { number: 1, rate: 4, instanceType: "c1.4" },
      admitted: { reservation: { units: (30 * 60 + 10) * 4 } },
    });
  });

  it("holds for the dearest instance it may get", () => {
    const definition = aSchedule({ work: aJob({ instanceTypes: ["c1.4", "g1.1", "c1.8"] }) });

    expect(decideAdmission(facts({ definition }))).toMatchObject({
      request: { instanceType: "g1.1", rate: 72 },
    });
  });

  it("is refused where an instance type has no rate, with the remedy", () => {
    const definition = aSchedule({ work: aJob({ instanceTypes: ["c1.4", "x9.9"] }) });
    const decision = decideAdmission(facts({ definition }));

    expect(decision).toMatchObject({ state: "refused", reason: { code: "not_supported" } });
    expect(decideAdmission(facts({ definition, rates: { "x9.9": 7 } })).kind).toBe("admit");
  });

  it("is asked at the gate first, then for its turn, then for its units", () => {
    const full = account({ concurrentRuns: 0, unitsPerHour: 1 });
    const definition = aSchedule({ onLimit: "wait" });
    const head = { run: "head", rank: 0, since: START_AT };
    const now = plusMs(START_AT, limits.overtakeMs);
    const all = facts({ account: full, definition, head, now, refusal: "It needs Docker" });

    expect(decideAdmission(all)).toMatchObject({ reason: { code: "not_supported" } });
    const { refusal: _none, ...open } = all;
    expect(decideAdmission(open)).toMatchObject({ kind: "wait", reason: { code: "behind" } });
    const { head: _nobody, ...first } = open;
    expect(decideAdmission(first)).toMatchObject({ state: "refused" });
  });
});

describe("a run that does not fit its project's limits now", () => {
  const held = decideAdmission(facts({ account: account({ concurrentRuns: 1 }) }));
  const full = held.kind === "admit" ? held.admitted.account : account();
  const second = aRun({ schedule: "second" });

  it.each(ON_LIMITS)("follows onLimit: %s", (onLimit) => {
    const definition = aSchedule({ name: "second", onLimit });
    const decision = decideAdmission(facts({ run: second, definition, account: full }));

    const expected = {
      wait: { kind: "wait", nextEligibleAt: plusMs(START_AT, limits.waitRecheckMs) },
      skip: { kind: "conclude", state: "skipped" },
      fail: { kind: "conclude", state: "refused" },
    }[onLimit];
    expect(decision).toMatchObject({ ...expected, reason: { code: "limit_concurrency" } });
  });

  it("stands in line where time or an end frees what it needs, and not where only a top up does", () => {
    const one = (30 * 60 + 10) * 4;
    const asked = (given: UnitLimits) => {
      const first = decideAdmission(facts({ account: account(given) }));
      const left = first.kind === "admit" ? first.admitted.account : account(given);
      const decision = decideAdmission(facts({ run: second, account: left }));
      return decision.kind === "wait" ? [decision.reason.code, decision.isInLine] : [];
    };

    expect(asked({ concurrentRuns: 1 })).toEqual(["limit_concurrency", true]);
    expect(asked({ unitsPerHour: one })).toEqual(["limit_hour", true]);
    expect(asked({ balance: one })).toEqual(["limit_balance", true]);
    expect(asked({ balance: one - 1 })).toEqual(["limit_balance", undefined]);
  });

  it("waits exactly until the hour has room", () => {
    const hour = account({ unitsPerHour: 10_000 });
    const first = decideAdmission(facts({ account: hour }));
    const decision = decideAdmission(
      facts({ run: second, account: first.kind === "admit" ? first.admitted.account : hour }),
    );

    expect(decision).toMatchObject({ kind: "wait", reason: { code: "limit_hour" } });
    const at = decision.kind === "wait" ? decision.nextEligibleAt : START_AT;
    expect(at).toBeGreaterThan(plusMs(START_AT, 30 * MINUTE_MS));
  });

  it.each(ON_LIMITS)("is refused at once where it can never fit, with onLimit: %s", (onLimit) => {
    const definition = aSchedule({ onLimit });
    const tiny = account({ unitsPerExecution: 1 });

    expect(decideAdmission(facts({ definition, account: tiny }))).toMatchObject({
      state: "refused",
      reason: { code: "limit_execution" },
    });
  });

  it("is looked at right after its start deadline, however long the limit holds", () => {
    const definition = aSchedule({ startDeadlineMs: 10 * MINUTE_MS });
    const hour = account({ unitsPerHour: 10_000 });
    const first = decideAdmission(facts({ account: hour }));
    const afterFirst = first.kind === "admit" ? first.admitted.account : hour;

    const waits = decideAdmission(facts({ run: second, definition, account: afterFirst }));

    const deadlineAt = plusMs(START_AT, 10 * MINUTE_MS);
    expect(waits).toMatchObject({ kind: "wait", nextEligibleAt: plusMs(deadlineAt, 1) });
    const late = facts({
      run: second,
      definition,
      account: afterFirst,
      now: plusMs(deadlineAt, 1),
    });
    expect(decideAdmission(late)).toMatchObject({ state: "expired" });
  });

  it("waits for the hour, not the minute, where both stand against it", () => {
    const both = account({ unitsPerHour: 10_000, concurrentRuns: 1 });
    const first = decideAdmission(facts({ account: both }));
    const decision = decideAdmission(
      facts({ run: second, account: first.kind === "admit" ? first.admitted.account : both }),
    );

    expect(
      decision.kind === "wait" && decision.nextEligibleAt <= plusMs(START_AT, 2 * HOUR_MS),
    ).toBe(true);
    expect(decision).toMatchObject({ kind: "wait" });
  });
});
