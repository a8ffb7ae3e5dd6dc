import type { JobId, ProjectId } from "../core/ids.ts";
import type { Instant } from "../core/time/instant.ts";

/** A client may send these bytes, and no others, to an upload URL. */
export interface Upload {
  readonly project: ProjectId;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly bytes: number;
}

/** A client may read this file of a job from a download URL. */
export interface Download {
  readonly job: JobId;
  /** An input has its hash; an output or a log is found by its path. */
  readonly file:
    | { readonly kind: "input"; readonly project: ProjectId; readonly sha256: string }
    | { readonly kind: "output"; readonly path: string; readonly variable?: string }
    | { readonly kind: "log"; readonly path: string };
}

/**
 * The files of projects: what clients upload for their jobs, by content, and each project's own
 * storage, where its notebooks are. Bytes go between client and store through signed URLs that
 * expire, never through a function.
 */
export interface Files {
  /** Which of these contents the project has, whole and verified. */
  present(project: ProjectId, sha256s: readonly string[]): Promise<ReadonlySet<string>>;
  /** Removes uploaded contents; those that are not there are fine. */
  remove(project: ProjectId, sha256s: readonly string[]): Promise<void>;
  /** The bytes of an uploaded content, in chunks; throws `FILE_NOT_FOUND` where it is not present. */
  readContent(project: ProjectId, sha256: string): AsyncIterable<Uint8Array>;
  uploadUrl(upload: Upload, expiresAt: Instant): Promise<string>;
  /** A file that its executor has a URL of its own for is downloaded from that one instead. */
  downloadUrl(download: Download, expiresAt: Instant): Promise<string>;
  /** Makes the project's storage; repeating is harmless. */
  makeStorage(project: ProjectId): Promise<void>;
  /** Removes storage and every uploaded file of the project. */
  removeProject(project: ProjectId): Promise<void>;
  /** Disk space in bytes: what the project's storage uses. */
  usedBytes(project: ProjectId): Promise<number>;
  /** Metadata of a file in the project's storage; undefined where there is none. */
  stat(project: ProjectId, path: string): Promise<StorageFile | undefined>;
  /** The bytes of a file in the project's storage, in chunks; throws `FILE_NOT_FOUND`. */
  read(project: ProjectId, path: string): AsyncIterable<Uint8Array>;
  /**
   * Writes a file of the project's storage, whole or not at all. Resolves to its size. Throws
   * `FILE_REJECTED` for a path that leaves the storage, or for more than `bytes` bytes.
   */
  write(
    project: ProjectId,
    file: { readonly path: string; readonly bytes: number },
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<number>;
}

/** A file in a project's storage. */
export interface StorageFile {
  readonly path: string;
  readonly bytes: number;
  readonly createdAt: Instant;
  readonly modifiedAt: Instant;
}
