import { realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import type { ExecutionFile, FileLocation } from "../../ports/executor.ts";
import { hasCode, type AttemptPlace } from "./attempt-place.ts";
import { logPlace } from "./collect-logs.ts";
import { findExecution } from "./execution.ts";
import { storedReport } from "./report-execution.ts";

/**
 * Where a file of an ended execution is. Only what its result lists has a place, and only inside
 * the attempt's own directory: a link that leads out of it leads nowhere.
 */
export async function locateFile(
  place: AttemptPlace,
  file: ExecutionFile,
): Promise<FileLocation | undefined> {
  const report = await storedReport(place);
  const execution = await findExecution(place);
  if (report === undefined || execution === undefined) return undefined;
  const { result } = report;
  if (file.kind === "log") {
    const known = result.logs?.some(({ path }) => path === file.path) ?? false;
    const path = logPlace(execution.launch, file.path);
    return known && path !== undefined ? await plainFile(place, path) : undefined;
  }
  const isAsked = (one: { readonly path: string; readonly variable?: string }): boolean =>
    one.path === file.path && one.variable === file.variable;
  const planned = execution.plan.outputs.find(isAsked);
  if (planned === undefined || !result.outputs.some(isAsked)) return undefined;
  return await plainFile(place, join(place.outputs, planned.target));
}

async function plainFile(place: AttemptPlace, path: string): Promise<FileLocation | undefined> {
  try {
    const real = await realpath(path);
    const isInside = real.startsWith((await realpath(place.directory)) + sep);
    return isInside && (await stat(real)).isFile() ? { kind: "path", path: real } : undefined;
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR", "ELOOP")) return undefined;
    throw error;
  }
}
