import { OrreryError } from "../../core/errors.ts";
import type { Job } from "../../core/job/job.ts";
import type { JobFile } from "../../core/job/job-definition.ts";
import type { Download } from "../../ports/files.ts";

/** How a caller names a file of a job: what is empty does not matter. */
interface NamedFile {
  readonly path: string;
  readonly variable: string;
  readonly sha256: string;
}

/** A file of a job, and where its bytes are. */
interface FoundFile {
  readonly path: string;
  readonly variable?: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly isArchive: boolean;
  readonly download: Download["file"];
}

/** Every file of a job that can be read: its outputs and logs, then its inputs. */
export function filesOf(job: Job): readonly FoundFile[] {
  const { end, definition, project } = job;
  const outputs = (end?.outputs ?? []).map((output): FoundFile => {
    const { path, variable } = output;
    const named = variable === undefined ? { path } : { path, variable };
    return { ...output, isArchive: false, download: { kind: "output", ...named } };
  });
  const logs = (end?.logs ?? []).map(({ path, sha256, bytes }): FoundFile => ({
    path,
    sha256,
    bytes,
    isArchive: false,
    download: { kind: "log", path },
  }));
  const uploaded: readonly JobFile[] = [
    ...definition.inputs,
    ...(definition.python?.localModules ?? []),
  ];
  const inputs = uploaded.flatMap(({ path, variable, stored }): readonly FoundFile[] => {
    if (stored === undefined) return [];
    const { sha256 } = stored;
    const named = variable === undefined ? { path } : { path, variable };
    return [{ ...named, ...stored, download: { kind: "input", project, sha256 } }];
  });
  return [...outputs, ...logs, ...inputs];
}

/** The job's file that a caller names by path, variable or hash; `FILE_NOT_FOUND` where none fits. */
export function findJobFile(job: Job, files: readonly FoundFile[], named: NamedFile): FoundFile {
  const { path, variable, sha256 } = named;
  const isNamed = path !== "" || variable !== "" || sha256 !== "";
  const found = files.find(
    (file) =>
      isNamed &&
      (path === "" || file.path === path) &&
      (variable === "" || file.variable === variable) &&
      (sha256 === "" || file.sha256 === sha256),
  );
  if (found !== undefined) return found;
  const name = path || variable || sha256 || "a file without path, variable and hash";
  throw new OrreryError(
    "FILE_NOT_FOUND",
    `Job ${job.id} has no file ${name.slice(0, 200)}: Get lists its outputs and logs once it has ended`,
  );
}
