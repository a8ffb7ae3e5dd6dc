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
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const job = "job: { cmd: echo, cloud-instance-type: c1.4 }";

function write(...schedules: readonly string[]): void {
  const lines = schedules.map((each) => `  ${each}`);
  writeFileSync(
    file,
    ["version: 1", "defaults: { project: demo }", "schedules:", ...lines].join("\n"),
  );
}

describe("the offsets that are proposed", () => {
  beforeEach(() => {
    write(
      `long: { when: "0 2 * * *", estimate: { duration: 20m }, ${job} }`,
      `brief: { when: "0 2 * * *", timeout: 5m, ${job} }`,
      `unsaid: { when: "0 2 * * *", ${job} }`,
      `spread: { when: { cron: "0 2 * * *", jitter: 1m }, ${job} }`,
      `beat: { when: { every: 1m }, timeout: 30s, ${job} }`,
      `asked: { ${job} }`,
    );
  });

  it("stand with what a run takes, and with the peak that they flatten", async () => {
    const { code, out, err } = await orrery("stagger", file, "--window", "1h");

    expect({ code, err }).toEqual({ code: 0, err: "" });
    // Whole minutes are counted: six of them for `brief`, which takes nine seconds over five.
    expect(out.replaceAll(/ +\n/g, "\n")).toBe(
      [
        "demo",
        "  SCHEDULE  OFFSET                       UNITS OF A RUN     BY",
        "  long      10m                          4800 in 20m        its estimate",
        "  brief     30m                          1240 in 5m9s500ms  its timeout",
        "  unsaid    36m                          2400 in 10m        assumed: it has neither estimate nor timeout",
        "  spread    none, its own                2400 in 10m        assumed: it has neither estimate nor timeout",
        "  beat      none, it fires all the time  160 in 39s500ms    its timeout",
        "  Before: at most 19 units a second at once, and 20640 in any hour.",
        "  After:  at most 7 units a second at once, and 20640 in any hour.",
        "",
      ].join("\n"),
    );
  });

  it("are read by programs", async () => {
    expect(await orreryJson("stagger", file, "-w", "1h")).toMatchObject({
      projects: [
        {
          project: "demo",
          schedules: [
            { schedule: "long", offsetSeconds: 600, isProposed: true, by: "configured" },
            { schedule: "brief", offsetSeconds: 1_800, by: "timeout" },
            { schedule: "unsaid", offsetSeconds: 2_160, by: "assumed" },
            { schedule: "spread", offsetSeconds: 0, isProposed: false },
            { schedule: "beat", offsetSeconds: 0, isProposed: false },
          ],
        },
      ],
    });
  });

  it("are those that `stagger: auto` applies", async () => {
    const auto = (name: string, rest = ""): string =>
      `${name}: { when: { cron: "0 2 * * *", stagger: { window: 1h } }, ${job}${rest} }`;
    write(auto("long", ", estimate: { duration: 20m }"), auto("brief"));
    const proposed = (await orreryJson("stagger", file)) as {
      projects: { schedules: { offsetSeconds: number }[] }[];
    };
    const fires = await orrery("next", file, "-n", "1", "--from", "2027-01-15T00:00:00Z");

    expect(proposed.projects[0]?.schedules.map(({ offsetSeconds }) => offsetSeconds)).toEqual([
      0, 1_200,
    ]);
    expect(fires.out).toContain(
      "brief (UTC)\n  Fri 2027-01-15T02:00:00+00:00  2027-01-15T02:00:00Z  +20m stagger: 2027-01-15T02:20:00Z\n",
    );
  });

  it("are none where no clock starts anything", async () => {
    write(`asked: { ${job} }`);

    expect((await orrery("stagger", file)).out).toContain("has no schedule that a clock starts");
  });

  it.each(["30s", "25h", "soon"])("are not worked out for a window of %s", async (window) => {
    const { code, err } = await orrery("stagger", file, "--window", window);

    expect(code).toBe(2);
    expect(err).toContain("Expected a duration such as 30m, from 1m to 24h.");
  });
});
