import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Code } from "../../../../shared/api/code.ts";
import type { RunId } from "../../../../shared/core/ids.ts";
import { limits } from "../../../../shared/core/limits.ts";
import { MINUTE_MS, SECOND_MS } from "../../../../shared/core/time/duration.ts";
import {
  RunService,
  type ReadRunLogsRequest,
  type ReadRunLogsResponse,
} from "../../../../shared/gen/orrery/v1/run_service_pb.ts";
import { aRetry, START_AT } from "../../../support/builders.ts";
import { exits, type Script } from "../../../support/scripted-executor.ts";
import { failureOf } from "../../an-api.ts";
import { onProject, OrreryWorld } from "./orrery-world.ts";

const { readLogs } = RunService.method;

let world: OrreryWorld;
beforeEach(async () => {
  world = new OrreryWorld();
  await world.schedule({ timing: null, overlap: "allow" });
});
afterEach(async () => await world.close());

type Asked = Partial<Omit<ReadRunLogsRequest, "$typeName" | "run">>;
type How = Parameters<OrreryWorld["stream"]>[2];

/** Runs for `seconds` and prints a line at each of them. */
function counts(seconds: number, code = 0): Script {
  return {
    ...exits(seconds * SECOND_MS, code),
    get prints() {
      const passed = Math.floor((world.clock.now() - START_AT) / SECOND_MS);
      return Array.from({ length: Math.min(passed, seconds) }, (_, n) => `${n + 1}\n`).join("");
    },
  };
}

/** A run whose program runs and has printed for some seconds. */
async function started(script: Script, forMs = 0): Promise<RunId> {
  world.willRun("nightly", script);
  const run = await world.askRun("nightly", "p1");
  await world.deliverAll();
  await world.live(forMs);
  return run;
}

/** Everything that a stream sends, as it comes. */
class Reading {
  readonly messages: ReadRunLogsResponse[] = [];
  isOver = false;
  readonly end: Promise<void>;

  constructor(run: string, asked: Asked, how?: How) {
    this.end = this.#read(run, asked, how);
  }

  get text(): string {
    return Buffer.concat(this.messages.map(({ content }) => content)).toString();
  }

  async #read(run: string, asked: Asked, how: How): Promise<void> {
    const stream = world.stream(readLogs, { run, ...asked }, how);
    for await (const message of stream) this.messages.push(message);
    this.isOver = true;
  }
}

/** Moves time on no faster than whoever follows a log looks. */
async function live(forMs: number): Promise<void> {
  for (let passed = 0; passed < forMs; passed += limits.outputFollowMs) {
    await world.live(limits.outputFollowMs);
    // Every look reads the store a few times, and each read takes a turn.
    for (let turn = 0; turn < 10; turn += 1) await setImmediate();
  }
}

/** What there is of a log without waiting. */
async function read(run: string, asked: Asked = {}, how?: How): Promise<Reading> {
  const reading = new Reading(run, asked, how);
  await reading.end;
  return reading;
}

describe("a log that is followed", () => {
  it("waits for the start, comes as it is written, and ends with the attempt", async () => {
    world.willRun("nightly", counts(5));
    const run = await world.askRun("nightly", "p1");
    const reading = new Reading(run, { follow: true });

    await world.clock.advance(0);
    expect([reading.text, reading.isOver]).toEqual(["", false]);
    await live(2_500);
    expect([reading.text, reading.isOver]).toEqual(["1\n2\n", false]);
    await live(10 * SECOND_MS);
    await reading.end;

    expect(reading.text).toBe("1\n2\n3\n4\n5\n");
    expect(reading.messages).toHaveLength(5);
    expect(reading.messages.map(({ offset }) => offset)).toEqual([2n, 4n, 6n, 8n, 10n]);
    expect(world.clock.nextAlarmAt()).toBeUndefined();
  });

  it("has what was written last before the end", async () => {
    const run = await started({
      ...exits(2_500),
      get prints() {
        return world.clock.now() < START_AT + 2_500 ? "" : "bye\n";
      },
    });
    const reading = new Reading(run, { follow: true });

    await world.live(MINUTE_MS);
    await reading.end;

    expect(reading.text).toBe("bye\n");
  });

  it("ends for a reader that leaves, at once and without a trace", async () => {
    const run = await started(counts(50), 2 * SECOND_MS);
    const leaving = new AbortController();
    const reading = new Reading(run, { follow: true }, { signal: leaving.signal });
    await live(2 * SECOND_MS);
    expect(world.clock.nextAlarmAt()).toBeDefined();

    leaving.abort();
    await reading.end;

    expect(reading.text).toBe("1\n2\n3\n");
    expect(world.clock.nextAlarmAt()).toBeUndefined();
  });

  it("ends for a reader that leaves before the run starts", async () => {
    const run = await world.askRun("nightly", "p1");
    const leaving = new AbortController();
    const reading = new Reading(run, { follow: true }, { signal: leaving.signal });
    await live(SECOND_MS);
    expect(world.clock.nextAlarmAt()).toBeDefined();

    leaving.abort();
    await reading.end;

    expect(reading.messages).toEqual([]);
    expect(world.clock.nextAlarmAt()).toBeUndefined();
  });

  it("is what there is now over a face that cannot wait", async () => {
    const run = await started(counts(50), 2 * SECOND_MS);

    expect((await read(run, { follow: true }, { follows: false })).text).toBe("1\n2\n");
  });

  it("waits for the attempt that it names", async () => {
    await world.schedule({ timing: null, retry: aRetry({ attempts: 2 }) });
    const run = await started({ ...exits(SECOND_MS, 1), prints: "first" });
    world.willRun("nightly", { ...exits(SECOND_MS), prints: "second" });
    const reading = new Reading(run, { follow: true, attempt: 2n });

    await world.live(5 * SECOND_MS);
    expect(reading.text).toBe("");
    await world.live(3 * MINUTE_MS);
    await reading.end;

    expect(reading.text).toBe("second");
  });

  it("fails where the run ends without ever having started", async () => {
    const run = await world.askRun("nightly", "p1");
    const reading = new Reading(run, { follow: true });
    const failure = failureOf(reading.end);
    await world.clock.advance(SECOND_MS);

    await world.cancel(run);
    await world.clock.advance(SECOND_MS);

    expect((await failure).code).toBe(Code.NOT_FOUND);
    expect((await failure).message).toContain("it is cancelled");
  });
});

