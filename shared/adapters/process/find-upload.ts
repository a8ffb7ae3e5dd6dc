import { stat } from "node:fs/promises";
import type { ProjectId } from "../../core/ids.ts";
import type { JobFile } from "../../core/job/job-definition.ts";
import { hasCode } from "./attempt-place.ts";
import type { ProcessEngine } from "./engine.ts";
import { refuse } from "./refuse.ts";

/** Where the bytes of an uploaded file are. Refuses one that is missing, or not of its size. */
export async function findUpload(
  engine: ProcessEngine,
  project: ProjectId,
  file: JobFile,
): Promise<{ readonly source: string; readonly bytes: number }> {
  const { path, stored } = file;
  if (stored === undefined) {
    return refuse(
      `"${path}" was not uploaded, and the job has no folder to take it from: upload it.`,
    );
  }
  const source = engine.uploaded(project, stored.sha256);
  const found = await stat(source).catch((error: unknown) => {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  });
  if (found === undefined) {
    return refuse(`The content ${stored.sha256} of "${path}" is not there: upload it first.`);
  }
  if (!found.isFile() || found.size !== stored.bytes) {
    return refuse(
      `The upload of "${path}" has ${found.size} bytes and should have ${stored.bytes}: ` +
        "upload it again.",
    );
  }
  return { source, bytes: found.size };
}
