import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AttemptId } from "../../../shared/core/ids.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import { PROJECT } from "../../support/builders.ts";
import { aFile, jobs, JobWorld } from "../../support/job-world.ts";
import { exits, obeys } from "../../support/scripted-executor.ts";
import { failureOf } from "../an-api.ts";

let world: JobWorld;
let logs: Record<string, string>;
beforeEach(async () => {
  world = await JobWorld.make();
  logs = {};
  world.executor.readLog = async (_: AttemptId, stream: string, offset: number) => {
    await Promise.resolve();
    const bytes = new TextEncoder().encode(logs[stream] ?? "").slice(offset);
    return { bytes, nextOffset: offset + bytes.length };
  };
});
afterEach(async () => {
  await world.close();
});

interface Told {
  readonly lines: string[];
  readonly offsets: bigint[];
  isOver: boolean;
  error?: unknown;
}

/** Listens until the stream ends, in the background. */
function listen(
  job: string,
  how: { offset?: bigint; follows?: boolean; signal?: AbortSignal } = {},
): Told {
  const { offset = 0n, ...rest } = how;
  const told: Told = { lines: [], offsets: [], isOver: false };
  const run = async (): Promise<void> => {
    for await (const message of world.stream(jobs.readLogs, { jobId: job, offset }, rest)) {
      for (const { content, source } of message.logs) {
        const from = source.case === "filePath" ? source.value : String(source.value);
        told.lines.push(`${from}: ${new TextDecoder().decode(content)}`);
      }
      told.offsets.push(message.offset);
    }
  };
  void run()
    .catch((error: unknown) => {
      told.error = error;
    })
    .finally(() => {
      told.isOver = true;
    });
  return told;
}

/** Lets everything that can happen now happen, and lets the listeners look again. */
async function look(ms = SECOND_MS): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    await world.clock.advance(ms / 5);
    for (let settle = 0; settle < 10; settle += 1) await setImmediate();
  }
}

async function allOf(job: string, offset = 0n): Promise<Told> {
  const told = listen(job, { offset, follows: false });
  for (let turn = 0; turn < 200 && !told.isOver; turn += 1) await setImmediate();
  expect(told.error).toBeUndefined();
  expect(told.isOver).toBe(true);
  return told;
}

describe("the logs of a job that are followed", () => {
  it("come as they are written, from each of its streams, until it has ended", async () => {
    world.jobsRun(exits(30 * SECOND_MS));
    const { job } = await world.executed();
    await world.deliverAll();
    const told = listen(job);
    await look();
    logs["system"] = "preparing\n";
    logs["stdout"] = "epoch 1\n";
    await look();
    logs["stderr"] = "careful\n";
    await look();
    const meanwhile = { lines: [...told.lines], isOver: told.isOver };
    logs["stdout"] = "epoch 1\nepoch 2\n";
    await world.live(MINUTE_MS);
    await look();

    expect(meanwhile).toEqual({
      lines: [".system.log: preparing\n", "1: epoch 1\n", "2: careful\n"],
      isOver: false,
    });
    expect(told.lines.at(-1)).toBe("1: epoch 2\n");
    expect(told).toMatchObject({ isOver: true, offsets: [10n, 18n, 26n, 34n] });
    expect(told.error).toBeUndefined();
  });

  it("begin when the job is executed, where somebody listens before that", async () => {
    world.jobsRun(exits(SECOND_MS));
    const job = await world.newJob();
    const told = listen(job);
    await look();
    expect(told.isOver).toBe(false);

    await world.rpc(jobs.execute, { jobId: job });
    logs["stdout"] = "hello\n";
    await world.live(MINUTE_MS);
    await look();

    expect(told).toMatchObject({ lines: ["1: hello\n"], isOver: true });
  });

  it("end when a job is cancelled that nobody executed", async () => {
    const job = await world.newJob();
    const told = listen(job);
    await look();

    await world.rpc(jobs.cancel, { jobId: job });
    await look();

    expect(told).toMatchObject({ lines: [], isOver: true });
  });

  it("end when the listener leaves, though the job goes on", async () => {
    world.jobsRun(obeys);
    const { job } = await world.executed();
    await world.deliverAll();
    const leaving = new AbortController();
    const told = listen(job, { signal: leaving.signal });
    await look();

    leaving.abort();
    await look(0);

    expect(told.isOver).toBe(true);
    expect(world.clock.nextAlarmAt()).toBeUndefined();
  });

  it("end quietly when the job is deleted meanwhile", async () => {
    world.files.put(PROJECT, "x");
    const job = await world.newJob({ inputFiles: [aFile("x", "x")] });
    const told = listen(job);
    await look();

    await world.rpc(jobs.delete, { jobId: job });
    await world.live(MINUTE_MS);
    await look();

    expect(told).toMatchObject({ lines: [], isOver: true });
    expect(told.error).toBeUndefined();
  });
});

