/** A file that a job names, as it is where the job's files are kept. */
export interface JobFileEntry {
  /** Relative to the folder that was asked about; the file itself has the empty path. */
  readonly path: string;
  readonly bytes: number;
  /** Differs whenever the bytes do. */
  readonly version: string;
}

/**
 * The files of jobs whose executor is elsewhere: beside the schedules file, be that a folder of this
 * machine or a prefix of a bucket. A job's `root` says which one it is.
 */
export interface JobFiles {
  /**
   * What is at a path under a job's root: one entry for a file, and every file below it for a
   * folder, in the order of their paths. Empty where nothing is there. Throws `FILE_REJECTED` for a
   * path that leaves what the root belongs to.
   */
  list(root: string, path: string): Promise<readonly JobFileEntry[]>;
  /** The bytes of one file, in chunks; throws `FILE_NOT_FOUND`. */
  read(root: string, path: string): AsyncIterable<Uint8Array>;
}
