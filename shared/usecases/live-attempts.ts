import { limits } from "../core/limits.ts";
import { INSTANT_MAX } from "../core/time/instant.ts";
import { scanTimers } from "../records/timer-record.ts";
import type { Services } from "./services.ts";

/** How many attempts run now; past a page of timers per lane it is a lower bound. */
export async function liveAttempts(services: Pick<Services, "store">): Promise<number> {
  return await services.store.snapshot(async (reader) => {
    let live = 0;
    for (let lane = 0; lane < limits.timerLanes; lane += 1) {
      const timers = await scanTimers(reader, lane, { throughAt: INSTANT_MAX });
      live += timers.filter((timer) => timer.kind === "watch").length;
    }
    return live;
  });
}
