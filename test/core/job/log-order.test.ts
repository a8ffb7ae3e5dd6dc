import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  appendRead,
  orderEnd,
  streamEnd,
  wholeCharacters,
  type LogStream,
  type LogStretch,
} from "../../../shared/core/job/log-order.ts";
import { limits } from "../../../shared/core/limits.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { START_AT } from "../../support/builders.ts";

const read = fc.record({
  stream: fc.constantFrom<LogStream>("stdout", "stderr", "system"),
  bytes: fc.integer({ min: 1, max: 100_000 }),
  waitMs: fc.integer({ min: 0, max: 3 * limits.logStretchMs }),
});

/** Every stretch that was ever written, the longer over the shorter where they begin alike. */
function order(reads: readonly (typeof read extends fc.Arbitrary<infer T> ? T : never)[]) {
  const stretches = new Map<number, LogStretch>();
  let last: LogStretch | undefined;
  let at = START_AT;
  for (const { stream, bytes, waitMs } of reads) {
    at = plusMs(at, waitMs);
    last = appendRead(last, { stream, bytes, at });
    stretches.set(last.start, last);
  }
  return { stretches: [...stretches.values()], last };
}

describe("the order of a job's logs", () => {
  it("has every byte of every stream once, in its stream's order, without a gap", () => {
    fc.assert(
      fc.property(fc.array(read, { maxLength: 30 }), (reads) => {
        const { stretches, last } = order(reads);
        const total = reads.reduce((sum, { bytes }) => sum + bytes, 0);
        expect(orderEnd(last)).toBe(total);
        let end = 0;
        const ends = new Map<LogStream, number>();
        for (const { start, stream, from, bytes } of stretches) {
          expect(start).toBe(end);
          expect(from).toBe(ends.get(stream) ?? 0);
          end += bytes;
          ends.set(stream, from + bytes);
        }
        for (const [stream, streamBytes] of ends) expect(streamEnd(last, stream)).toBe(streamBytes);
      }),
    );
  });

  it("begins a stretch where the stream changes or ten seconds have passed, and only there", () => {
    const first = appendRead(undefined, { stream: "stdout", bytes: 5, at: START_AT });
    const soon = { stream: "stdout", bytes: 5, at: plusMs(START_AT, 9_999) } as const;
    const late = { ...soon, at: plusMs(START_AT, 10_000) };

    expect(appendRead(first, soon)).toMatchObject({ start: 0, bytes: 10, at: START_AT });
    expect(appendRead(first, late)).toMatchObject({ start: 5, bytes: 5, from: 5, at: late.at });
    expect(appendRead(first, { ...soon, stream: "stderr" })).toMatchObject({ start: 5, from: 0 });
  });
});

describe("the whole characters of some bytes", () => {
  it("are a text that decodes, whatever it was cut from", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.nat(), (text, cut) => {
        const bytes = new TextEncoder().encode(text);
        const some = bytes.subarray(0, cut % (bytes.length + 1));
        const whole = wholeCharacters(some);
        const decode = (part: Uint8Array): string =>
          new TextDecoder("utf-8", { fatal: true }).decode(part);

        expect(text.startsWith(decode(some.subarray(0, whole)))).toBe(true);
        expect(some.length - whole).toBeLessThan(4);
      }),
    );
  });

  it.each([
    ["no UTF-8 at all", [0xff, 0xfe, 0xff], 3],
    ["continuations without a beginning", [0x80, 0x80, 0x80, 0x80], 4],
    ["nothing", [], 0],
    ["half a character", [0x61, 0xd0], 1],
    ["a character of four bytes but one", [0x61, 0xf0, 0x9f, 0x98], 1],
  ])("of %s", (_, bytes, whole) => {
    expect(wholeCharacters(Uint8Array.from(bytes))).toBe(whole);
  });
});
