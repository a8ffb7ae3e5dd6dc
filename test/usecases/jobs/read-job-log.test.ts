import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AttemptId } from "../../../shared/core/ids.ts";
import { limits } from "../../../shared/core/limits.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import { readJobLog, type LogPiece } from "../../../shared/usecases/jobs/read-job-log.ts";
import { JobWorld } from "../../support/job-world.ts";
import { exits } from "../../support/scripted-executor.ts";

type Stream = LogPiece["stream"];
type Texts = Record<Stream, Uint8Array>;

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Logs that grow when the test says so. */
function growing(world: JobWorld): Texts {
  const texts: Texts = { stdout: encode(""), stderr: encode(""), system: encode("") };
  world.executor.readLog = async (_: AttemptId, stream: string, offset: number) => {
    await Promise.resolve();
    const bytes = texts[stream as Stream].slice(offset, offset + limits.logChunkBytes);
    return { bytes, nextOffset: offset + bytes.length };
  };
  return texts;
}

const append = (texts: Texts, stream: Stream, bytes: Uint8Array): void => {
  texts[stream] = Uint8Array.from([...texts[stream], ...bytes]);
};

/** One reader: everything it got, by stream, and where it goes on. */
class Reader {
  readonly got: Record<Stream, number[]> = { stdout: [], stderr: [], system: [] };
  readonly pieces: LogPiece[] = [];
  offset = 0;
  isOver = false;
  readonly #world: JobWorld;
  readonly #job: string;

  constructor(world: JobWorld, job: string) {
    this.#world = world;
    this.#job = job;
  }

  /** Reads at most so many pieces; what it has is enough to go on later. */
  async read(most = Infinity): Promise<void> {
    for (let pieces = 0; pieces < most; pieces += 1) {
      const read = await readJobLog(this.#world.services, this.#job, this.offset);
      this.isOver = read.kind === "over";
      if (read.kind !== "piece") return;
      this.got[read.stream].push(...read.bytes);
      this.pieces.push(read);
      this.offset = read.nextOffset;
    }
  }
}

const step = fc.oneof(
  fc.record({
    kind: fc.constant("write" as const),
    stream: fc.constantFrom<Stream>("stdout", "stderr", "system"),
    bytes: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 12 }),
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 }).map(encode),
    ),
  }),
  fc.record({
    kind: fc.constant("read" as const),
    reader: fc.nat({ max: 2 }),
    pieces: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({
    kind: fc.constant("together" as const),
    pieces: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 20_000 }) }),
);

describe("a job's logs", () => {
  it("are the same bytes in the same order for every reader, however they read", async () => {
    const world = await JobWorld.make();
    world.jobsRun(exits(10 * MINUTE_MS));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const { job } = await world.executed();
        await world.deliverAll();
        const texts = growing(world);
        const readers = [0, 1, 2].map(() => new Reader(world, job));
        for (const each of steps) {
          switch (each.kind) {
            case "write":
              append(texts, each.stream, each.bytes);
              break;
            case "read":
              await readers[each.reader]?.read(each.pieces);
              break;
            case "together":
              await Promise.all(readers.map(async (reader) => await reader.read(each.pieces)));
              break;
            case "wait":
              await world.clock.advance(each.ms);
          }
        }
        await world.live(11 * MINUTE_MS);
        const late = new Reader(world, job);
        for (const reader of [...readers, late]) await reader.read();

        const orders = [...readers, late].map(({ got, isOver, offset, pieces }) => {
          expect(isOver).toBe(true);
          for (const stream of ["stdout", "stderr", "system"] as const) {
            expect(Uint8Array.from(got[stream])).toEqual(texts[stream]);
          }
          return {
            offset,
            order: pieces.flatMap(({ stream, bytes }) =>
              [...bytes].map((byte) => `${stream}${byte}`),
            ),
          };
        });
        for (const order of orders) expect(order).toEqual(orders[0]);
      }),
      { numRuns: 40, seed: 4711 },
    );
    await world.close();
  }, 60_000);

  it("come in pieces of 64 KiB at most, whole characters each, whatever they are", async () => {
    const world = await JobWorld.make();
    world.jobsRun(exits(HOUR_MS));
    const { job } = await world.executed();
    await world.deliverAll();
    const texts = growing(world);
    const text = "щ".repeat(100_001);
    append(texts, "stdout", encode(`x${text}`));
    const reader = new Reader(world, job);

    await reader.read();

    const decode = (bytes: Uint8Array): string =>
      new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    expect(reader.pieces.map(({ bytes }) => decode(bytes)).join("")).toBe(`x${text}`);
    const sizes = reader.pieces.map(({ bytes }) => bytes.length);
    expect(sizes.slice(0, 2)).toEqual([65_535, 65_536]);
    await world.close();
  });

  it("hold half a character back until the rest is there, and give it out at the end", async () => {
    const world = await JobWorld.make();
    world.jobsRun(exits(MINUTE_MS));
    const { job } = await world.executed();
    await world.deliverAll();
    const texts = growing(world);
    const reader = new Reader(world, job);
    append(texts, "stdout", Uint8Array.from([0x61, 0xd1]));

    await reader.read();
    const before = [...reader.got.stdout];
    append(texts, "stdout", Uint8Array.from([0x89, 0xd1]));
    await reader.read();
    const then = [...reader.got.stdout];
    await world.live(3 * MINUTE_MS);
    await reader.read();

    expect([before, then]).toEqual([[0x61], [0x61, 0xd1, 0x89]]);
    expect(reader.got.stdout).toEqual([0x61, 0xd1, 0x89, 0xd1]);
    expect(reader.isOver).toBe(true);
    await world.close();
  });

  it("keep nobody from the rest where one stream lost what it had", async () => {
    const world = await JobWorld.make();
    world.jobsRun(exits(MINUTE_MS));
    const { job } = await world.executed();
    await world.deliverAll();
    const texts = growing(world);
    append(texts, "system", encode("preparing"));
    await new Reader(world, job).read();
    append(texts, "stdout", encode("hello"));
    await world.live(3 * MINUTE_MS);
    texts.system = encode("");
    const reader = new Reader(world, job);

    await reader.read();

    expect(reader).toMatchObject({ isOver: true, got: { stdout: [...encode("hello")] } });
    await world.close();
  });

  it("say when each piece was first read, to everybody who reads it", async () => {
    const world = await JobWorld.make();
    world.jobsRun(exits(HOUR_MS));
    const { job } = await world.executed();
    await world.deliverAll();
    const texts = growing(world);
    const first = new Reader(world, job);
    append(texts, "stdout", encode("a"));
    await first.read();
    await world.clock.advance(20 * SECOND_MS);
    append(texts, "stdout", encode("b"));
    await first.read();
    await world.clock.advance(20 * SECOND_MS);

    const second = new Reader(world, job);
    await second.read();

    expect(second.pieces).toEqual(first.pieces);
    expect(second.pieces.map(({ at }) => at - (second.pieces[0]?.at ?? 0))).toEqual([0, 20_000]);
    await world.close();
  });
});
