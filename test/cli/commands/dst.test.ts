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
calendars:
  working: { kind: weekly, include: [mon, tue, wed, thu, fri], holidays: [2027-01-01] }
schedules:
  nightly:
    when: { cron: "30 2 * * *" }
    job: { cmd: echo, cloud-instance-type: c1.4 }
  often:
    when: { cron: "*/20 * * * *", dst: { overlap: second } }
    job: { cmd: echo, cloud-instance-type: c1.4 }
  noon:
    when: { cron: "0 12 * * *", calendar: working, times: 3 }
    job: { cmd: echo, cloud-instance-type: c1.4 }
`,
  );
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const FROM = ["--from", "2027-01-01T00:00:00Z", "--years", "1"];

describe("the changes of the clock that touch a file's schedules", () => {
  it("stand with what is named and what becomes of it", async () => {
    const { code, out, err } = await orrery("dst", file, ...FROM);

    expect({ code, err }).toEqual({ code: 0, err: "" });
    const spring = "  Sun 2027-03-28T03:00:00+02:00  Europe/Berlin  skips    02:00 to 03:00";
    const autumn = "  Sun 2027-10-31T02:00:00+01:00  Europe/Berlin  repeats  02:00 to 03:00";
    expect(out).toBe(
      [
        "nightly",
        `${spring}  names 02:30:  once, at the end of the gap`,
        `${autumn}  names 02:30:  the first time only`,
        "often",
        `${spring}  names 3 times from 02:00 to 02:40:  left out`,
        `${autumn}  names 3 times from 02:00 to 02:40:  the second time only`,
        `No change of a clock touches the other 1 of 3 until 2028-01-01T00:00:00Z, by tz data ${process.versions["tz"] ?? ""}.`,
        "",
      ].join("\n"),
    );
  });

  it("are read by programs", async () => {
    expect(await orreryJson("dst", file, "--schedule", "nightly", ...FROM)).toEqual({
      from: "2027-01-01T00:00:00Z",
      until: "2028-01-01T00:00:00Z",
      tzdata: process.versions["tz"],
      schedules: [
        {
          schedule: "nightly",
          changes: [
            {
              kind: "gap",
              timezone: "Europe/Berlin",
              changeAt: "2027-03-28T01:00:00Z",
              fromLocal: "2027-03-28T02:00:00",
              untilLocal: "2027-03-28T03:00:00",
              named: 1,
              firstNamed: "2027-03-28T02:30:00",
              lastNamed: "2027-03-28T02:30:00",
              outcome: "moved",
            },
            expect.objectContaining({ kind: "overlap", outcome: "first" }),
          ],
        },
      ],
    });
  });

  it("may be none", async () => {
    const { out } = await orrery("dst", file, "-s", "noon", ...FROM);

    expect(out).toMatch(/^No change of a clock touches a schedule until 2028-01-01T00:00:00Z, by/);
  });

  it("are five years of them unless somebody says otherwise", async () => {
    const args = ["dst", file, "-s", "nightly", "--from", "2027-01-01T00:00:00Z"];
    const answer = (await orreryJson(...args)) as { schedules: { changes: unknown[] }[] };

    expect(answer.schedules[0]?.changes).toHaveLength(10);
  });

  it.each([
    [["--schedule", "nihgtly"], 3, "did you mean"],
    [["--years", "51"], 2, "Expected a whole number from 1 to 50."],
    [["--from", "2027-01-01"], 2, "Expected an instant with Z"],
  ])("are not shown for %j", async (args, code, text) => {
    const answer = await orrery("dst", file, ...args);

    expect(answer.code).toBe(code);
    expect(answer.err).toContain(text);
  });
});

describe("the calendar of a schedule", () => {
  it("is told of where it ends, by validation and among the fires behind that", async () => {
    const checked = await orrery("validate", file);
    const near = await orrery("next", file, "-s", "noon", "--from", "2027-12-01T00:00:00Z");
    const far = await orrery("next", file, "-s", "noon", "--from", "2027-12-30T00:00:00Z");

    expect(checked.code).toBe(0);
    expect(checked.err).toBe(
      `warning: ${file}:4:3 calendars.working: found dates through 2027-12-31, expected more of them before 2028-01-01; from then on its weekdays alone decide\n`,
    );
    expect(near.out).not.toContain("lists days through");
    expect(near.out.trim().split("\n")).toHaveLength(4);
    expect(far.out).toContain(
      "\n  Its calendar lists days through 2027-12-31; behind that only weekdays decide.\n",
    );
    expect(await orreryJson("validate", file)).toMatchObject({
      valid: true,
      warnings: [{ line: 4, column: 3, path: "calendars.working" }],
    });
    expect(await orreryJson("next", file, "-s", "noon")).toMatchObject({
      schedules: [{ calendarThrough: "2027-12-31" }],
    });
  });
});
