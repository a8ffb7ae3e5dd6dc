import { describe, expect, it } from "vitest";
import { JobOutput } from "../../../infra/local/job-output.ts";
import { ManualClock } from "../../../shared/adapters/manual/manual-clock.ts";
import { limits } from "../../../shared/core/limits.ts";
import { at, nightlyAttempt, jobLogs, type JobLogs } from "./job-logs.ts";

interface World {
  readonly clock: ManualClock;
  readonly logs: JobLogs;
  readonly lines: readonly string[];
  readonly output: JobOutput;
}

function aWorld(): World {
  const clock = new ManualClock(at("2027-01-01T00:00:00Z"));
  const logs = jobLogs();
  const lines: string[] = [];
  const print = (line: string): void => void lines.push(line);
  const output = new JobOutput(nightlyAttempt, { clock, executor: logs, print });
  return { clock, logs, lines, output };
}

describe("what a job prints", () => {
  it("is shown line by line while it runs", async () => {
    const { clock, logs, lines } = aWorld();

    logs.append("stdout", "one\ntwo\nthr");
    await clock.advance(limits.outputFollowMs);
    expect(lines).toEqual(["one", "two"]);
    logs.append("stdout", "ee\n");
    await clock.advance(limits.outputFollowMs);

    expect(lines).toEqual(["one", "two", "three"]);
  });

  it("is shown from both streams, each with lines of its own", async () => {
    const { clock, logs, lines } = aWorld();

    logs.append("stdout", "out, half");
    logs.append("stderr", "err\n");
    await clock.advance(limits.outputFollowMs);
    logs.append("stdout", " and whole\n");
    await clock.advance(limits.outputFollowMs);

    expect(lines).toEqual(["err", "out, half and whole"]);
  });

  it("keeps letters whole that lie across two reads", async () => {
    const { clock, logs, lines } = aWorld();

    for (const byte of Buffer.from("ночь 🪐\n")) {
      logs.append("stdout", Buffer.from([byte]));
      await clock.advance(limits.outputFollowMs);
    }

    expect(lines).toEqual(["ночь 🪐"]);
  });

  it("is shown whole though one read brings only a piece of it", async () => {
    const { clock, logs, lines } = aWorld();
    const long = "x".repeat(3 * logs.chunkBytes);

    logs.append("stdout", `${long}\nlast\n`);
    await clock.advance(limits.outputFollowMs);

    expect(lines).toEqual([long, "last"]);
  });
});

describe("the end of a job", () => {
  it("shows what is left, also of a line without an end", async () => {
    const { logs, lines, output } = aWorld();

    logs.append("stdout", "one\nno newline");
    logs.append("stderr", "warned");
    await output.end();

    expect(lines).toEqual(["one", "no newline", "warned"]);
  });

  it("shows a letter that was cut off for good as a broken one", async () => {
    const { logs, lines, output } = aWorld();

    logs.append("stdout", Buffer.from("я").subarray(0, 1));
    await output.end();

    expect(lines).toEqual(["\u{fffd}"]);
  });

  it("shows every line once, though a read is under way", async () => {
    const { clock, logs, lines, output } = aWorld();
    logs.append("stdout", "one\n");
    const resume = logs.hold();
    await clock.advance(limits.outputFollowMs);

    const ended = output.end();
    logs.append("stdout", "two\n");
    resume();
    await ended;

    expect(lines).toEqual(["one", "two"]);
  });

  it("leaves no alarm and reads no more, though a read was under way", async () => {
    const { clock, logs, lines, output } = aWorld();
    const resume = logs.hold();
    await clock.advance(limits.outputFollowMs);

    const ended = output.end();
    resume();
    await ended;
    logs.append("stdout", "too late\n");
    await clock.advance(10 * limits.outputFollowMs);

    expect(clock.nextAlarmAt()).toBeUndefined();
    expect(lines).toEqual([]);
  });

  it("is told twice without showing anything twice", async () => {
    const { logs, lines, output } = aWorld();
    logs.append("stdout", "one\nrest");

    await Promise.all([output.end(), output.end()]);

    expect(lines).toEqual(["one", "rest"]);
  });
});

describe("output that cannot be read", () => {
  it("is said once, and ends quietly", async () => {
    const { clock, logs, lines, output } = aWorld();
    logs.append("stdout", "never seen\n");

    logs.fail("EMFILE: too many open files");
    await clock.advance(5 * limits.outputFollowMs);
    await output.end();

    expect(lines).toEqual(["(its output cannot be read: EMFILE: too many open files)"]);
    expect(clock.nextAlarmAt()).toBeUndefined();
  });
});
