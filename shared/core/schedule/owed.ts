import { limits } from "../limits.ts";
import { formatInstant, plusMs, type Instant } from "../time/instant.ts";
import { jitterMs } from "./jitter.ts";
import type { NextFire } from "./next-fire.ts";
import type { CompiledTiming } from "./compiled-timing.ts";
import { nextOccurrence } from "./next-occurrence.ts";
import { staggeredMs } from "./stagger.ts";
import type { CatchupPolicy, ScheduleDefinition } from "./schedule-definition.ts";

/** An occurrence that has come, and whether it runs or was missed for good. */
export interface OwedOccurrence extends NextFire {
  /** Why it does not run, in a sentence. */
  readonly missed?: string;
}

export interface Owed {
  readonly occurrences: readonly OwedOccurrence[];
  /** What is owed after these; absent when the schedule has ended. */
  readonly next?: NextFire;
}

/** What a schedule fires first after an instant. */
export function fireAfter(
  definition: ScheduleDefinition,
  timing: CompiledTiming,
  afterAt: Instant,
): NextFire | undefined {
  const nominalAt = nextOccurrence(timing, afterAt);
  if (nominalAt === undefined) return undefined;
  const { name, jitterMs: maxMs, stagger } = definition;
  if (maxMs === 0 && (stagger?.offsetMs ?? 0) === 0) return { nominalAt, effectiveAt: nominalAt };
  const followingAt = nextOccurrence(timing, nominalAt);
  const fire = { nominalAt, ...(followingAt === undefined ? {} : { followingAt }) };
  const putOffMs =
    stagger === undefined
      ? jitterMs(name, { maxMs, ...fire })
      : staggeredMs(stagger.offsetMs, fire);
  return { nominalAt, effectiveAt: plusMs(nominalAt, putOffMs) };
}

/**
 * Everything a schedule owes from `next` through `throughAt`, at most `limit` occurrences, each
 * exactly once. Those older than `limits.missedAfterMs` were missed, and the catch-up policy says
 * which of them still run; a missed occurrence is never left out, so that it gets a row.
 */
export function occurrencesOwed(
  schedule: { readonly definition: ScheduleDefinition; readonly timing: CompiledTiming },
  next: NextFire,
  window: { readonly now: Instant; readonly throughAt: Instant; readonly limit: number },
): Owed {
  const { definition, timing } = schedule;
  const due: NextFire[] = [];
  let current: NextFire | undefined = next;
  while (current !== undefined && current.effectiveAt <= window.throughAt) {
    if (due.length === window.limit) break;
    due.push(current);
    current = fireAfter(definition, timing, current.nominalAt);
  }
  const occurrences = due.map((fire, index) => {
    const following = due[index + 1] ?? current;
    const missed = missedBecause(definition.catchup, { fire, following }, window.now);
    return missed === undefined ? fire : { ...fire, missed };
  });
  return current === undefined ? { occurrences } : { occurrences, next: current };
}

function missedBecause(
  catchup: CatchupPolicy,
  owed: { readonly fire: NextFire; readonly following: NextFire | undefined },
  now: Instant,
): string | undefined {
  const lateMs = now - owed.fire.effectiveAt;
  if (lateMs <= limits.missedAfterMs) return undefined;
  const text = `Nothing ticked at ${formatInstant(owed.fire.effectiveAt)}`;
  if (catchup.policy === "none") return `${text}, and catchup is none`;
  if (lateMs > catchup.windowMs) return `${text}, and that is longer ago than the catch-up window`;
  const isLast =
    owed.following === undefined || now - owed.following.effectiveAt <= limits.missedAfterMs;
  if (catchup.policy === "last" && !isLast)
    return `${text}, and catchup makes up for the last only`;
  return undefined;
}
