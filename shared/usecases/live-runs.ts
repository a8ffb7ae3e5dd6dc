import { limits } from "../core/limits.ts";
import type { Run } from "../core/run/run.ts";
import { INSTANT_MAX } from "../core/time/instant.ts";
import { runKeyOf } from "../core/ids.ts";
import { readRuns } from "../records/run-record.ts";
import { scanTimers } from "../records/timer-record.ts";
import type { Services } from "./services.ts";

/** Runs whose attempts are under way now; at most a page of timers of each lane is read. */
export async function liveRuns(services: Pick<Services, "store">): Promise<readonly Run[]> {
  return await services.store.snapshot(async (reader) => {
    const live: Run[] = [];
    for (let lane = 0; lane < limits.timerLanes; lane += 1) {
      const timers = await scanTimers(reader, lane, { throughAt: INSTANT_MAX });
      const watched = timers.filter((timer) => timer.kind === "watch");
      const ids = watched.flatMap((timer) => runKeyOf(timer.ref)?.run ?? []);
      const records = await readRuns(reader, ids);
      live.push(...records.flatMap((record) => record?.run ?? []));
    }
    return live;
  });
}
