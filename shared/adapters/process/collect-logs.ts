import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { LogFile } from "../../core/execution/execution-result.ts";
import type { LaunchPlace } from "./attempt-place.ts";
import { sealLog } from "./job-logs.ts";
import { openPlain } from "./open-plain.ts";

/** The logs of a launch, by the name under which callers know them. */
const LOGS = [
  { path: "stdout.txt", kind: "log", file: "stdout" },
  { path: "stderr.txt", kind: "log", file: "stderr" },
  { path: "system.log", kind: "diagnostic", file: "system" },
  { path: "job_progress.jsonl", kind: "diagnostic", file: "job_progress.jsonl" },
] as const;

/** Where a log is, by its name; undefined for a name that no log has. */
export function logPlace(launch: LaunchPlace, path: string): string | undefined {
  const log = LOGS.find((known) => known.path === path);
  return log && join(launch.directory, log.file);
}

/**
 * Brings the logs that an ended launch has to their final form and hashes them. What a program put
 * in a log's place that is no plain file is not a log. Repeating is safe and gives the same.
 */
export async function collectLogs(launch: LaunchPlace): Promise<readonly LogFile[]> {
  const logs: LogFile[] = [];
  for (const { path, kind, file: name } of LOGS) {
    const file = await openPlain(join(launch.directory, name), "write");
    if (file === undefined) continue;
    try {
      await sealLog(file);
      logs.push({ path, kind, ...(await hashed(file)) });
    } finally {
      await file.close();
    }
  }
  return logs;
}

async function hashed(file: FileHandle): Promise<Pick<LogFile, "sha256" | "bytes">> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of file.createReadStream({ autoClose: false, start: 0 })) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return { sha256: hash.digest("hex"), bytes };
}
