import type { JobEnd } from "../../core/job/job.ts";
import type { Instant } from "../../core/time/instant.ts";
import { writeJob } from "../../records/job-record.ts";
import { CANCELED_BY_USER, cancelQuietly } from "../cancel-run.ts";
import type { Services } from "../services.ts";
import { findJob } from "./find-job.ts";

interface JobCancellation {
  readonly job: string;
  /** In the words of the caller; may be empty. */
  readonly reason: string;
  /** Ask first, where the job says how; left out or impossible, its program is killed. */
  readonly graceful: boolean;
}

/**
 * Cancels a job and answers at once. One that was not executed ends here; a running one is asked to
 * end or killed, and a kill may follow an asking. One that has ended stays as it is.
 */
export async function cancelJob(services: Services, ask: JobCancellation): Promise<void> {
  const now = services.clock.now();
  const text = ask.reason === "" ? CANCELED_BY_USER : ask.reason;
  const running = await services.store.transact("cancel-job", async (tx) => {
    const record = await findJob(tx, ask.job);
    const { job } = record;
    if (job.end !== undefined) return undefined;
    if (job.run === undefined) {
      writeJob(tx, record, { ...job, end: unexecutedEnd(text, now) });
      return undefined;
    }
    const asksFirst = ask.graceful && job.definition.gracefulShutdown !== undefined;
    return { run: job.run, cancellation: asksFirst ? { text } : { text, how: "kill" as const } };
  });
  if (running === undefined) return;
  await cancelQuietly(services, running.run, running.cancellation);
}

function unexecutedEnd(details: string, finishedAt: Instant): JobEnd {
  return { status: "CANCELLED", details, finishedAt, outputs: [], outputErrors: [], logs: [] };
}