describe("a log that is read", () => {
  it("goes on from the offset that the last message named, byte for byte", async () => {
    const text = "één\ntwee\n".repeat(10);
    const run = await started({ ...exits(SECOND_MS), prints: text }, MINUTE_MS);
    const whole = Buffer.from(text);

    for (const offset of [0, 1, 2, 30, whole.length - 1]) {
      const reading = await read(run, { offset: BigInt(offset) });
      const { messages } = reading;
      expect(Buffer.concat(messages.map(({ content }) => content))).toEqual(whole.subarray(offset));
      expect(messages.at(-1)?.offset).toBe(BigInt(whole.length));
    }
  });

  it.each([0, 1, Number.MAX_SAFE_INTEGER - 3])(
    "has nothing %s bytes behind its end, and says nothing",
    async (behind) => {
      const run = await started({ ...exits(SECOND_MS), prints: "abc" }, MINUTE_MS);
      const offset = BigInt(3 + behind);

      expect((await read(run, { offset })).messages).toEqual([]);
      expect((await read(run, { offset, follow: true })).messages).toEqual([]);
    },
  );

  it("is that of the last attempt unless one is named", async () => {
    await world.schedule({ timing: null, retry: aRetry({ attempts: 2 }) });
    world.willRun("nightly", { ...exits(SECOND_MS, 1), prints: "first" });
    world.willRun("nightly", { ...exits(SECOND_MS), prints: "second" });
    const run = await world.askRun("nightly", "p1");
    await world.live(5 * MINUTE_MS);

    expect((await read(run)).text).toBe("second");
    expect((await read(run, { attempt: 1n })).text).toBe("first");
    expect((await failureOf(read(run, { attempt: 3n }))).message).toContain("its last one is 2");
  });

  it("is one stream alone, stdout unless another is named", async () => {
    const run = await started({ ...exits(SECOND_MS), prints: "out" }, MINUTE_MS);

    expect((await read(run, { stream: "stdout" })).text).toBe("out");
    expect((await read(run, { stream: "stderr" })).text).toBe("");
    expect((await read(run, { stream: "system" })).text).toBe("");
  });

  it.each([
    ["a stream that is none", { stream: "stdin" }],
    ["an offset before its beginning", { offset: -1n }],
    ["an offset that no number holds", { offset: 2n ** 63n - 1n }],
    ["an attempt before the first", { attempt: -1n }],
    ["an attempt that no run reaches", { attempt: 10_000n }],
  ])("is refused for %s", async (_what, asked) => {
    const run = await started(exits(SECOND_MS), MINUTE_MS);

    expect((await failureOf(read(run, asked))).code).toBe(Code.INVALID_ARGUMENT);
  });

  it("is not there for a run that never started, with its state", async () => {
    const run = await world.askRun("nightly", "p1");

    const failure = await failureOf(read(run));

    expect(failure.code).toBe(Code.NOT_FOUND);
    expect(failure.message).toContain("it is queued");
  });

  it("is shown to whoever may look at its project, and to nobody else", async () => {
    const run = await started({ ...exits(SECOND_MS), prints: "out" }, MINUTE_MS);
    const vera = await world.userOf("vera", { role: "viewer", on: onProject("demo") });
    const eve = await world.userOf("eve", { role: "admin", on: onProject("other") });

    expect((await read(run, {}, { headers: vera })).text).toBe("out");
    expect((await failureOf(read(run, {}, { headers: eve }))).code).toBe(Code.NOT_FOUND);
    expect((await failureOf(read(run, {}, { headers: {} }))).code).toBe(Code.UNAUTHENTICATED);
  });
});
