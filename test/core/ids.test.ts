import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  adHocSchedule,
  attemptIdOf,
  callOperationId,
  NAME_PATTERN,
  operationAttemptOf,
  operationIdOf,
  ownerOf,
  projectId,
  runIdOf,
  scheduleName,
  type RunId,
} from "../../shared/core/ids.ts";
import { INSTANT_MAX, instant } from "../../shared/core/time/instant.ts";
import { limits } from "../../shared/core/limits.ts";

const names = fc.stringMatching(NAME_PATTERN);
const instants = fc.integer({ min: 0, max: INSTANT_MAX }).map(instant);
const numbers = fc.integer({ min: 1, max: limits.attemptsMax });

const DEMO = projectId("demo");
const NIGHTLY = "nightly.20270115T000000Z.0123abcd" as RunId;
const AD_HOC = "_demo.20270115T000000Z.0123abcd" as RunId;

describe("the id of an attempt's operation", () => {
  it.each([
    [NIGHTLY, "demo.nightly.20270115T000000Z.0123abcd.2"],
    [AD_HOC, "demo._.20270115T000000Z.0123abcd.2"],
  ])("of %s spells out project, run and number", (run, id) => {
    expect(operationIdOf(DEMO, attemptIdOf(run, 2))).toBe(id);
    expect(operationAttemptOf(id)).toEqual({ project: DEMO, run, number: 2 });
    expect(ownerOf(id)).toBe(DEMO);
  });

  it("leads back to its attempt, fits a URL, and is short enough for a page token", () => {
    fc.assert(
      fc.property(
        ...[names, fc.option(names), instants, numbers],
        (name, schedule, nominalAt, number) => {
          const project = projectId(name);
          const key = {
            schedule: schedule === null ? adHocSchedule(project) : scheduleName(schedule),
            nominalAt,
          };
          const run = runIdOf(key, "cause");
          const id = operationIdOf(project, attemptIdOf(run, number));

          expect(operationAttemptOf(id)).toEqual({ project, run, number });
          expect(ownerOf(id)).toBe(project);
          expect(id).toMatch(/^[a-zA-Z0-9._-]{1,160}$/);
          if (schedule === null) expect(id.length - name.length).toBeLessThanOrEqual(35);
        },
      ),
    );
  });

  it.each([
    "",
    "demo",
    "demo.0123456789abcdef0123",
    "nightly.20270115T000000Z.0123abcd.1",
    "demo.nightly.20270115T000000Z.0123abcd",
    "demo.nightly.20270115T000000Z.0123abcd.01",
    "demo.nightly.20270115T000000Z.0123abcd.",
    "demo.nightly.20270230T000000Z.0123abcd.1",
    "demo._demo.20270115T000000Z.0123abcd.1",
    "demo.__.20270115T000000Z.0123abcd.1",
    "_.20270115T000000Z.0123abcd.1",
    "Demo.nightly.20270115T000000Z.0123abcd.1",
    ".nightly.20270115T000000Z.0123abcd.1",
    "demo.nightly.20270115T000000Z.0123abcd.1\n",
  ])("is none: %j", (text) => {
    expect(operationAttemptOf(text)).toBeUndefined();
  });
});

describe("the id of a call's operation", () => {
  it("spells out whose it is, and is that of no attempt", () => {
    const id = callOperationId(DEMO, "0123456789abcdef0123");

    expect(ownerOf(id)).toBe("demo");
    expect(operationAttemptOf(id)).toBeUndefined();
  });

  it.each(["", "demo", "demo.", "Demo.0123456789abcdef0123", "demo.0123456789ABCDEF0123", "a.b.c"])(
    "is none: %j",
    (text) => {
      expect(ownerOf(text)).toBeUndefined();
    },
  );
});
