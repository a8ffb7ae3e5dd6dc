import * as z from "zod";
import { formatDurationMs, parseDurationMs } from "../core/time/duration.ts";

/** A text with something in it; `expected` completes "expected …" for everything else. */
export function text(expected: string): z.ZodString {
  return z.string({ error: expected }).min(1, { error: expected }).describe(expected);
}

/** A text of a certain form. */
export function textLike(pattern: RegExp, expected: string): z.ZodString {
  return z.string({ error: expected }).regex(pattern, { error: expected }).describe(expected);
}

/** A whole number within bounds, both included. */
export function wholeNumber(min: number, max: number = Number.MAX_SAFE_INTEGER): z.ZodInt {
  const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`;
  const error = `a whole number, ${range}`;
  return z.int({ error }).min(min, { error }).max(max, { error }).describe(error);
}

/**
 * A text that `read` understands; undefined from it means the text is not one. The value is what
 * `read` made of it.
 */
export function textRead<T>(
  read: (text: string) => T | undefined,
  expected: string,
): z.ZodPipe<z.ZodString, z.ZodTransform<T, string>> {
  return z
    .string({ error: expected })
    .describe(expected)
    .transform((written, context) => {
      const value = read(written);
      if (value !== undefined) return value;
      context.issues.push({ code: "custom", input: written, message: expected });
      return z.NEVER;
    });
}

/** A duration such as `1h30m`, read as milliseconds, within bounds. */
export function duration(
  minMs: number,
  maxMs: number,
): z.ZodPipe<z.ZodString, z.ZodTransform<number, string>> {
  const range = minMs === 0 ? "" : `${formatDurationMs(minMs)} or more and `;
  return textRead(
    (written) => {
      const durationMs = parseDurationMs(written);
      return durationMs !== undefined && durationMs >= minMs && durationMs <= maxMs
        ? durationMs
        : undefined;
    },
    `a duration such as 90s, 15m or 1h30m, ${range}at most ${formatDurationMs(maxMs)}`,
  );
}
