import { limits } from "../core/limits.ts";
import { plusMs } from "../core/time/instant.ts";
import { scanTimers } from "../records/timer-record.ts";
import type { Services } from "./services.ts";

/**
 * Whether nothing is live and nothing is due within `horizonMs`. Every live thing has a timer, and
 * a watched attempt has one at most a minute ahead, so the timers alone can tell.
 */
export async function isIdle(
  services: Pick<Services, "store" | "clock">,
  horizonMs: number,
): Promise<boolean> {
  const throughAt = plusMs(services.clock.now(), Math.max(horizonMs, limits.pollMaxMs));
  return await services.store.snapshot(async (reader) => {
    for (let lane = 0; lane < limits.timerLanes; lane += 1) {
      if ((await scanTimers(reader, lane, { throughAt })).length > 0) return false;
    }
    return true;
  });
}
