import { digest, type JobId, type ProjectId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import { storagePath } from "../local-files/storage-path.ts";
import { projectFolder } from "../process/project-folder.ts";

/**
 * The layout of a bucket. What an upload URL may write is never what counts as present: a content
 * moves from `incoming` to `files` when it has been verified, and no URL writes there.
 */
export const bucketKeys = {
  /** What clients send to upload URLs, not verified. */
  incoming: (project: ProjectId, sha256: string) => `${incoming(project)}${sha256}`,
  /** An uploaded content, whole and verified. */
  content: (project: ProjectId, sha256: string) => `${contents(project)}${sha256}`,
  /** A file of a project's storage; `path` is one that `objectPath` gave. */
  stored: (project: ProjectId, path: string) => `${storage(project)}${path}`,
  storage,
  /** Everything of a project, by the beginnings of its keys. */
  ofProject: (project: ProjectId) => [incoming(project), contents(project), storage(project)],
  /**
   * A file that an execution left, where its executor kept it in the bucket. Hashed, because a
   * program may name its files as no key may be.
   */
  left: (job: JobId, kind: string, path: string) => `outputs/${job}/${digest([kind, path], 32)}`,
} as const;

function incoming(project: ProjectId): string {
  return `incoming/${projectFolder(project)}/`;
}

function contents(project: ProjectId): string {
  return `files/${projectFolder(project)}/`;
}

function storage(project: ProjectId): string {
  return `storage/${projectFolder(project)}/`;
}

// Those that a listing, which is XML, cannot hold.
const UNLISTABLE = /[\u0000-\u001f\u007f\ufffe\uffff]/;

/**
 * A caller's path as it stands in a key behind `prefix`: relative and normal. Undefined where it is
 * none of a file inside, or no key can hold it.
 */
export function objectPath(prefix: string, path: string): string | undefined {
  const inside = storagePath(path);
  if (inside === undefined || UNLISTABLE.test(inside) || !inside.isWellFormed()) return undefined;
  return Buffer.byteLength(prefix + inside) <= limits.bucketKeyBytes ? inside : undefined;
}