describe("the logs of a job that are read again", () => {
  it("are the same from the start, by 0 and by -1, and go on exactly at an offset", async () => {
    world.jobsRun(exits(10 * SECOND_MS));
    const { job } = await world.executed();
    await world.deliverAll();
    logs["stdout"] = "one\n";
    const first = await allOf(job);
    logs["stderr"] = "two\n";
    logs["stdout"] = "one\nthree\n";
    await world.live(MINUTE_MS);

    const whole = await allOf(job);
    const attached = await allOf(job, -1n);
    const rest = await allOf(job, first.offsets.at(-1));

    expect(first.lines).toEqual(["1: one\n"]);
    expect(whole.lines.join("")).toBe("1: one\n1: three\n2: two\n");
    expect(attached).toEqual(whole);
    expect(rest.lines).toEqual(["1: three\n", "2: two\n"]);
    expect(rest.offsets.at(-1)).toBe(whole.offsets.at(-1));
  });

  it("leave the platform's words out of the standard streams, with the same offsets", async () => {
    world.jobsRun(exits(SECOND_MS));
    logs = { system: "ready\n", stdout: "out\n", stderr: "err\n" };
    const { job } = await world.executed();
    await world.live(MINUTE_MS);

    const seen: string[] = [];
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- clients of 2023 still call it
    const { readStdLogs } = jobs;
    for await (const { logs: parts, offset } of world.stream(readStdLogs, { jobId: job })) {
      for (const { type, content } of parts) {
        seen.push(`${type} ${new TextDecoder().decode(content)} ${offset}`);
      }
    }

    expect(seen).toEqual(["1 out\n 10", "2 err\n 14"]);
    expect((await allOf(job)).offsets).toEqual([6n, 10n, 14n]);
  });

  it("are nothing, and no error, once the data is cleared", async () => {
    world.jobsRun(exits(SECOND_MS));
    logs["stdout"] = "out\n";
    const { job } = await world.executed();
    await world.live(MINUTE_MS);
    const before = await allOf(job);
    await world.rpc(jobs.deleteData, { jobId: job });
    await world.live(MINUTE_MS);

    expect(before.lines).toHaveLength(1);
    expect((await allOf(job)).lines).toEqual([]);
    expect((await allOf(job, before.offsets.at(-1))).lines).toEqual([]);
  });

  it.each([
    ["that nobody was given", 5n, 3],
    ["below -1", -2n, 3],
    ["beyond what a number holds", 2n ** 60n, 3],
  ])("are refused from an offset %s", async (_, offset, code) => {
    world.jobsRun(exits(HOUR_MS));
    const { job } = await world.executed();
    const told = listen(job, { offset, follows: false });
    await look(0);

    expect(told.error).toMatchObject({ code });
  });

  it("are unknown where the job is", async () => {
    const iterator = world
      .stream(jobs.readLogs, { jobId: "bt1aaaaaaaaaaaaaaaaa" })
      [Symbol.asyncIterator]();

    expect((await failureOf(iterator.next())).code).toBe(5);
  });
});
