import { dataExpiresAt, isExecuting, type Job } from "../../core/job/job.ts";
import { instant } from "../../core/time/instant.ts";
import { writeJob } from "../../records/job-record.ts";
import { sendNudges } from "../nudge.ts";
import type { Services } from "../services.ts";
import { findJob, requireData } from "./find-job.ts";

/**
 * Sets how long a job's data is kept, counted from its end, or from its creation while it has none;
 * left out, it is kept until somebody deletes it. It is cleared when that time comes, at once where
 * it has passed.
 */
export async function setDataTtl(
  services: Pick<Services, "store" | "clock" | "queue" | "log">,
  ask: { readonly job: string; readonly ttlMs: number | undefined },
): Promise<void> {
  const now = services.clock.now();
  const changed = await services.store.transact("set-data-ttl", async (tx) => {
    const record = await findJob(tx, ask.job);
    requireData(record.job);
    const { dataTtlMs, ...rest } = record.job;
    const job: Job = ask.ttlMs === undefined ? rest : { ...rest, dataTtlMs: ask.ttlMs };
    writeJob(tx, record, job);
    return job;
  });
  const expiresAt = dataExpiresAt(changed);
  if (expiresAt === undefined || isExecuting(changed)) return;
  await sendNudges(services, [{ kind: "job", ref: changed.id, at: instant(expiresAt) }], now);
}
