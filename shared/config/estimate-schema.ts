import * as z from "zod";
import { limits } from "../core/limits.ts";
import type { ConfiguredEstimate } from "../core/schedule/schedule-definition.ts";
import { SECOND_MS } from "../core/time/duration.ts";
import { duration, wholeNumber } from "./field-schemas.ts";

const expectedTime = duration(SECOND_MS, limits.timeoutMaxMs);
const EITHER = "`duration`, `units` or both, such as { duration: 40m }";

const inFull = z
  .strictObject(
    { duration: expectedTime.exactOptional(), units: wholeNumber(1).exactOptional() },
    { error: (issue) => (issue.code === "invalid_type" ? EITHER : undefined) },
  )
  .transform(({ duration: durationMs, units }, context): ConfiguredEstimate => {
    // An unknown key comes this far, and is all that has to be said of it.
    if (durationMs === undefined && units === undefined && context.issues.length === 0) {
      context.issues.push({ code: "custom", input: {}, message: EITHER });
      return z.NEVER;
    }
    return {
      ...(durationMs !== undefined && { durationMs }),
      ...(units !== undefined && { units }),
    };
  });

/** What the author of a schedule expects a run to take or to spend; a time alone may stand for it. */
export const estimate = z.union([
  expectedTime.transform((durationMs): ConfiguredEstimate => ({ durationMs })),
  inFull,
]);
