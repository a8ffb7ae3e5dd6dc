import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { Narrator } from "../../../infra/local/narrator.ts";
import { Story } from "../../../infra/local/story.ts";
import { ManualClock } from "../../../shared/adapters/manual/manual-clock.ts";
import { limits } from "../../../shared/core/limits.ts";
import type { LogEntry } from "../../../shared/ports/log.ts";
import { at, jobLogs, nightlyRun, type JobLogs } from "./job-logs.ts";

interface World {
  readonly clock: ManualClock;
  readonly logs: JobLogs;
  readonly story: Story;
  readonly lines: readonly string[];
}

function aWorld(): World {
  const clock = new ManualClock(at("2027-01-01T02:30:00Z"));
  const logs = jobLogs();
  const lines: string[] = [];
  const write = (line: string): void => {
    // The order is what these tests are about: time and schedule are the narrator's.
    lines.push(stripVTControlCharacters(line).slice(28));
  };
  return { clock, logs, lines, story: new Story({ write }, { clock, executor: logs }) };
}

function anEntry(name: string, message: string, part: Partial<LogEntry> = {}): LogEntry {
  return { level: "info", name, message, fields: { run: nightlyRun, attempt: 1 }, ...part };
}

describe("a line of the log", () => {
  function told(entry: LogEntry): string {
    const lines: string[] = [];
    const clock = new ManualClock(at("2027-01-01T02:30:05.700Z"));
    new Narrator({ write: (line) => void lines.push(stripVTControlCharacters(line)) }, clock).write(
      entry,
    );
    return lines.join("\n");
  }

  it("is told with its time, its schedule and a mark", () => {
    const fields = { schedule: "hourly-report" };

    expect(told(anEntry("run.due", "hourly-report is due", { fields }))).toBe(
      "02:30:05  hourly-report     ● hourly-report is due",
    );
  });

  it("finds its schedule in the run it names", () => {
    expect(told(anEntry("delivery.delivered", "Told ops"))).toBe(
      "02:30:05  nightly           ✉ Told ops",
    );
  });

  it("is told of Orrery itself where it is about no schedule", () => {
    const fields = { run: "no run id" };

    expect(told(anEntry("queue.refused", "Refused", { level: "warn", fields }))).toBe(
      "02:30:05  orrery            ! Refused",
    );
  });

  it("for programmers is not told", () => {
    expect(told(anEntry("store.page", "A page", { level: "debug" }))).toBe("");
  });

  it("is told once where the platform tells the same", () => {
    expect(told(anEntry("call.failed", "Function watch failed", { level: "error" }))).toBe("");
  });
});

describe("the story of a run", () => {
  it("has the job's output between its start and its end", async () => {
    const { logs, lines, story } = aWorld();

    story.write(anEntry("run.started", "started"));
    logs.append("stdout", "one\npartial");
    story.write(anEntry("run.succeeded", "succeeded"));
    story.write(anEntry("units.settled", "settled"));
    await story.settled();

    expect(lines).toEqual(["▶ started", "│ one", "│ partial", "✔ succeeded", "◆ settled"]);
  });

  it("has the output of a job found again from its beginning, and once", async () => {
    const { clock, logs, lines, story } = aWorld();
    logs.append("stdout", "before\n");

    story.write(anEntry("run.found", "found again"));
    story.write(anEntry("run.started", "started"));
    await clock.advance(limits.outputFollowMs);

    expect(lines).toEqual(["▶ found again", "▶ started", "│ before"]);
  });

  it("shows output while the job runs", async () => {
    const { clock, logs, lines, story } = aWorld();

    story.write(anEntry("run.started", "started"));
    logs.append("stderr", "half way\n");
    await clock.advance(limits.outputFollowMs);

    expect(lines).toEqual(["▶ started", "│ half way"]);
  });

  it("keeps its order though start and end are told at once, behind an end that waits", async () => {
    const { logs, lines, story } = aWorld();
    const resume = logs.hold();
    story.write(anEntry("run.started", "first started"));
    logs.append("stdout", "out\n");

    story.write(anEntry("run.retried", "first ended"));
    story.write(anEntry("run.started", "second started"));
    story.write(anEntry("run.failed", "second ended"));
    expect(lines).toEqual(["▶ first started"]);
    resume();
    await story.settled();

    expect(lines).toEqual([
      "▶ first started",
      "│ out",
      "↻ first ended",
      "▶ second started",
      "│ out",
      "✘ second ended",
    ]);
  });

  it("does not wait for the output of another run", () => {
    const { logs, lines, story } = aWorld();
    logs.hold();
    story.write(anEntry("run.started", "started"));

    const fields = { run: nightlyRun.replace("nightly", "hourly"), attempt: 1 };
    story.write(anEntry("run.succeeded", "the other succeeded", { fields }));

    expect(lines).toEqual(["▶ started", "✔ the other succeeded"]);
  });

  it("goes on though the output cannot be read", async () => {
    const { logs, lines, story } = aWorld();
    logs.fail("gone");

    story.write(anEntry("run.started", "started"));
    story.write(anEntry("run.succeeded", "succeeded"));
    story.write(anEntry("units.settled", "settled"));
    await story.settled();

    expect(lines).toEqual([
      "▶ started",
      "│ (its output cannot be read: gone)",
      "✔ succeeded",
      "◆ settled",
    ]);
  });

  it("ends, when the platform stops, with what running jobs have printed so far", async () => {
    const { clock, logs, lines, story } = aWorld();
    story.write(anEntry("run.started", "started"));
    logs.append("stdout", "so far");

    await story.settled();

    expect(lines).toEqual(["▶ started", "│ so far"]);
    expect(clock.nextAlarmAt()).toBeUndefined();
  });
});
