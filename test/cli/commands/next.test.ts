import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { orrery, orreryJson } from "../cli-world.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "orrery-cli-"));
  file = join(folder, "orrery.yaml");
  writeFileSync(
    file,
    `version: 1
defaults: { project: demo, timezone: Europe/Berlin }
schedules:
  nightly:
    when: { cron: "30 2 * * *" }
    job: { cmd: echo, cloud-instance-type: c1.4 }
  hourly:
    when: { every: 1h, jitter: 10m }
    job: { cmd: echo, cloud-instance-type: c1.4 }
  once:
    when: { at: 2027-01-01T00:00 }
    job: { cmd: echo, cloud-instance-type: c1.4 }
  report:
    after: { nightly: succeeded }
    job: { cmd: echo, cloud-instance-type: c1.4 }
`,
  );
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const next = async (...args: readonly string[]): Promise<string> => {
  const { code, out, err } = await orrery("next", file, ...args);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return out;
};

describe("the next fire times of a schedule", () => {
  it("stand in its zone with their offset, and in UTC, across a change of the clock", async () => {
    const from = "2027-03-27T00:00:00Z";

    expect(await next("--schedule", "nightly", "--count", "3", "--from", from)).toBe(
      [
        "nightly (Europe/Berlin)",
        "  Sat 2027-03-27T02:30:00+01:00  2027-03-27T01:30:00Z",
        "  Sun 2027-03-28T03:00:00+02:00  2027-03-28T01:00:00Z",
        "  Mon 2027-03-29T02:30:00+02:00  2027-03-29T00:30:00Z",
        "",
      ].join("\n"),
    );
  });

  it("name the instant that jitter makes of them", async () => {
    const out = await next("-s", "hourly", "-n", "1", "--from", "2027-03-01T00:30:00Z");

    expect(out).toMatch(
      / Mon 2027-03-01T02:00:00\+01:00 {2}2027-03-01T01:00:00Z {2}\+\d+m\d+s.* jitter: 2027-03-01T01:0\d:/,
    );
  });

  it("come after --from, never at it", async () => {
    const out = await next("-s", "nightly", "-n", "1", "--from", "2027-03-27T02:30:00+01:00");

    expect(out).toContain("  Sun 2027-03-28");
  });

  it("are those after now where --from is left out", async () => {
    const answer = (await orreryJson("next", file, "-s", "hourly", "-n", "1")) as {
      from: string;
      schedules: { fires: { nominalAt: string }[] }[];
    };

    const nominalMs = Date.parse(answer.schedules[0]?.fires[0]?.nominalAt ?? "");
    expect(Math.abs(Date.parse(answer.from) - Date.now())).toBeLessThan(60_000);
    expect(nominalMs).toBeGreaterThan(Date.parse(answer.from));
    expect(nominalMs - Date.parse(answer.from)).toBeLessThanOrEqual(3_600_000);
  });
});

describe("a schedule that fires no more, or never by itself", () => {
  it("says so", async () => {
    const out = await next("--from", "2027-02-01T00:00:00Z", "--count", "1");

    expect(out).toContain("once (Europe/Berlin)\n  It does not fire after 2027-02-01T00:00:00Z.\n");
    expect(out).toContain(
      "report (Europe/Berlin)\n  It has no clock; it is started by a message, a person, nightly (succeeded).\n",
    );
  });
});

describe("fire times for programs", () => {
  it("are every schedule's, with nominal, effective and local times", async () => {
    const from = "2026-12-31T22:00:00Z";

    const answer = await orreryJson("next", file, "--from", from, "--count", "1");

    expect(answer).toEqual({
      from,
      schedules: [
        {
          schedule: "nightly",
          timezone: "Europe/Berlin",
          hasClock: true,
          fires: [
            {
              nominalAt: "2027-01-01T01:30:00Z",
              effectiveAt: "2027-01-01T01:30:00Z",
              local: "2027-01-01T02:30:00+01:00",
              weekday: "Fri",
            },
          ],
        },
        expect.objectContaining({ schedule: "hourly" }),
        expect.objectContaining({ schedule: "once" }),
        { schedule: "report", timezone: "Europe/Berlin", hasClock: false, fires: [] },
      ],
    });
  });
});

describe("a question about fire times that is wrong", () => {
  it("names the nearest schedule for an unknown one, and exits 3", async () => {
    const { code, out, err } = await orrery("next", file, "--schedule", "nigthly");

    expect({ code, out }).toEqual({ code: 3, out: "" });
    expect(err).toContain('has no schedule nigthly (did you mean "nightly"?) [SCHEDULE_NOT_FOUND]');
  });

  it.each([["2027-01-15"], ["2027-01-15T09:00:00"], ["2027-02-30T00:00:00Z"], ["tomorrow"]])(
    "refuses --from %s, which is no instant, and exits 2",
    async (from) => {
      const { code, err } = await orrery("next", file, "--from", from);

      expect(code).toBe(2);
      expect(err).toContain(
        "Expected an instant with Z or an offset, such as 2027-01-15T06:00:00Z",
      );
    },
  );

  it("refuses more than a thousand, and exits 2", async () => {
    expect((await orrery("next", file, "--count", "1000")).code).toBe(0);
    expect((await orrery("next", file, "--count", "100001")).code).toBe(2);
  });
});
