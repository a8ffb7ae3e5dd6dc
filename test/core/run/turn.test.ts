import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits } from "../../../shared/core/limits.ts";
import { rankOf } from "../../../shared/core/run/priority.ts";
import { headOfLine, mustYield, type HeadOfLine } from "../../../shared/core/run/turn.ts";
import { PRIORITIES, type Priority } from "../../../shared/core/schedule/schedule-definition.ts";
import { HOUR_MS, MINUTE_MS } from "../../../shared/core/time/duration.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { aRun, START_AT } from "../../support/builders.ts";

const now = plusMs(START_AT, HOUR_MS);
const head = (waitedMs: number, priority: Priority = "normal"): HeadOfLine => ({
  run: "head.20270115T000000Z.00000000",
  rank: rankOf(priority),
  since: plusMs(now, -waitedMs),
});

describe("the head of a line", () => {
  const place = (run: string, waitedMs: number, priority: Priority): HeadOfLine => {
    return { ...head(waitedMs, priority), run };
  };

  it("is its first, until one behind it has waited so long that nobody may overtake it", () => {
    const fresh = place("fresh", MINUTE_MS, "high");
    const old = place("old", limits.overtakeMs, "normal");
    const older = place("older", HOUR_MS, "low");

    expect(headOfLine<HeadOfLine>([], now)).toBeUndefined();
    expect(headOfLine([fresh, { ...old, since: fresh.since }], now)).toBe(fresh);
    expect(headOfLine([fresh, old, older], now)).toBe(old);
  });
});

describe("a run behind the head of the line", () => {
  it("may overtake until the head has waited its time", () => {
    expect(mustYield(aRun(), head(limits.overtakeMs - 1), now)).toBe(false);
    expect(mustYield(aRun(), head(limits.overtakeMs), now)).toBe(true);
  });

  it("yields to nobody where nobody waits, and never to itself", () => {
    const run = aRun();

    expect(mustYield(run, undefined, now)).toBe(false);
    expect(mustYield(run, { ...head(HOUR_MS), run: run.id }, now)).toBe(false);
  });

  it("of a higher priority yields to no head of a lower one", () => {
    const run = aRun({ priority: "critical" });

    expect(mustYield(run, head(HOUR_MS, "low"), now)).toBe(false);
  });

  it("of a lower priority yields even where it has waited longer", () => {
    const run = aRun({ priority: "low", waitingSince: START_AT });

    expect(mustYield(run, head(limits.overtakeMs, "high"), now)).toBe(true);
  });

  it("of the same priority yields to whoever waits longer", () => {
    const since = (waitedMs: number) => aRun({ waitingSince: plusMs(now, -waitedMs) });

    expect(mustYield(since(20 * MINUTE_MS), head(30 * MINUTE_MS), now)).toBe(true);
    expect(mustYield(since(40 * MINUTE_MS), head(30 * MINUTE_MS), now)).toBe(false);
  });

  it("never yields to a run that would yield to it", () => {
    const place = fc.record({
      priority: fc.constantFrom(...PRIORITIES),
      waitedMs: fc.integer({ min: 0, max: HOUR_MS }),
    });
    const runOf = (id: string, { priority, waitedMs }: { priority: Priority; waitedMs: number }) =>
      aRun({ schedule: id, priority, waitingSince: plusMs(now, -waitedMs) });
    const headOf = (run: ReturnType<typeof aRun>): HeadOfLine => ({
      run: run.id,
      rank: rankOf(run.priority),
      since: run.waitingSince ?? now,
    });
    fc.assert(
      fc.property(place, place, (one, two) => {
        const [a, b] = [runOf("a", one), runOf("b", two)];
        expect(mustYield(a, headOf(b), now) && mustYield(b, headOf(a), now)).toBe(false);
      }),
    );
  });
});
