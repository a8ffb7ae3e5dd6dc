import { describe, expect, it } from "vitest";
import { limits } from "../../../shared/core/limits.ts";
import type { AttemptEnd } from "../../../shared/core/run/attempt.ts";
import { endEvent } from "../../../shared/core/run/end-event.ts";
import { cancelledBeforeStart, prepareFailed } from "../../../shared/core/run/outcome.ts";
import type { RetryPolicy } from "../../../shared/core/run/retry-policy.ts";
import { MINUTE_MS } from "../../../shared/core/time/duration.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { aRun, anAttempt, START_AT } from "../../support/builders.ts";

const retry: RetryPolicy = {
  attempts: 2,
  initialMs: 2 * MINUTE_MS,
  factor: 2,
  maxMs: 10 * MINUTE_MS,
  jitter: "full",
  on: ["system"],
};
const run = aRun({ state: "running", attempts: [anAttempt(aRun())] });
const ended = {
  outcome: prepareFailed("No such file"),
  end: { endedAt: START_AT, unitsSettled: 0, outputs: [] },
};
const known = { retry, now: START_AT, draw: 0.5 };

describe("the end of an attempt", () => {
  it("is a retry after the drawn wait, where the policy wants one", () => {
    expect(endEvent(run, ended, known)).toMatchObject({
      kind: "retry",
      nextEligibleAt: plusMs(START_AT, MINUTE_MS),
      reason: { code: "retry", text: "Attempt 1 of 2 failed: No such file" },
      end: { ...ended.end, retriedBecause: "No such file" },
    });
  });

  it("keeps the beginning of a long reason with an attempt that is tried again", () => {
    const outcome = prepareFailed("x".repeat(limits.retriedBecauseChars + 1));
    const { end } = endEvent(run, { ...ended, outcome }, known) as { end: AttemptEnd };

    expect(end.retriedBecause).toBe(`${"x".repeat(limits.retriedBecauseChars)}…`);
  });

  it("leaves it to a run that ends to say why", () => {
    const event = endEvent(run, ended, { ...known, retry: undefined });

    expect(event).toMatchObject({ kind: "end", end: ended.end });
    expect(event).not.toHaveProperty("end.retriedBecause");
  });

  it.each([
    ["all tries are used", { ...run, attempts: [...run.attempts, anAttempt(run, { number: 2 })] }],
    ["somebody asked to cancel", { ...run, cancelRequestedAt: START_AT }],
  ])("is the end of its run where %s", (_why, given) => {
    expect(endEvent(given, ended, known)).toMatchObject({ kind: "end", state: "failed" });
  });

  it("is the end of its run where its schedule is gone", () => {
    expect(endEvent(run, ended, { ...known, retry: undefined })).toMatchObject({ kind: "end" });
  });

  it("is the end of its run where the policy does not list the failure", () => {
    const other = { ...retry, on: ["failed"] as const };

    expect(endEvent(run, ended, { ...known, retry: other })).toMatchObject({ kind: "end" });
  });

  it("is the end of its run where nobody wants it again", () => {
    const outcome = cancelledBeforeStart();

    expect(endEvent(run, { ...ended, outcome }, known)).toMatchObject({ state: "cancelled" });
  });
});
