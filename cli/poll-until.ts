import { limits } from "../shared/core/limits.ts";
import { plusMs } from "../shared/core/time/instant.ts";
import type { OpenData } from "./data.ts";

/** Looks until there is something to see, and resolves to it; rarely where each look is billed. */
export async function pollUntil<T>(
  { clock, shared }: Pick<OpenData, "clock" | "shared">,
  look: () => Promise<T | undefined>,
): Promise<T> {
  const pollMs = shared === undefined ? limits.commandPollMs : limits.sharedPollMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await new Promise<void>((resolve) => {
      clock.set(plusMs(clock.now(), pollMs), resolve);
    });
  }
}
