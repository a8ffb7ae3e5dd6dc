import { describe, expect, it } from "vitest";
import type { UnitLimits } from "../../../shared/core/project/project-settings.ts";
import { checks, type AdmissionRequest } from "../../../shared/core/units/explain.ts";
import { aRequest, admitted, anAccount, at, nightly } from "../../support/account-builder.ts";

/** What a second attempt is told at 12:30, while the first holds 2400 units since noon. */
function sentences(limits: UnitLimits, fields: Partial<AdmissionRequest> = {}): readonly string[] {
  const { account } = admitted(anAccount(), aRequest(), at("12:00"));
  const { balance, ...others } = limits;
  const limited = { ...account, limits: others, ...(balance === undefined ? {} : { balance }) };
  const request = aRequest({ attempt: nightly(2), graceMs: 10_000, ...fields });
  return checks(limited, request, at("12:30")).map(({ sentence }) => sentence);
}

describe("the explanation of a request", () => {
  it("states every rule where nothing is limited", () => {
    expect(sentences({})).toEqual([
      "Execution: costs 2440 units at most; asked to end after 10m, killed after 10m9s500ms.",
      "Balance: no limit.",
      "Hour: no limit.",
      "Concurrency: 1 of 200 attempts at once.",
    ]);
  });

  it("shows the numbers where everything fits", () => {
    const roomy = { balance: 9_000, unitsPerHour: 5_000, concurrentRuns: 4 };

    expect(sentences(roomy).slice(1)).toEqual([
      "Balance: 2400 held + 2440 for this execution = 4840 of 9000 left.",
      "Hour: up to 4840 of 5000 units in the hour to 2027-01-15T12:40:10Z.",
      "Concurrency: 1 of 4 attempts at once.",
    ]);
  });

  it("shows them too, with what would help, where nothing fits now", () => {
    const tight = { balance: 3_000, unitsPerHour: 2_500, concurrentRuns: 1 };

    expect(sentences(tight).slice(1)).toEqual([
      "Balance: 2400 held + 2440 for this execution = 4840 of 3000 left: 1840 missing; " +
        "running work may give enough back.",
      "Hour: up to 4840 of 2500 units in the hour to 2027-01-15T12:40:10Z; " +
        "fits from 2027-01-15T12:59:35Z.",
      "Concurrency: 1 of 1 attempts at once: none is free.",
    ]);
  });

  it("says what can never fit", () => {
    const hopeless = { balance: 100, unitsPerHour: 2_000, unitsPerExecution: 3 };

    expect(sentences(hopeless, { rate: 4_000 }).slice(0, 3)).toEqual([
      "Execution: one second costs 4000 units, and unitsPerExecution is 3: it can never start.",
      "Balance: 2400 held + 4000 for this execution = 6400 of 100 left: 6300 missing; " +
        "a top up is needed.",
      "Hour: 4000 units alone, of 2000 an hour: it can never start.",
    ]);
  });

  it("carries the compared numbers as data", () => {
    const { account } = admitted(anAccount({ unitsPerHour: 5_000 }), aRequest(), at("12:00"));

    const all = checks(account, aRequest({ attempt: nightly(2) }), at("12:30"));

    expect(all.find(({ rule }) => rule === "hour")?.compared).toEqual({
      peakUnits: 4_800,
      peakAt: at("12:40"),
      aloneUnits: 2_400,
      unitsPerHour: 5_000,
    });
  });
});
