/** What looking for a referenced file gives. */
export type FileReading =
  | {
      readonly state: "text";
      /** The name problems in it are reported under. */
      readonly file: string;
      readonly text: string;
      /** The absolute folder the file is in. */
      readonly folder: string;
    }
  | { readonly state: "missing" }
  | { readonly state: "unreadable"; readonly reason: string };

/**
 * The surroundings of one schedules file: a folder on a machine, or a prefix of a bucket. Through
 * it the readers of this folder stay free of input and output.
 */
export interface ConfigFiles {
  /** The absolute folder of the schedules file; relative paths of an inline job start here. */
  readonly folder: string;
  /** Reads a file by its path relative to that folder. Answers instead of rejecting. */
  read(path: string): Promise<FileReading>;
  /** The value of an environment variable where the configuration is applied, if it has one. */
  environment(name: string): string | undefined;
}
