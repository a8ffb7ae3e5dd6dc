import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { PythonEnvironment } from "../../core/job/job-definition.ts";
import type { ProcessEngine } from "./engine.ts";
import { baseEnvironment } from "./job-environment.ts";
import { refuse } from "./refuse.ts";

const run = promisify(execFile);

/** An interpreter of this machine. */
export interface Python {
  readonly executable: string;
  readonly version: string;
  readonly canInstall: boolean;
}

const PROBE = [
  "import sys, importlib.util as u",
  "print(sys.executable)",
  "print('%d.%d.%d' % sys.version_info[:3])",
  "print(u.find_spec('venv') is not None and u.find_spec('ensurepip') is not None)",
].join("\n");

/** Finds interpreters and remembers them; what was not found is looked for again. */
export function createPythonFinder(
  engine: ProcessEngine,
): (python: PythonEnvironment) => Promise<Python> {
  const known = new Map<string, Python>();

  async function probe(command: string): Promise<Python | undefined> {
    const before = known.get(command);
    if (before !== undefined) return before;
    try {
      const { stdout } = await run(command, ["-c", PROBE], { env: baseEnvironment(engine) });
      const [executable = "", version = "", canInstall] = stdout.trim().split("\n");
      const found = { executable, version, canInstall: canInstall === "True" };
      known.set(command, found);
      return found;
    } catch {
      // Not on PATH, or a stub that starts nothing.
      return undefined;
    }
  }

  return async (python) => {
    const wanted = python.version?.split(".").slice(0, 2).join(".");
    const usual = await probe("python3");
    if (wanted === undefined) {
      return usual ?? refuse("The job needs Python and there is no python3 on PATH: install it.");
    }
    if (usual?.version.startsWith(`${wanted}.`) === true) return usual;
    return (
      (await probe(`python${wanted}`)) ??
      refuse(
        `The job asks for Python ${wanted} and this machine has ${usual?.version ?? "none"}: ` +
          `install python${wanted}, or change env.python.version.`,
      )
    );
  };
}
