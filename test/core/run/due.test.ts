import { describe, expect, it } from "vitest";
import { nextPollAt, timerMovedTo } from "../../../shared/core/run/due.ts";
import { limits } from "../../../shared/core/limits.ts";
import { MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { anAttempt, aRun, START_AT } from "../../support/builders.ts";

const attempt = anAttempt(aRun(), { admittedAt: START_AT, startedAt: START_AT });
const run = aRun({ state: "running", attempts: [attempt] });

describe("a live attempt", () => {
  it("is polled at one second, and then after as long again, up to a minute", () => {
    const polls: number[] = [];
    for (let at = START_AT; polls.length < 9;) {
      at = nextPollAt(run, attempt, at);
      polls.push((at - START_AT) / SECOND_MS);
    }

    expect(polls).toEqual([1, 3, 7, 15, 31, 63, 123, 183, 243]);
  });

  it("is polled as often as at its beginning once it was asked to end", () => {
    const askedAt = plusMs(START_AT, 10 * MINUTE_MS);
    const asked = { ...run, cancelRequestedAt: askedAt };

    expect(nextPollAt(asked, attempt, askedAt)).toBe(plusMs(askedAt, SECOND_MS));
  });

  it.each([
    [0, 1],
    [1, 3],
    [4, 10],
    [600, 10],
  ])("that is %d minutes old has its timer overdue again after %d minutes", (age, ahead) => {
    const now = plusMs(START_AT, age * MINUTE_MS);

    expect(timerMovedTo(run, now)).toBe(plusMs(now, ahead * MINUTE_MS - limits.timerGraceMs));
  });
});
