import { describe, expect, it } from "vitest";
import { assert } from "../../../shared/core/assert.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../shared/core/time/duration.ts";
import { instant, INSTANT_MAX } from "../../../shared/core/time/instant.ts";
import { parseLocal } from "../../../shared/core/time/local-time.ts";
import {
  formatLocal,
  isZone,
  localAt,
  localToInstants,
  zoneNamed,
  type Zone,
} from "../../../shared/core/time/zone.ts";
import { at } from "../../support/timing-builder.ts";
import { watchClock } from "../../support/wall-clock-oracle.ts";

function aZone(name: string): Zone {
  const zone = zoneNamed(name);
  assert(zone !== undefined, `${name} is a zone`);
  return zone;
}

describe("a zone's name", () => {
  it.each([
    "UTC",
    "Europe/Moscow",
    "europe/moscow",
    "Asia/Kolkata",
    "Asia/Calcutta",
    "America/Argentina/Buenos_Aires",
    "America/Port-au-Prince",
    "Etc/GMT+3",
    "CET",
    "EST5EDT",
  ])("is one in the IANA database: %s", (name) => {
    expect(isZone(name)).toBe(true);
  });

  it.each([
    "+03:00",
    "-0330",
    "GMT+3",
    "MSK",
    "IST",
    "PST",
    "jst",
    "Mars/Olympus",
    "",
    "Local",
    "SystemV/PST8",
  ])("is neither an offset, nor an abbreviation, nor invented: '%s'", (name) => {
    expect(isZone(name)).toBe(false);
  });
});

describe("an instant on a zone's clock", () => {
  it.each([
    ["Europe/Moscow", "2027-01-15T06:00:00Z", "2027-01-15T09:00:00+03:00"],
    ["UTC", "2027-01-15T06:00:00.250Z", "2027-01-15T06:00:00.250+00:00"],
    ["America/St_Johns", "2027-01-15T06:00:00Z", "2027-01-15T02:30:00-03:30"],
    ["Asia/Kathmandu", "2027-01-15T06:00:00Z", "2027-01-15T11:45:00+05:45"],
    ["Africa/Monrovia", "1970-01-01T00:00:00Z", "1969-12-31T23:15:30-00:44:30"],
  ])("prints with its offset: %s", (zone, text, printed) => {
    expect(formatLocal(zone, at(text))).toBe(printed);
  });

  it("is what Intl says, in every zone, over the years since 1970", () => {
    for (const name of Intl.supportedValuesOf("timeZone")) {
      const zone = aZone(name);
      const window = {
        startAt: 0,
        endAt: Date.UTC(2040, 0, 1),
        stepMs: 1_021 * DAY_MS + 13 * MINUTE_MS,
      };
      for (const { epochMs, wallMs } of watchClock(name, window)) {
        assert(
          localAt(zone, instant(epochMs)) - (epochMs % 1_000) === wallMs,
          `${name} ${epochMs}`,
        );
      }
    }
  });

  it("holds at the ends of what an instant can be", () => {
    expect(formatLocal("Pacific/Kiritimati", INSTANT_MAX)).toContain("+14:00");
    expect(formatLocal("America/New_York", instant(0))).toBe("1969-12-31T19:00:00-05:00");
  });
});

describe("the eras of a zone", () => {
  it("follow one another without a hole, and agree about what changes between them", () => {
    const zone = aZone("Africa/Casablanca");
    let era = zone.eraAt(Date.UTC(2020, 0, 1));
    while (era.endAt < Date.UTC(2030, 0, 1)) {
      const next = zone.eraAt(era.endAt);

      expect(next.startAt).toBe(era.endAt);
      expect(next.offsetMs).toBe(era.offsetAfterMs);
      expect(next.offsetBeforeMs).toBe(era.offsetMs);
      era = next;
    }
  });

  it("show two changes a week apart", () => {
    const zone = aZone("America/Boa_Vista");

    const summer = zone.eraAt(Date.parse("2000-10-12T00:00:00Z"));

    expect(summer.endAt - summer.startAt).toBe(7 * DAY_MS - HOUR_MS);
    expect([summer.offsetBeforeMs, summer.offsetMs, summer.offsetAfterMs]).toEqual([
      -4 * HOUR_MS,
      -3 * HOUR_MS,
      -4 * HOUR_MS,
    ]);
  });
});

describe("a local time in a zone", () => {
  it.each([
    ["Europe/Berlin", "2027-01-15T09:00", ["2027-01-15T08:00:00Z"]],
    ["Europe/Berlin", "2027-10-31T02:00", ["2027-10-31T00:00:00Z", "2027-10-31T01:00:00Z"]],
    ["Europe/Berlin", "2027-10-31T03:00", ["2027-10-31T02:00:00Z"]],
    ["Europe/Berlin", "2027-03-28T03:00", ["2027-03-28T01:00:00Z"]],
    ["Australia/Lord_Howe", "2027-04-04T01:45", ["2027-04-03T14:45:00Z", "2027-04-03T15:15:00Z"]],
    ["Pacific/Kwajalein", "1993-08-20T12:00", ["1993-08-21T00:00:00Z"]],
  ])("is found wherever the clock shows it: %s, %s", (name, text, expected) => {
    const local = parseLocal(text)?.local;
    assert(local !== undefined, `${text} is a local time`);

    const places = localToInstants(aZone(name), local);

    expect(places).toEqual({ kind: "shown", instants: expected.map(at) });
  });

  it.each([
    ["Europe/Berlin", "2027-03-28T02:00", "2027-03-28T01:00:00Z"],
    ["Europe/Berlin", "2027-03-28T02:59:59", "2027-03-28T01:00:00Z"],
    ["Pacific/Apia", "2011-12-30T00:00", "2011-12-30T10:00:00Z"],
    ["Pacific/Apia", "2011-12-30T23:59", "2011-12-30T10:00:00Z"],
    ["Africa/Monrovia", "1972-01-07T00:30", "1972-01-07T00:44:30Z"],
  ])("points past the gap it lies in: %s, %s", (name, text, expected) => {
    const local = parseLocal(text)?.local;
    assert(local !== undefined, `${text} is a local time`);

    const places = localToInstants(aZone(name), local);

    expect(places).toEqual({ kind: "gap", endAt: at(expected) });
  });
});
