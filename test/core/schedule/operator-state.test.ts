import { describe, expect, it } from "vitest";
import { limits } from "../../../shared/core/limits.ts";
import {
  failuresCountFrom,
  keptState,
  leftOutBecause,
  paused,
  resumed,
  withSkips,
  type OperatorState,
} from "../../../shared/core/schedule/operator-state.ts";
import { DAY_MS, MINUTE_MS } from "../../../shared/core/time/duration.ts";
import { plusMs, type Instant } from "../../../shared/core/time/instant.ts";
import { START_AT } from "../../support/builders.ts";

const minute = (minutes: number): Instant => plusMs(START_AT, minutes * MINUTE_MS);

/** Whether an occurrence of that minute is left out, and by which reason. */
const codeAt = (state: OperatorState | undefined, minutes: number, jitterMs = 0) =>
  leftOutBecause(state, {
    nominalAt: minute(minutes),
    effectiveAt: plusMs(minute(minutes), jitterMs),
  })?.code;

describe("an occurrence", () => {
  it("is left out by nothing where nobody decided anything", () => {
    expect(codeAt(undefined, 0)).toBeUndefined();
    expect(codeAt({}, 0)).toBeUndefined();
  });

  it("is left out by a pause from the instant after it on", () => {
    const state = paused(undefined, { at: minute(10) });

    expect(codeAt(state, 10)).toBeUndefined();
    expect(codeAt(state, 10, 1)).toBe("paused");
    expect(codeAt(state, 11)).toBe("paused");
  });

  it("is left out by a pause that is over where it was due in it, its last instant included", () => {
    const state = resumed(paused(undefined, { at: minute(10), by: "anna" }), minute(20));

    expect([9, 10, 11, 20, 21].map((minutes) => codeAt(state, minutes))).toEqual([
      undefined,
      undefined,
      "paused",
      "paused",
      undefined,
    ]);
    expect(codeAt(state, 20, 1)).toBeUndefined();
  });

  it("is left out by a skip of its nominal time, wherever jitter put it", () => {
    const state = withSkips({}, [minute(10)]);

    expect(codeAt(state, 10, MINUTE_MS)).toBe("skip_requested");
    expect(codeAt(state, 11)).toBeUndefined();
  });

  it("is told who paused it, or that nobody did", () => {
    const told = (state: OperatorState) =>
      leftOutBecause(state, { nominalAt: minute(5), effectiveAt: minute(5) })?.text;

    expect(told(paused({}, { at: minute(1), by: "anna", note: "why" }))).toBe(
      "anna paused its schedule at 2027-01-15T00:01:00Z: why",
    );
    expect(told(paused({}, { at: minute(1) }))).toBe("It paused by itself at 2027-01-15T00:01:00Z");
  });
});

describe("what operators decided", () => {
  it("keeps the first instant of a pause that is said again, and the note unless there is a new one", () => {
    const first = paused({}, { at: minute(1), by: "anna", note: "why" });

    expect(paused(first, { at: minute(2), by: "boris" })).toEqual(first);
    expect(paused(first, { at: minute(2), by: "boris", note: "why" })).toEqual(first);
    expect(paused(first, { at: minute(2), by: "boris", note: "other" }).pause).toEqual({
      at: minute(1),
      by: "boris",
      note: "other",
    });
  });

  it("is as it was where nothing is resumed", () => {
    expect(resumed(undefined, minute(1))).toEqual({});
    const state = withSkips({}, [minute(5)]);
    expect(resumed(state, minute(1))).toBe(state);
  });

  it("remembers the newest pauses, none of them longer than their runs are kept", () => {
    let state: OperatorState = {};
    for (let n = 0; n < limits.pastPauses + 3; n += 1) {
      state = resumed(paused(state, { at: minute(2 * n), note: "long" }), minute(2 * n + 1));
    }

    expect(state.pastPauses).toHaveLength(limits.pastPauses);
    expect(state.pastPauses?.at(-1)).toEqual({ at: minute(20), until: minute(21) });
    const later = plusMs(minute(0), limits.runRetentionMs + DAY_MS);
    expect(resumed(paused(state, { at: later }), later).pastPauses).toHaveLength(1);
  });

  it("counts failures from the last resumption on", () => {
    expect(failuresCountFrom({})).toBeUndefined();
    const state = resumed(paused({}, { at: minute(1) }), minute(2));
    expect(failuresCountFrom(state)).toBe(minute(2));
  });

  it("has each skip once, in their order, and no trace of none", () => {
    const state = withSkips({ pause: { at: minute(0) } }, [minute(9), minute(3), minute(9)]);

    expect(state.skips).toEqual([minute(3), minute(9)]);
    expect(withSkips(state, [])).toEqual({ pause: { at: minute(0) } });
    expect(keptState(withSkips(undefined, []))).toBeUndefined();
    expect(keptState(state)).toBe(state);
  });
});
