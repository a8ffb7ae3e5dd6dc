import { limits } from "../core/limits.ts";
import type { Run } from "../core/run/run.ts";
import { plusMs, type Instant } from "../core/time/instant.ts";
import type { Reader } from "../ports/store.ts";
import { scanRuns, type RunPlace } from "../records/run-record.ts";

/**
 * The nominal time of a started run of the same schedule that is nearer to this one than `apartMs`,
 * before or after it; where there are several, the latest. Undefined where there is none.
 *
 * A run that was left out for being too near remembers which one it came after, so one row mostly
 * tells it, however many were left out since. Behind `limits.spacingRows` runs that tell nothing, none
 * is taken to be near.
 */
export async function nearestStarted(
  reader: Reader,
  run: Run,
  apartMs: number,
): Promise<Instant | undefined> {
  const throughAt = plusMs(run.nominalAt, apartMs - 1);
  let after: RunPlace | undefined;
  let seen = 0;
  while (seen < limits.spacingRows) {
    // The run itself and the one before it, mostly; whoever needs more asks for more and more.
    const limit = Math.min(Math.max(4, seen), limits.spacingRows - seen);
    const page = after === undefined ? { throughAt } : { after };
    const records = await scanRuns(reader, run.schedule, { limit, ...page });
    for (const { run: other } of records) {
      if (other.nominalAt <= plusMs(run.nominalAt, -apartMs)) return undefined;
      if (other.id === run.id) continue;
      if (other.attempts.length > 0) return other.nominalAt;
      if (other.spacedFrom !== undefined) return other.spacedFrom;
    }
    const last = records.at(-1)?.run;
    if (last === undefined || records.length < limit) return undefined;
    after = { nominalAt: last.nominalAt, run: last.id };
    seen += records.length;
  }
  return undefined;
}
