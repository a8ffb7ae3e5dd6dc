import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { orrery } from "./cli-world.ts";

const COMMANDS = [
  ...["validate", "next", "simulate", "dst", "stagger", "schema"],
  ...["up", "run", "send", "retry", "cancel"],
  ...["pause", "resume", "skip"],
  ...[
    "runs",
    "show",
    "logs",
    "explain",
    "usage",
    "forecast",
    "ledger",
    "schedules",
    "deliveries",
    "rejected",
  ],
  ...["token", "deploy", "doctor", "invoke", "migrate", "help"],
];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "orrery-cli-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("the help", () => {
  it("lists every command in the order in which a newcomer needs it", async () => {
    const { code, out } = await orrery("help");

    const listed = [...out.matchAll(/^ {2}([a-z]+)(?: {2}| [[<])/gm)].map(([, name]) => name);
    expect(listed).toEqual(COMMANDS);
    expect(out).toContain("Exit codes: 0 done");
    expect(code).toBe(0);
  });

  it.each(COMMANDS.filter((name) => name !== "help"))("of %s has an example", async (name) => {
    const { code, out } = await orrery("help", name);

    expect(out).toMatch(/\nExamples?:\n {2}orrery /);
    expect(code).toBe(0);
  });

  it("stands in for a command where none is given, and exits 2", async () => {
    const { code, out, err } = await orrery();

    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("Usage: orrery");
  });
});

describe("a command line that is wrong", () => {
  it.each([
    [["rnus"], "Did you mean runs?"],
    [["runs", "--shedule", "nightly"], "Did you mean --schedule?"],
    [["runs", "--limit", "0"], "Expected a whole number from 1 to 900."],
    [["runs", "--limit", "1e2"], "Expected a whole number from 1 to 900."],
    [["runs", "--state", "done"], "Allowed choices are queued, waiting"],
    [["logs", "x", "--attempt", "21"], "Expected a whole number from 1 to 20."],
    [["run", "nightly", "--input", "DATE"], "Expected NAME=VALUE"],
    [["run", "nightly", "--input", "A B=1"], "Expected NAME=VALUE"],
    [["run", "nightly", "-i", "A=1", "-i", "A=2"], "A is given twice."],
    [["run", "nightly", "-i", `A=${"x".repeat(1_001)}`], "at most 1000 characters"],
    [["run", "nightly", "--priority", "urgent"], "Allowed choices are critical, high"],
    [["run", "nightly", "--timeout", "2"], "Expected a duration such as"],
    [["run", "nightly", "--timeout", "0s"], "Expected a duration such as"],
    [["run", "nightly", "--on-limit", "ask"], "Allowed choices are wait, skip, fail"],
    [["pause", "nightly", "--note", "x".repeat(501)], "A note has at most 500 characters."],
    [["skip", "nightly", "--count", "101"], "Expected a whole number from 1 to 100."],
    [["skip", "nightly", "--at", "2027-01-15T02:30"], "Expected an instant with Z or an offset"],
    [["skip", "nightly", "-n", "1", "--undo"], "cannot be used with"],
    [["deliveries", "--state", "lost"], "Allowed choices are pending, delivered, buried"],
    [["token", "create", "anna", "--type", "group"], "Allowed choices are userAccount"],
    [["token", "list", "--limit", "901"], "Expected a whole number from 1 to 900."],
    [["show"], "missing required argument 'run'"],
    [["cancel", "one", "two"], "too many arguments"],
  ])("%j is told so, with a way out, and exits 2", async (args, told) => {
    const { code, out, err } = await orrery(...args);

    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(told);
    expect(err).toContain("Run `orrery help`");
  });
});

describe("a data directory that is not there", () => {
  it.each([
    ["runs"],
    ["run", "nightly"],
    ["show", "r"],
    ["logs", "r"],
    ["cancel", "r"],
    ["retry", "r"],
    ["pause", "s"],
    ["resume", "s"],
    ["skip", "s"],
    ["explain", "r"],
    ["usage", "demo"],
    ["ledger", "list", "demo"],
    ["ledger", "export", "demo"],
    ["ledger", "verify", "--all"],
    ["ledger", "top-up", "demo", "5"],
    ["schedules"],
    ["deliveries"],
    ["rejected"],
    ["token", "list"],
    ["token", "delete", "t"],
  ])("is not made by %s, which exits 3", async (...args) => {
    const missing = join(folder, "nowhere");

    const { code, out, err } = await orrery(...args, "--data", missing);

    expect({ code, out }).toEqual({ code: 3, out: "" });
    expect(err).toContain(`There is no platform's data in ${missing}`);
    expect(err).toContain("[DATA_NOT_FOUND]");
    expect(existsSync(missing)).toBe(false);
  });
});

describe("the environment variable ORRERY_DATA", () => {
  afterEach(() => {
    delete process.env["ORRERY_DATA"];
  });

  it("names the data directory, and --data goes before it", async () => {
    const [named, given] = [join(folder, "named"), join(folder, "given")];
    process.env["ORRERY_DATA"] = named;

    expect((await orrery("runs")).err).toContain(named);
    expect((await orrery("runs", "--data", given)).err).toContain(given);
  });
});
