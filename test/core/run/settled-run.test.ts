import { describe, expect, it } from "vitest";
import type { Attempt, AttemptEnd } from "../../../shared/core/run/attempt.ts";
import { FINAL_STATES, LIVE_STATES, type RunState } from "../../../shared/core/run/run.ts";
import { settledRunOf } from "../../../shared/core/run/settled-run.ts";
import { SECOND_MS } from "../../../shared/core/time/duration.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { anAttempt, aRun, START_AT } from "../../support/builders.ts";

const sec = (seconds: number) => plusMs(START_AT, seconds * SECOND_MS);

/** Ran from one second to another of the world's time. */
function ran(from: number, to: number, fields: Partial<Attempt> = {}): Attempt {
  const { rate = 4 } = fields;
  const end: AttemptEnd = { endedAt: sec(to), unitsSettled: (to - from) * rate, outputs: [] };
  return anAttempt(aRun(), { startedAt: sec(from), end, ...fields });
}

const over = (attempts: readonly Attempt[], state: RunState = "succeeded") =>
  aRun({ state, attempts, finishedAt: sec(999) });

describe("what a run came to", () => {
  it("is what all its attempts did, from the first start to the last end", () => {
    const run = over([ran(10, 20), ran(80, 200, { number: 2 })]);

    expect(settledRunOf(run, 4)).toEqual({ units: 520, durationMs: 190 * SECOND_MS });
  });

  it("leaves out attempts that never started", () => {
    const unstarted = anAttempt(aRun(), {
      end: { endedAt: sec(5), unitsSettled: 0, outputs: [] },
    });

    expect(settledRunOf(over([unstarted, ran(60, 70, { number: 2 })]), 4)).toEqual({
      units: 40,
      durationMs: 10 * SECOND_MS,
    });
    expect(settledRunOf(over([unstarted], "failed"), 4)).toBeUndefined();
    expect(settledRunOf(over([], "skipped"), 4)).toBeUndefined();
  });

  it.each([...FINAL_STATES, ...LIVE_STATES])(
    "is told of a run that is %s where it is known",
    (state) => {
      const known = ["succeeded", "failed", "timedOut", "skipped", "refused", "expired"];

      const found = settledRunOf(over([ran(0, 10)], state), 4);

      expect(found === undefined).toBe(!known.includes(state));
    },
  );

  it("is what it would have cost at another rate", () => {
    expect(settledRunOf(over([ran(0, 10, { rate: 4 })]), 72)).toEqual({
      units: 720,
      durationMs: 10 * SECOND_MS,
    });
    expect(settledRunOf(over([ran(0, 10, { rate: 72 })]), 4)?.units).toBe(40);
  });

  it("takes no time where a clock was set back", () => {
    expect(settledRunOf(over([ran(10, 5)]), 4)?.durationMs).toBe(0);
  });
});
