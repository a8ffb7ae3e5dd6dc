import { limits } from "../shared/core/limits.ts";
import { plusMs } from "../shared/core/time/instant.ts";
import type { Alarms, Clock } from "../shared/ports/clock.ts";

/** Looks every `limits.commandPollMs` until there is something to see, and resolves to it. */
export async function pollUntil<T>(
  clock: Clock & Alarms,
  look: () => Promise<T | undefined>,
): Promise<T> {
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await new Promise<void>((resolve) => {
      clock.set(plusMs(clock.now(), limits.commandPollMs), resolve);
    });
  }
}
