import { OrreryError } from "../core/errors.ts";
import { runKeyOf, type RunId } from "../core/ids.ts";
import type { Run } from "../core/run/run.ts";
import type { Reader } from "../ports/store.ts";
import { readRun } from "../records/run-record.ts";

/** The run that a person or a program names; anything that is not one is an error with a remedy. */
export async function findRun(reader: Reader, text: string): Promise<Run> {
  const id = parseRunId(text);
  const run = (await readRun(reader, id))?.run;
  if (run === undefined) throw notFound(text);
  return run;
}

/** Reads a run id, or throws `RUN_NOT_FOUND`. */
export function parseRunId(text: string): RunId {
  const key = runKeyOf(text);
  if (key === undefined) throw notFound(text);
  return key.run;
}

function notFound(text: string): OrreryError {
  return new OrreryError(
    "RUN_NOT_FOUND",
    `There is no run ${text}: list them with \`orrery runs\``,
  );
}
