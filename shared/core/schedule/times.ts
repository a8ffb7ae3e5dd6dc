import type { Instant } from "../time/instant.ts";
import type { CompiledTiming } from "./compiled-timing.ts";
import { nextOccurrence } from "./next-occurrence.ts";
import type { TimingSpec } from "./timing.ts";

/**
 * The timing as it is once it is live: with `times`, it ends with the last of so many occurrences
 * after an instant. Every occurrence counts, whatever becomes of it; a day that a calendar leaves out
 * has none. One with less to come than that, and one without `times`, stays as it is.
 */
export function countedFrom(
  spec: TimingSpec,
  timing: CompiledTiming,
  afterAt: Instant,
): TimingSpec {
  const { times } = spec;
  if (times === undefined) return spec;
  let lastAt: Instant | undefined = afterAt;
  for (let count = 0; count < times && lastAt !== undefined; count += 1) {
    lastAt = nextOccurrence(timing, lastAt);
  }
  return lastAt === undefined ? spec : { ...spec, lastAt };
}
