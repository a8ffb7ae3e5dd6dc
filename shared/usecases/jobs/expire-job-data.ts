import type { JobId } from "../../core/ids.ts";
import { dataExpiresAt } from "../../core/job/job.ts";
import { readJob } from "../../records/job-record.ts";
import type { Services } from "../services.ts";
import { clearJobData } from "./clear-job-data.ts";

/**
 * Looks at a job because its timer is due: clears its data where that has expired, and goes on with
 * a clearing that was cut short. Early, late and repeated looks are harmless.
 */
export async function expireJobData(
  services: Pick<Services, "store" | "clock" | "executor" | "files">,
  id: JobId,
): Promise<void> {
  const now = services.clock.now();
  const job = await services.store.snapshot(async (reader) => (await readJob(reader, id))?.job);
  const dueAt = job && (job.clearingAt ?? dataExpiresAt(job));
  if (dueAt === undefined || dueAt > now) return;
  await clearJobData(services, id);
}
