import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scheduleName } from "../../../shared/core/ids.ts";
import { jitterMs } from "../../../shared/core/schedule/jitter.ts";
import { HOUR_MS, MINUTE_MS } from "../../../shared/core/time/duration.ts";
import { instant, plusMs } from "../../../shared/core/time/instant.ts";
import { at } from "../../support/timing-builder.ts";

const NOMINAL_AT = at("2027-01-15T09:00:00Z");
const names = fc.stringMatching(/^[a-z][a-z0-9]{0,20}$/).map(scheduleName);

describe("a schedule's jitter", () => {
  it("stays within its maximum, and before the occurrence that follows", () => {
    fc.assert(
      fc.property(
        names,
        fc.nat(HOUR_MS),
        fc.integer({ min: 1, max: HOUR_MS }),
        (name, maxMs, gapMs) => {
          const followingAt = plusMs(NOMINAL_AT, gapMs);

          const putOffMs = jitterMs(name, { maxMs, nominalAt: NOMINAL_AT, followingAt });

          expect(putOffMs).toBeGreaterThanOrEqual(0);
          expect(putOffMs).toBeLessThanOrEqual(maxMs);
          expect(NOMINAL_AT + putOffMs).toBeLessThan(followingAt);
        },
      ),
    );
  });

  it("is the same for each of its occurrences", () => {
    const amounts = [0, 1, 2].map((day) =>
      jitterMs(scheduleName("nightly"), {
        maxMs: 5 * MINUTE_MS,
        nominalAt: instant(NOMINAL_AT + day * HOUR_MS),
      }),
    );

    expect(new Set(amounts).size).toBe(1);
  });

  it("spreads schedules evenly", () => {
    const quarters = [0, 0, 0, 0];
    for (let index = 0; index < 1_000; index += 1) {
      const name = scheduleName(`schedule-${index}`);
      const quarter = Math.floor(jitterMs(name, { maxMs: 3_999, nominalAt: NOMINAL_AT }) / 1_000);
      quarters[quarter] = (quarters[quarter] ?? 0) + 1;
    }

    for (const count of quarters) expect(Math.abs(count - 250)).toBeLessThan(50);
  });
});
