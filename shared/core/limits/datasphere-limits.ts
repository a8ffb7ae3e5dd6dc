import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../time/duration.ts";

/** Ceilings of what is asked of DataSphere. Each with its arithmetic; relations stand in `limits.ts`. */
export const datasphereLimits = {
  /** One try of a call of DataSphere: it answers in some 100 ms, and three tries fit 30 s. */
  datasphereCallMs: 8 * SECOND_MS,
  /** Tries of a call that changes nothing: one that met a restart of the other side has two more. */
  datasphereTries: 3,
  /** The wait before the second try; it doubles. A load balancer drops a server within a second. */
  datasphereRetryMs: 300,
  /** A connection unused for longer may be dead: proxies forget idle ones after a minute or more. */
  datasphereIdleMs: 20 * SECOND_MS,
  datasphereReconnectMs: 2 * SECOND_MS,
  /** One answer: a page of jobs carries their configurations. */
  datasphereAnswerBytes: 16 * 1024 * 1024,
  /** What DataSphere says about a failure; a sentence with a name or two. */
  datasphereFailureChars: 1_000,
  /** Creating a job writes some rows at DataSphere; deleting one may wait for its storage. */
  datasphereOperationMs: 30 * SECOND_MS,
  /** Looks at an operation that is soon over. */
  datasphereOperationPollMs: 200,
  /** Files and bytes of a folder that is sent as one archive: what the format has numbers for. */
  datasphereArchiveFiles: 65_000,
  datasphereArchiveBytes: 4 * 1024 ** 3 - 64 * 1024 * 1024,
  /** Uploads side by side, and tries of one: a lost connection is the usual reason. */
  datasphereUploadsAtOnce: 4,
  datasphereUploadTries: 3,
  /** One try of an upload, and for each of its bytes: at least a megabyte a second. */
  datasphereUploadMs: 30 * SECOND_MS,
  datasphereUploadBytesPerMs: 1024,
  /** Drafts of a project that a search for one of ours looks at: five pages of 100. */
  datasphereDraftPages: 5,
  datasphereDraftPageRows: 100,
  /** From a claim to its execution is one call with its tries; what takes longer was cut short. */
  datasphereClaimMs: 2 * MINUTE_MS,
  /** An ended job's operation may be a moment behind, and so may a new job where it is read. */
  datasphereSettleMs: MINUTE_MS,
  /** How long a repeat of a notebook's start under its key is taken for the same start. */
  datasphereKeyMs: 10 * MINUTE_MS,
  /** A notebook's name. Source: DataSphere's API. */
  datasphereNotebookChars: 200,
  /** A log that says nothing for so long has nothing more to say by now. */
  datasphereLogQuietMs: 500,
  /** One look at a log: what comes in this time, of at most as many bytes as are kept of it. */
  datasphereLogMs: 10 * SECOND_MS,
  /** What is kept of each log that is being read, and for how many attempts: 64 MB in all. */
  datasphereLogKeptBytes: 256 * 1024,
  datasphereLogsKept: 64,
  /** Places in a log from which it can be read on, one every 64 KB: a log has 100 MB. */
  datasphereLogMarks: 5_000,
  /** Claims that a process remembers, 500 bytes each, to spare a read in every poll. */
  datasphereClaimsKept: 10_000,

  /**
   * A look at a provider's limits and balance serves admissions for this long: what others start
   * meanwhile is the exposure, and a project that is never quiet is asked twice a minute.
   */
  providerFreshMs: 30 * SECOND_MS,
  /** Where nothing is to be admitted, while work runs or after its end, a look by the minute is enough. */
  providerLiveMs: MINUTE_MS,
  /** A look: two calls at once on a new connection take half a second; then admission goes on without. */
  providerLookMs: 3 * SECOND_MS,
  /** After a look that failed, so that a provider that is down holds each project up twice a minute. */
  providerRetryMs: 30 * SECOND_MS,
  /** Its last answer is gone by for this long; then work waits until it answers. */
  providerTrustMs: HOUR_MS,
  /** How often an account notes that it did, where nothing else changed: four writes an hour. */
  providerSeenMs: 15 * MINUTE_MS,
  /** What has ended is charged by then: DataSphere bills by the second, and says nothing of delays. */
  providerChargeLagMs: 5 * MINUTE_MS,
  /** Clocks of two machines differ by less: those of a cloud by milliseconds, a laptop's by seconds. */
  providerSkewMs: 10 * SECOND_MS,
  /** Looks under way together when a configuration is applied: 100 projects are ten rounds of 50 ms. */
  providerLooksAtOnce: 10,
  /** Projects whose last look a process remembers: 500 bytes each, 5 MB. */
  providerLooksKept: 10_000,
};
