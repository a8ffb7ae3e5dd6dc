import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assert } from "../../../shared/core/assert.ts";
import {
  firstMoved,
  movedText,
  recordedTiming,
  zonesOf,
} from "../../../shared/core/schedule/moved-fire.ts";
import type { DstPolicy, TimingSpec } from "../../../shared/core/schedule/timing.ts";
import { HOUR_MS } from "../../../shared/core/time/duration.ts";
import { changesIn, type ZoneChanges } from "../../../shared/core/time/zone-changes.ts";
import { zoneNamed } from "../../../shared/core/time/zone.ts";
import { occurrencesBetween } from "../../support/occurrences.ts";
import { aCron, at, aTiming, compiled } from "../../support/timing-builder.ts";

const FROM_AT = at("2023-06-01T00:00:00Z");
const UNTIL_AT = at("2025-06-01T00:00:00Z");
const SPAN = { fromAt: FROM_AT, untilAt: UNTIL_AT };

function recorded(name: string): ZoneChanges {
  const zone = zoneNamed(name);
  assert(zone !== undefined, `${name} is a zone`);
  return changesIn(zone, SPAN);
}

const ZONES = ["Europe/Berlin", "America/Nuuk", "Africa/Casablanca", "Australia/Lord_Howe"];
const POLICIES: readonly DstPolicy[] = (["skip", "shift"] as const).flatMap((gap) =>
  (["first", "second", "both"] as const).map((overlap) => ({ gap, overlap })),
);

const timings = fc
  .record({
    timezone: fc.constantFrom(...ZONES),
    dst: fc.constantFrom(...POLICIES),
    expression: fc.constantFrom(
      "30 1,2 * * *",
      "*/45 * * * *",
      "15 0,22,23 * * sat-sun",
      "0 3 * * *",
    ),
  })
  .map(({ expression, ...rest }): TimingSpec => aTiming({ when: [aCron(expression, rest)] }));

describe("a timing by recorded zones", () => {
  it("has the occurrences that it has by the zones themselves, where nothing changed", () => {
    fc.assert(
      fc.property(timings, (timing) => {
        const [zone = ""] = zonesOf(timing);
        const zones = { [zone]: recorded(zone) };
        const byRecord = recordedTiming(timing, zones);
        assert(byRecord !== undefined, "it compiles");
        const window = { afterAt: FROM_AT, throughAt: UNTIL_AT, limit: 100_000 };

        expect(occurrencesBetween(byRecord, window)).toEqual(
          occurrencesBetween(compiled(timing), window),
        );
        expect(firstMoved(timing, zones, SPAN)).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });

  it("first moves where both part, as going through all of them finds", () => {
    fc.assert(
      fc.property(timings, fc.nat(), fc.constantFrom(-HOUR_MS, HOUR_MS), (timing, index, by) => {
        const [zone = ""] = zonesOf(timing);
        const { offsetMs, changes } = recorded(zone);
        // From one of its changes on, or from the beginning, the clock was another one.
        const from = index % (changes.length + 1);
        const zones = {
          [zone]: {
            offsetMs: from === 0 ? offsetMs + by : offsetMs,
            changes: changes.map(
              ([changeAt, offset], at) =>
                [changeAt, at + 1 >= from ? offset + by : offset] as const,
            ),
          },
        };
        const before = recordedTiming(timing, zones);
        assert(before !== undefined, "it compiles");
        const window = { afterAt: FROM_AT, throughAt: UNTIL_AT, limit: 100_000 };
        const [were, are] = [before, compiled(timing)].map((each) =>
          occurrencesBetween(each, window),
        );
        const parted = were?.findIndex((was, place) => was !== are?.[place]) ?? -1;

        const moved = firstMoved(timing, zones, { ...SPAN, fromAt: FROM_AT + 1 });
        expect(moved === undefined).toBe(parted < 0);
        if (moved !== undefined) {
          expect(moved).toEqual({ was: were?.[parted], becomes: are?.[parted] });
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("a moved fire", () => {
  it("is told with both times, or with the one there is", () => {
    const [was, becomes] = [at("2027-01-15T08:00:00Z"), at("2027-01-15T09:00:00Z")];

    expect(movedText({ was, becomes })).toBe(
      "fires at 2027-01-15T09:00:00Z and not at 2027-01-15T08:00:00Z",
    );
    expect(movedText({ was })).toBe("does not fire at 2027-01-15T08:00:00Z any more");
    expect(movedText({ becomes })).toBe("fires at 2027-01-15T09:00:00Z too");
  });

  it("is looked for in the zones that local times are in, UTC not among them", () => {
    expect(
      zonesOf(
        aTiming({
          when: [
            aCron("0 0 * * *"),
            aCron("0 0 * * *", { timezone: "Asia/Tokyo" }),
            { kind: "every", everyMs: HOUR_MS, offsetMs: 0 },
          ],
          timezone: "Europe/Moscow",
        }),
      ),
    ).toEqual(["Asia/Tokyo"]);
    expect(zonesOf(aTiming({ timezone: "Europe/Moscow", from: "2027-01-01" }))).toEqual([
      "Europe/Moscow",
    ]);
  });
});
