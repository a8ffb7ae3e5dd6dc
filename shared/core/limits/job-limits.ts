import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../time/duration.ts";

/** Ceilings of jobs and notebooks, and of what they leave. Each with its arithmetic; relations stand in `limits.ts`. */
export const jobLimits = {
  /** DataSphere Jobs: one file at most 5 GB, all inputs at most 10 GB, 100 entries a list. */
  jobFileBytes: 5 * 1024 ** 3,
  jobInputsBytes: 10 * 1024 ** 3,
  jobListEntries: 100,
  /** DataSphere Jobs: an extended working disk has 100 GB to 10 TB. */
  jobDiskMinBytes: 100 * 1024 ** 3,
  jobDiskMaxBytes: 10 * 1024 ** 4,
  /** DataSphere keeps at most 100 MB of one log file; more is cut with a note. */
  jobLogBytes: 100 * 1024 * 1024,
  /** A folder of a million small files takes minutes to copy; an archive of it takes seconds. */
  jobInputFiles: 100_000,
  /** macOS takes 1,024 bytes of path; the data directory and the attempt have some 300 of them. */
  jobPathBytes: 512,
  /** One name in a path: what every usual file system takes. */
  fileNameBytes: 255,
  /** A program's progress message: a line for a person, which travels in every answer about it. */
  progressMessageChars: 1_000,
  /** A heavy requirements file (torch: 3 GB) installs in some ten minutes over a home line. */
  pythonBuildMs: 15 * MINUTE_MS,
  /** Local executions are looked at this often: one /proc read each, and a log grows for a second. */
  processWatchMs: SECOND_MS,
  /** What a local watchdog, or a group that was killed, may be late before the platform steps in. */
  processLagMs: 2 * SECOND_MS,
  /** One read of a log, and what one message of a log stream carries: far below gRPC's 4 MiB. */
  logChunkBytes: 64 * 1024,
  /** A stretch of log grows this long: 8,640 rows a day for a stream that never rests. */
  logStretchMs: 10 * SECOND_MS,
  /** Rows of a job's log order that one transaction removes: a row is some 200 bytes. */
  logStretchesPerClear: 500,
  /** A job's parameters and texts as JSON: one job fits a page of answers, and 100 files are 20 KB. */
  jobBytes: 1024 * 1024,
  /** Requirements of a job: `pip freeze` of the largest environments lists some 500. */
  jobRequirements: 1_000,
  /** DataSphere keeps a job's data for 14 days unless told; ten years at most, as any policy. */
  jobDataTtlMs: 14 * DAY_MS,
  jobDataTtlMaxMs: 3_650 * DAY_MS,
  /** A signed URL works this long: a file of 5 GB in an hour needs 12 Mbit/s. */
  fileUrlMs: HOUR_MS,
  /** Jobs whose data one step of a deletion clears: 20 folders of some 100 ms, far from any timeout. */
  clearedJobs: 20,

  /** One notebook file; with pictures in its outputs a large one has some 20 MB. */
  notebookBytes: 50 * 1024 * 1024,
  /** Files and folders of a storage that a search for a cell looks at: a second's worth. */
  notebookSearchEntries: 100_000,
  /** One output of a cell, and all of an execution; what is longer is in the log `stdout`. */
  notebookOutputBytes: 64 * 1024,
  notebookOutputsBytes: 256 * 1024,
  /** One variable, and all of an execution: with its outputs 384 KB, a tenth of a gRPC message. */
  notebookVariableBytes: 16 * 1024,
  notebookVariablesBytes: 128 * 1024,
  /** Lists in lists; protobuf's readers give up at 100 messages, and a Struct takes two a level. */
  notebookVariableDepth: 32,
  /** What a caller gives a notebook: Linux takes at most 128 KB for one environment variable. */
  notebookInputBytes: 64 * 1024,
  notebookOutputVariables: 100,
  notebookVariableChars: 200,
  /** The pickled state of a notebook: as large as one file of a job. */
  notebookStateBytes: 5 * 1024 ** 3,
  /** A kernel answers within a second; one that imports from a cold disk may need many. */
  notebookStartMs: MINUTE_MS,
  /** What a kernel registered for its end has this long. */
  notebookShutdownMs: 2 * SECOND_MS,
  /** An interrupted kernel has this part of the grace to end its cell and save its state. */
  notebookStopShare: 0.7,
  /** How often a kernel's CPU time is read at the most, and how little of it counts as none. */
  notebookStalePeriodMs: MINUTE_MS,
  notebookStaleShare: 0.01,
  /** Checkpoints that a search for the latest reads: 50 pages of at most 5 MB, 500 executions. */
  checkpointPageRows: 10,
  checkpointPages: 50,
  /** A requirements file and a Python source as people write them; a frozen environment has 50 KB. */
  requirementsBytes: 1024 * 1024,
  pythonSourceBytes: 1024 * 1024,
};
