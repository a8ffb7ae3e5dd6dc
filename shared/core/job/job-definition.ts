/** A file a job names. With a variable, `${VAR}` in the command becomes where the file is. */
export interface JobFile {
  /** As written: relative to the job's folder, or absolute when it has a variable. */
  readonly path: string;
  readonly variable?: string;
  /** Where the bytes are: in the project's uploaded files, not in the job's folder. */
  readonly stored?: StoredFile;
}

/** A file by its content, as a client uploaded it. */
export interface StoredFile {
  /** Lower-case hex. */
  readonly sha256: string;
  readonly bytes: number;
  /** What is uploaded is an archive of a folder, to be expanded at the file's path. */
  readonly isArchive: boolean;
}

/** The Python environment a job asks for (`env.python` of a `config.yaml`). */
export interface PythonEnvironment {
  readonly type: "auto" | "manual";
  readonly version?: string;
  readonly requirementsFile?: string;
  /** The requirements themselves, where a client sent them; then there is no file. */
  readonly requirements?: readonly string[];
  /** Uploaded archives of local modules, expanded beside the program. */
  readonly localModules?: readonly JobFile[];
  readonly rootPaths: readonly string[];
  readonly localPaths: readonly string[];
  readonly pip?: {
    readonly indexUrl?: string;
    readonly extraIndexUrls: readonly string[];
    readonly trustedHosts: readonly string[];
    readonly noDeps: boolean;
  };
}

/** A dataset that DataSphere makes of what the job writes, once it has ended. */
interface OutputDataset {
  readonly name: string;
  /** `${VAR}` in the command becomes where its files are written to. */
  readonly variable: string;
  readonly bytes: number;
  readonly description?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** How a running program is asked to end before it is killed. */
export interface GracefulShutdown {
  readonly signal: "SIGHUP" | "SIGINT" | "SIGUSR1" | "SIGUSR2" | "SIGTERM";
  readonly timeoutMs: number;
}

/**
 * One DataSphere job, as the CLI's `config.yaml` states it, checked and with defaults filled in.
 * Source: DataSphere Jobs, "Job configuration file".
 */
export interface JobDefinition {
  readonly kind: "job";
  readonly name?: string;
  readonly description?: string;
  readonly command: string;
  /** Values for `${NAME}` in the command. */
  readonly arguments: Readonly<Record<string, string>>;
  readonly inputs: readonly JobFile[];
  readonly outputs: readonly JobFile[];
  readonly environment: Readonly<Record<string, string>>;
  readonly python?: PythonEnvironment;
  /** An image id or reference; only an executor with a container engine honours it. */
  readonly dockerImage?: string;
  /** Who pulls the image where it is not public; the password is in that DataSphere secret. */
  readonly dockerLogin?: { readonly username: string; readonly passwordSecret: string };
  readonly s3Mounts: readonly JobFile[];
  readonly datasets: readonly JobFile[];
  readonly outputDatasets: readonly OutputDataset[];
  readonly attachProjectDisk: boolean;
  readonly sparkConnector?: string;
  /** Tried in this order; never empty. */
  readonly instanceTypes: readonly [string, ...string[]];
  readonly workingStorageBytes?: number;
  readonly gracefulShutdown?: GracefulShutdown;
  /**
   * The folder that relative paths start from: where the `config.yaml` is. Absolute. Absent where a
   * client uploaded every file: then nothing is taken from this machine's folders.
   */
  readonly root?: string;
}
