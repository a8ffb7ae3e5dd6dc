import { DAY_MS, MINUTE_MS, SECOND_MS } from "../time/duration.ts";

/** Ceilings of the object storage. Each with its arithmetic; relations stand in `limits.ts`. */
export const bucketLimits = {
  /** A connection to object storage: the cloud answers within 100 ms, and three tries fit 30 s. */
  bucketConnectMs: 2 * SECOND_MS,
  /** Until an answer begins, and between two pieces of one. */
  bucketRequestMs: 5 * SECOND_MS,
  /** One part on its way up: 8 MiB in a minute is a home line of 1.2 Mbit/s. */
  bucketUploadMs: MINUTE_MS,
  /** Tries of one request, and of a download that stands still. */
  bucketTries: 3,
  /** Connections of one process, and requests that one call has under way. */
  bucketParallel: 8,
  /** A connection unused for longer may be dead: a function is frozen between its calls. */
  bucketIdleMs: 5 * SECOND_MS,
  /** Keys of one page of a listing and of one removal. Source: the S3 API. */
  bucketPageKeys: 1_000,
  /** Pages of one listing: a million files of one project, or of a job's folder, take minutes. */
  bucketPages: 1_000,
  /** What is in memory of a file that is written: 10,000 such parts are 80 GB. */
  bucketPartBytes: 8 * 1024 * 1024,
  /** A key, in bytes of UTF-8. Source: the S3 API. */
  bucketKeyBytes: 1_024,
  /** A signed URL lives a week at most. Source: AWS Signature Version 4. */
  bucketUrlMs: 7 * DAY_MS,
  /** How often a laptop looks whether the bucket's schedules changed: 8,640 listings a day. */
  bucketPollMs: 10 * SECOND_MS,
};
