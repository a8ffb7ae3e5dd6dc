import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { ProcessEngine } from "./engine.ts";
import { baseEnvironment } from "./job-environment.ts";
import { refuse } from "./refuse.ts";

const run = promisify(execFile);

/** Names the interpreter that executes notebooks, where the usual ones are not meant. */
const SETTING = "ORRERY_NOTEBOOK_PYTHON";
const USUAL = ["python3", "/usr/bin/python3"];
const PROBE = "import sys, nbclient, ipykernel, psutil; print(sys.executable)";

/** What was found, by PATH and name: importing takes a second, so once is enough. */
const known = new Map<string, string>();

/** The Python that executes notebooks: the first one that has what it takes. Refuses without. */
export async function notebookPython(engine: ProcessEngine): Promise<string> {
  const wanted = engine.environment[SETTING];
  const candidates = wanted === undefined || wanted === "" ? USUAL : [wanted];
  for (const candidate of candidates) {
    const asked = `${baseEnvironment(engine).PATH} ${candidate}`;
    const found = known.get(asked) ?? (await probe(engine, candidate));
    if (found === undefined) continue;
    known.set(asked, found);
    return found;
  }
  return refuse(
    `Notebooks need a Python with nbclient and ipykernel, and ${candidates.join(" and ")} ` +
      `${candidates.length === 1 ? "has" : "have"} none: install them (on Debian, ` +
      "apt-get install python3-nbclient python3-ipykernel; elsewhere, pip install nbclient " +
      `ipykernel), or name another Python in ${SETTING}.`,
  );
}

async function probe(engine: ProcessEngine, command: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(command, ["-c", PROBE], { env: baseEnvironment(engine) });
    return stdout.trim();
  } catch {
    // Not there, or without the packages.
    return undefined;
  }
}
