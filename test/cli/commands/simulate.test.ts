import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { orrery, orreryJson } from "../cli-world.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "orrery-cli-"));
  file = join(folder, "orrery.yaml");
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const BEGIN = ["--from", "2027-01-01", "--days", "1"] as const;

/** Hourly for twenty minutes, and something of unknown length at midnight, one at a time. */
function write(...assertions: readonly string[]): void {
  const job = "job: { cmd: echo, cloud-instance-type: c1.4 }";
  writeFileSync(
    file,
    `version: 1
defaults: { project: demo }
projects: { demo: { limits: { unitsPerHour: 20000, concurrentRuns: 1 } } }
schedules:
  hourly: { when: { every: 1h }, timeout: 30m, estimate: 20m, ${job} }
  unsaid: { when: "0 0 * * *", timeout: 10m, ${job} }
assertions: [${assertions.join(", ")}]
`,
  );
}

describe("a simulation", () => {
  it("prints what became of each schedule, and of the project", async () => {
    write("{ schedules: hourly, neverOverlaps: true }", "{ project: demo, peakPerHour: 8000 }");

    const { code, out, err } = await orrery("simulate", file, ...BEGIN);

    expect(code).toBe(0);
    expect(err.trim()).toBe("No `estimate`, so their whole timeout was taken: unsaid");
    expect(out.replaceAll(/ +\n/g, "\n")).toBe(
      [
        "Simulated 2027-01-01T00:00:00Z to 2027-01-02T00:00:00Z: 27 occurrences.",
        "",
        "SCHEDULE  FIRES  STARTED  FAILED  WAITED  LONGEST WAIT  UNITS   NOT STARTED",
        "hourly    25     24       -       1       10m           115200  1 still waiting",
        "unsaid    2      1        -       -       -             2400    -",
        "",
        "PROJECT  UNITS   PEAK HOUR                                        BALANCE",
        "demo     117600  7200 of 20000, the hour to 2027-01-01T00:30:00Z  lasts",
        "",
        "All 2 assertions hold.",
        "",
      ].join("\n"),
    );
  });

  it("exits 1 where an assertion does not hold, and says which", async () => {
    write("{ schedules: hourly, maxWait: 5m }");

    const { code, out, err } = await orrery("simulate", file, ...BEGIN);

    expect(code).toBe(1);
    expect(out).toContain("✘ hourly has runs that wait longer: that of 2027-01-01T00:00:00Z");
    expect(err).toContain("[ASSERTION_FAILED]");
  });

  it("is read by programs", async () => {
    write("{ schedules: hourly, maxWait: 5m }");

    expect(await orreryJson("simulate", file, ...BEGIN)).toMatchObject({
      from: "2027-01-01T00:00:00Z",
      until: "2027-01-02T00:00:00Z",
      complete: true,
      occurrences: 27,
      unestimated: ["unsaid"],
      schedules: [
        { schedule: "hourly", fires: 25, started: 24, waits: 1, longestWaitMs: 600_000 },
        { schedule: "unsaid", fires: 2, started: 1, units: 2_400, unstarted: {} },
      ],
      projects: [{ project: "demo", units: 117_600, peakHourUnits: 7_200 }],
      violations: [{ kind: "maxWait", schedules: "hourly", waitMs: 300_000 }],
    });
  });

  it("leaves a timeline where it is told to", async () => {
    write();
    const page = join(folder, "day.html");

    const { code } = await orrery("simulate", file, ...BEGIN, "--html", page);

    expect(code).toBe(0);
    expect(readFileSync(page, "utf8")).toContain("<svg");
  });

  it("plays nothing of a file with problems", async () => {
    write("{ schedules: hurly, neverOverlaps: true }");
    const page = join(folder, "day.html");

    const { code, err } = await orrery("simulate", file, ...BEGIN, "--html", page);

    expect(code).toBe(2);
    expect(err).toContain('found "hurly", expected a schedule of this file');
    expect(existsSync(page)).toBe(false);
  });
});
