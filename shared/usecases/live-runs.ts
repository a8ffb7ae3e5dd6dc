import { liveAttempt, type Run } from "../core/run/run.ts";
import { INSTANT_MAX } from "../core/time/instant.ts";
import { readRuns } from "../records/run-record.ts";
import { runOfTimer, scanLanes } from "../records/timer-record.ts";
import type { Services } from "./services.ts";

/** Runs whose attempts are under way now; at most a page of timers of each lane is read. */
export async function liveRuns(services: Pick<Services, "store">): Promise<readonly Run[]> {
  return await services.store.snapshot(async (reader) => {
    const timers = (await scanLanes(reader, { throughAt: INSTANT_MAX })).flat();
    const records = await readRuns(reader, [
      ...new Set(timers.flatMap((timer) => runOfTimer(timer) ?? [])),
    ]);
    const runs = records.flatMap((record) => record?.run ?? []);
    return runs.filter((run) => liveAttempt(run) !== undefined);
  });
}
