import { projectId } from "../../core/ids.ts";
import { jobStatus, type Job, type JobStatus } from "../../core/job/job.ts";
import { limits } from "../../core/limits.ts";
import type { Instant } from "../../core/time/instant.ts";
import type { Reader } from "../../ports/store.ts";
import { scanJobs } from "../../records/job-record.ts";
import type { Services } from "../services.ts";
import { withRun, type JobWithRun } from "./find-job.ts";

/** Where a page begins: behind this job. */
export interface JobCursor {
  readonly createdAt: Instant;
  readonly job: string;
}

interface JobPage {
  readonly jobs: readonly JobWithRun[];
  /** Absent behind the last job. */
  readonly next?: JobCursor;
}

interface JobQuery {
  readonly project: string;
  readonly limit: number;
  readonly after?: JobCursor;
  /** Left out, jobs of every status. */
  readonly statuses?: ReadonlySet<JobStatus>;
  /** What a job adds to the size of an answer, in bytes. */
  readonly sizeOf: (job: JobWithRun) => number;
}

/** Jobs read at once, at most: one is some kilobytes, a megabyte at its worst. */
const ROWS_PER_SCAN = 50;

/**
 * A page of a project's jobs, latest first. A page ends early where its answer would grow too large,
 * or where a filter let too few through; only a page without `next` is the last.
 */
export async function listJobs(
  services: Pick<Services, "store">,
  query: JobQuery,
): Promise<JobPage> {
  return await services.store.snapshot(async (reader) => await page(reader, query));
}

async function page(reader: Reader, query: JobQuery): Promise<JobPage> {
  const jobs: JobWithRun[] = [];
  let bytes = 0;
  let { after } = query;
  for (let scan = 0; scan < limits.pageScans; scan += 1) {
    // One more than the page has room for tells whether there is a next one.
    const left = query.limit + 1 - jobs.length;
    const rows = query.statuses === undefined ? Math.min(left, ROWS_PER_SCAN) : ROWS_PER_SCAN;
    const found = await scanJobs(reader, projectId(query.project), {
      limit: rows,
      ...(after === undefined ? {} : { after }),
    });
    const withRuns = await Promise.all(found.map(async (job) => await withRun(reader, job)));
    for (const seen of withRuns) {
      if (isWanted(query, seen)) {
        bytes += query.sizeOf(seen);
        const isFull = jobs.length === query.limit || (bytes > limits.pageBytes && jobs.length > 0);
        if (isFull) return { jobs, ...(after === undefined ? {} : { next: after }) };
        jobs.push(seen);
      }
      after = cursorOf(seen.job);
    }
    if (found.length < rows) return { jobs };
  }
  return { jobs, ...(after === undefined ? {} : { next: after }) };
}

function isWanted({ statuses }: JobQuery, { job, run }: JobWithRun): boolean {
  return statuses === undefined || statuses.has(jobStatus(job, run));
}

function cursorOf({ createdAt, id }: Job): JobCursor {
  return { createdAt, job: id };
}
