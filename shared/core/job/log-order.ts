import { limits } from "../limits.ts";
import type { Instant } from "../time/instant.ts";

/**
 * The one order in which a job's logs are given out, over all its streams.
 *
 * A program writes its streams at once and nobody records how they interleave, so the order is made
 * by whoever reads first: each stretch of a stream is recorded as it is first read, behind all that
 * was read before. An offset counts bytes in that order. It therefore means the same bytes to every
 * reader and for good, and it fits in 53 bits, as three byte offsets of 27 bits would not.
 */

export type LogStream = "stdout" | "stderr" | "system";

/** The platform's own words first: they say what the program's are about. */
export const LOG_STREAMS: readonly LogStream[] = ["system", "stdout", "stderr"];

/** Bytes of one stream that follow each other in the order. */
export interface LogStretch {
  /** Its offset in the order. */
  readonly start: number;
  readonly stream: LogStream;
  /** Its offset in the stream. */
  readonly from: number;
  readonly bytes: number;
  /** When it was first read. */
  readonly at: Instant;
  /** How far each stream is read with it; a stream that is not named is at its beginning. */
  readonly ends: Readonly<Partial<Record<LogStream, number>>>;
}

/** The offset behind the last stretch. */
export function orderEnd(last: LogStretch | undefined): number {
  return last === undefined ? 0 : last.start + last.bytes;
}

/** Where the next bytes of a stream begin. */
export function streamEnd(last: LogStretch | undefined, stream: LogStream): number {
  return last?.ends[stream] ?? 0;
}

/**
 * The last stretch once these bytes were read: the same one, longer, while its stream goes on within
 * some seconds; else a new one.
 */
export function appendRead(
  last: LogStretch | undefined,
  read: { readonly stream: LogStream; readonly bytes: number; readonly at: Instant },
): LogStretch {
  const { stream, bytes, at } = read;
  const from = streamEnd(last, stream);
  const ends = { ...last?.ends, [stream]: from + bytes };
  if (last?.stream === stream && at - last.at < limits.logStretchMs) {
    return { ...last, bytes: last.bytes + bytes, ends };
  }
  return { start: orderEnd(last), stream, from, bytes, at, ends };
}

/**
 * How many of these bytes end with a whole UTF-8 character: a reader that decodes message by message
 * must never get half of one. Bytes that are no UTF-8 count as whole.
 */
export function wholeCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0b1100_0000) === 0b1000_0000) continue;
    return lengthOf(byte) > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** How many bytes a character has that begins so. */
function lengthOf(first: number): number {
  if (first >= 0b1111_0000 && first < 0b1111_1000) return 4;
  if (first >= 0b1110_0000) return first < 0b1111_0000 ? 3 : 1;
  return first >= 0b1100_0000 ? 2 : 1;
}
