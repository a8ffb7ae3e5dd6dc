import { plusMs } from "../shared/core/time/instant.ts";
import type { Alarms, Clock } from "../shared/ports/clock.ts";
import type { Target } from "./target.ts";

/** Looks until there is something to see, and resolves to it. */
export async function pollUntil<T>(
  { clock, pollMs }: Pick<Target, "clock" | "pollMs">,
  look: () => Promise<T | undefined>,
): Promise<T> {
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await pause(clock, pollMs);
  }
}

/** Resolves after a time. */
export async function pause(clock: Clock & Alarms, ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    clock.set(plusMs(clock.now(), ms), resolve);
  });
}
