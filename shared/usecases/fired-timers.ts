import { limits } from "../core/limits.ts";
import type { Store } from "../ports/store.ts";
import type { Timer } from "../records/timer-record.ts";

/**
 * The timers of schedules that this process saw fire. One that fired is never its schedule's again,
 * because it names the run and the generation: so a tick that meets it while its run lives need not
 * read the schedule to know. Forgetting it costs that read, and nothing else.
 */
const firedOf = new WeakMap<Pick<Store, "transact">, Set<string>>();

/** Remembers timers whose claim has committed. */
export function rememberFired(store: Pick<Store, "transact">, timers: readonly Timer[]): void {
  const known = firedOf.get(store);
  // All are forgotten at once: those of the last minute are all that matter.
  const fired = known === undefined || known.size > limits.firedTimers ? new Set<string>() : known;
  for (const { ref } of timers) fired.add(ref);
  firedOf.set(store, fired);
}

export function hasFired(store: Pick<Store, "transact">, { ref }: Timer): boolean {
  return firedOf.get(store)?.has(ref) === true;
}
