import type { JobDefinition } from "../../core/job/job-definition.ts";
import type { ProcessEngine } from "./engine.ts";

/**
 * What a job may know of the platform's environment. A list of names, so a secret the platform
 * holds reaches no job unless somebody writes its name here. HOME stays, because user-level Python
 * packages and model caches are below it; TMPDIR stays the short one of the system, because
 * sockets that Python makes there have at most 108 bytes of path.
 */
const PASSED_ON = [
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "LANG",
  "LC_ALL",
  "LC_CTYPE",
  "TZ",
  "TMPDIR",
];
const DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin";

/** PATH, and the other harmless variables of the platform. */
export function baseEnvironment(engine: ProcessEngine): { PATH: string } & Record<string, string> {
  const base: { PATH: string } & Record<string, string> = { PATH: DEFAULT_PATH };
  for (const name of PASSED_ON) {
    const value = engine.environment[name];
    if (value !== undefined && value !== "") base[name] = value;
  }
  return base;
}

export interface EnvironmentParts {
  readonly job: JobDefinition;
  readonly variables: Readonly<Record<string, string>>;
  /** What the platform says last: the progress file, the project's folder. */
  readonly platform: Readonly<Record<string, string>>;
  /** A directory whose `python` is the job's, in front of PATH. */
  readonly pythonBin: string | undefined;
  /** A directory of modules, in front of what the job says about PYTHONPATH. */
  readonly pythonPath: string | undefined;
}

/** The whole environment of a program: the base, then the job's, the run's and the platform's. */
export function jobEnvironment(
  engine: ProcessEngine,
  parts: EnvironmentParts,
): Record<string, string> {
  const environment: { PATH: string } & Record<string, string> = {
    ...baseEnvironment(engine),
    // Python keeps lines back when it writes to a file, and a log is read while the job runs.
    PYTHONUNBUFFERED: "1",
    ...parts.job.environment,
    ...parts.variables,
    ...parts.platform,
  };
  if (parts.pythonBin !== undefined) {
    environment.PATH = `${parts.pythonBin}:${environment.PATH}`;
  }
  if (parts.pythonPath !== undefined) {
    const { PYTHONPATH: others } = environment;
    environment["PYTHONPATH"] = [parts.pythonPath, ...(others ? [others] : [])].join(":");
  }
  return environment;
}
