import type { CompiledTiming } from "../../shared/core/schedule/compiled-timing.ts";
import { nextOccurrence } from "../../shared/core/schedule/next-occurrence.ts";
import { INSTANT_MAX, type Instant } from "../../shared/core/time/instant.ts";

/** The first `limit` occurrences strictly after an instant. */
export function occurrencesAfter(
  timing: CompiledTiming,
  afterAt: Instant,
  limit: number,
): readonly Instant[] {
  return occurrencesBetween(timing, { afterAt, throughAt: INSTANT_MAX, limit });
}

/** The first `limit` occurrences of a window, which excludes its start and includes its end. */
export function occurrencesBetween(
  timing: CompiledTiming,
  window: { readonly afterAt: Instant; readonly throughAt: Instant; readonly limit: number },
): readonly Instant[] {
  const occurrences: Instant[] = [];
  let nextAt = nextOccurrence(timing, window.afterAt);
  while (nextAt !== undefined && nextAt <= window.throughAt && occurrences.length < window.limit) {
    occurrences.push(nextAt);
    nextAt = nextOccurrence(timing, nextAt);
  }
  return occurrences;
}
