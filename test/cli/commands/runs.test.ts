import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { limits } from "../../../shared/core/limits.ts";
import { viewRun } from "../../../shared/core/run/run-view.ts";
import { aConfiguration, aSchedule } from "../../support/builders.ts";
import { anOutput, exits, obeys } from "../../support/scripted-executor.ts";
import { CliWorld, KeptTerminal, orrery, orreryJson, orreryOn } from "../cli-world.ts";

let world: CliWorld;
beforeEach(async () => {
  world = new CliWorld();
  const schedules = [
    aSchedule(),
    aSchedule({ name: "hourly", timing: null, overlap: "queue-all" }),
  ];
  await world.apply(aConfiguration({ schedules }));
});
afterEach(async () => {
  await world.close();
});

const runs = async (...args: readonly string[]): Promise<string> => {
  const { code, out, err } = await orrery("runs", "--data", world.directory, ...args);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return out;
};

describe("a list of runs", () => {
  it("says where to go on while there are none", async () => {
    expect(await runs()).toMatch(/^There are no runs\. `orrery run SCHEDULE` asks for one/);
    expect(await runs("--state", "failed", "--schedule", "nightly")).toMatch(
      /^There are no failed runs of nightly\./,
    );
  });

  it("shows each run's state, time, units and reason, the latest first", async () => {
    const failed = await world.submit(exits(0, 7));
    const running = await world.submit(obeys, "hourly");
    const waiting = await world.submit(undefined, "hourly");

    const [header, ...rows] = (await runs()).trimEnd().split("\n");

    expect(header).toMatch(/^RUN +STATE +NOMINAL \(UTC\) +TOOK +UNITS +REASON$/);
    const cells = rows.map((row) => row.split(/ {2,}/));
    const nominal = (id: string): unknown => expect.stringMatching(nominalOf(id));
    expect(cells).toEqual([
      [
        waiting,
        "waiting",
        nominal(waiting),
        expect.stringMatching(/^Run hourly\S+ of the same.*…$/),
      ],
      [running, "running", nominal(running), expect.stringMatching(/ so far$/), "7240 held"],
      [failed, "failed", nominal(failed), "0s", "0", "Its program ended with exit code 7"],
    ]);
  });

  it("keeps its columns where states are coloured", async () => {
    await world.submit(exits(0));
    const terminal = new KeptTerminal();
    terminal.dress = (_style, text) => `<${text}>`;

    const { out } = await orreryOn(terminal, "runs", "--data", world.directory);

    expect(out).toContain("  <succeeded>  ");
    expect(out.replaceAll(/[<>]/g, "")).toBe(await runs());
  });

  it("is limited by schedule, by state and by number", async () => {
    const nightly = await world.submit(exits(0));
    const first = await world.submit(exits(0), "hourly");
    const second = await world.submit(exits(0), "hourly");
    const cancelled = await world.ask("hourly");
    await orrery("cancel", cancelled, "--data", world.directory);

    const listed = async (...args: readonly string[]): Promise<readonly string[]> => {
      const answer = await orreryJson("runs", "--data", world.directory, ...args);
      return (answer as { runs: { run: string }[] }).runs.map((each) => each.run);
    };

    expect(await listed("--schedule", "hourly")).toEqual([cancelled, second, first]);
    expect(await listed("--state", "succeeded")).toEqual([second, first, nightly]);
    expect(await listed("--state", "succeeded", "--limit", "1")).toEqual([second]);
    expect(await listed("--limit", "2")).toEqual([cancelled, second]);
    expect(await listed("--schedule", "unknown")).toEqual([]);
  });

  it("finds a run by its state behind more others than one page holds", async () => {
    const cancelled = await world.ask();
    await orrery("cancel", cancelled, "--data", world.directory);
    for (let count = 0; count <= limits.scanRows; count += 1) await world.ask();

    expect(await runs("--state", "cancelled")).toContain(cancelled);
  });

  it("is the same runs for programs as `show` and the HTTP API give", async () => {
    const id = await world.submit(exits(0));

    const answer = await orreryJson("runs", "--data", world.directory);

    expect(answer).toEqual({ runs: [viewRun(await world.run(id))] });
    expect(await orreryJson("show", id, "--data", world.directory)).toEqual(
      viewRun(await world.run(id)),
    );
  });
});

describe("everything about a run", () => {
  it("has what it spent beside what was expected of it", async () => {
    const id = await world.submit(exits(0));

    const { out } = await orrery("show", id, "--data", world.directory);

    expect(out).toMatch(/^Units +\d+$/m);
    expect(out).toMatch(/^Expected +at most 7240 units in 30m10s$/m);
  });

  it("has its outputs with their hashes, and where the files are", async () => {
    const output = anOutput("out/report.json", "{}");
    const id = await world.submit({ runMs: 0, outputs: [output] });
    const path = `${world.directory}/jobs/attempts/${id}.1/outputs/out/report.json`;
    const elsewhere = await orrery("show", id, "--data", world.directory);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, "{}");

    const { code, out } = await orrery("show", id, "--data", world.directory);

    expect(elsewhere.out).toContain(`sha256 ${output.sha256}\n`);
    expect(elsewhere.out).not.toContain(path);

    expect(code).toBe(0);
    expect(out).toMatch(/^State +succeeded$/m);
    expect(out).toMatch(/^Cause +a person$/m);
    expect(out).toMatch(/^ {2}Units +0 spent of 7240 held$/m);
    expect(out).toMatch(/^ {2}Exit code +0$/m);
    expect(out).toMatch(/^ {2}Operation +demo\.[a-z]+\.\d{8}T\d+Z\.[0-9a-f]{8}\.1$/m);
    expect(out).toContain("  Output out/report.json, 2 bytes\n");
    expect(out).toContain(`${path}\n`);
    expect(out).toContain(`sha256 ${output.sha256}\n`);
  });

  it("names its inputs and keeps their values to itself", async () => {
    const id = await world.ask("nightly", { TOKEN: "s3cret" });

    const { out } = await orrery("show", id, "--data", world.directory);

    expect(out).toMatch(/^Inputs +TOKEN$/m);
    expect(out).not.toContain("s3cret");
  });

  it.each([["nonsense"], ["nightly.20270115T023000Z.00000000"]])(
    "is RUN_NOT_FOUND and exits 3 for %s",
    async (id) => {
      const { code, out, err } = await orrery("show", id, "--data", world.directory);

      expect({ code, out }).toEqual({ code: 3, out: "" });
      expect(err).toBe(
        `orrery: Unknown run ${id}: list them with \`orrery runs\` [RUN_NOT_FOUND]\n`,
      );
    },
  );
});

/** The nominal time that a run id spells, as a pattern of its ISO form. */
function nominalOf(id: string): RegExp {
  const [, date, time] = /\.(\d{8})T(\d{6})/.exec(id) ?? [];
  const iso = (text = "", mark: string): string => text.replace(/(..)(..)$/, `${mark}$1${mark}$2`);
  return new RegExp(`^${iso(date, "-")}T${iso(time, ":")}`);
}
