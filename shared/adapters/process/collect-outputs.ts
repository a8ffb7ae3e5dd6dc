import { constants, copyFile, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { messageOf } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { OutputError, OutputFile } from "../../ports/executor.ts";
import { freshName, hasCode, makeDirectory } from "./attempt-place.ts";
import type { Execution, PlannedOutput } from "./execution.ts";
import { hashFile } from "./hash-file.ts";

export interface Collected {
  readonly outputs: readonly OutputFile[];
  readonly outputErrors: readonly OutputError[];
}

/**
 * Copies each output out of the working directory, under its own path, and hashes the copy. Never
 * fails as a whole: what cannot be collected is an error of that output. Repeating is safe.
 */
export async function collectOutputs(execution: Execution): Promise<Collected> {
  const outputs: OutputFile[] = [];
  const outputErrors: OutputError[] = [];
  for (const output of execution.plan.outputs) {
    const collected = await collectOne(execution, output);
    if ("sha256" in collected) outputs.push(collected);
    else outputErrors.push(collected);
  }
  return { outputs, outputErrors };
}

async function collectOne(
  execution: Execution,
  output: PlannedOutput,
): Promise<OutputFile | OutputError> {
  const { path, variable, source } = output;
  const failed = (type: OutputError["type"], description: string): OutputError => ({
    path,
    type,
    description: `Output "${path}" ${description}`,
  });
  try {
    const work = await realpath(execution.launch.work);
    const real = await realpath(join(work, source));
    if (!real.startsWith(work + sep)) {
      return failed("UPLOAD_FAILED", "is a link that leads out of the working directory.");
    }
    const found = await stat(real);
    if (!found.isFile()) {
      return failed("UPLOAD_FAILED", "is not a file: pack a directory into an archive.");
    }
    if (found.size > limits.jobFileBytes) {
      return failed(
        "UPLOAD_FAILED",
        `has ${found.size} bytes and may have ${limits.jobFileBytes}.`,
      );
    }
    const target = join(execution.place.outputs, output.target);
    const sha256 = await copyAndHash(real, target);
    const bytes = (await stat(target)).size;
    return { path, ...(variable === undefined ? {} : { variable }), sha256, bytes };
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) {
      return failed("NOT_FOUND", "was not there when the job ended.");
    }
    return failed("UPLOAD_FAILED", `could not be copied: ${messageOf(error)}`);
  }
}

async function copyAndHash(from: string, target: string): Promise<string> {
  await makeDirectory(dirname(target));
  const fresh = join(dirname(target), `.${freshName()}`);
  try {
    await copyFile(from, fresh, constants.COPYFILE_FICLONE);
    const sha256 = await hashFile(fresh);
    await rename(fresh, target);
    return sha256;
  } finally {
    await rm(fresh, { force: true });
  }
}
