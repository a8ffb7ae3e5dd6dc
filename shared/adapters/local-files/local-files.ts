import { createReadStream } from "node:fs";
import { mkdir, rm, stat } from "node:fs/promises";
import { OrreryError } from "../../core/errors.ts";
import type { ProjectId } from "../../core/ids.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Files, Upload } from "../../ports/files.ts";
import type { Random } from "../../ports/random.ts";
import { hasCode } from "../process/attempt-place.ts";
import { filePlaces, isSha256, type FilePlaces } from "./file-places.ts";
import { ProjectStorage } from "./project-storage.ts";
import { receiveUpload, type Received } from "./receive-upload.ts";
import { openGrant, signGrant, type Denied, type Grant } from "./signed-grant.ts";
import { signingKey } from "./signing-key.ts";

export interface LocalFilesOptions {
  /** The data directory. */
  readonly directory: string;
  readonly clock: Clock;
  readonly random: Random;
  /** What URLs begin with: `http://127.0.0.1:7070`. */
  readonly publicUrl: () => string;
}

/** The files of projects on this machine, and what a server of signed URLs asks of them. */
export interface LocalFiles extends Files {
  /** What the last part of a signed URL allows by now. */
  grant(signed: string): Grant | Denied;
  receive(upload: Upload, chunks: AsyncIterable<Uint8Array>): Promise<Received>;
  /** Where an uploaded content is; there may be nothing. Absolute. */
  uploaded(project: ProjectId, sha256: string): string;
  /** Where a project's storage is; it may not exist yet. Absolute. */
  storage(project: ProjectId): string;
  /** Removes what a platform that was killed left half received. Only at a start. */
  sweepIncoming(): Promise<void>;
}

/**
 * Keeps files in a data directory: `projects/PROJECT/files/SHA256` is what clients uploaded, and
 * `projects/PROJECT/storage` is the project's own. A file appears in its place whole.
 */
export function createLocalFiles(options: LocalFilesOptions): LocalFiles {
  const { clock, publicUrl } = options;
  const places = filePlaces(options.directory);
  let known: string | undefined;
  const key = (): string => (known ??= signingKey(places.key, options.random));
  const storageOf = (project: ProjectId): ProjectStorage => new ProjectStorage(places, project);
  const url = (signed: string): string => `${publicUrl()}/files/${signed}`;

  return {
    async present(project, sha256s) {
      const present = new Set<string>();
      for (const sha256 of sha256s) {
        if (await isPresent(places, project, sha256)) present.add(sha256);
      }
      return present;
    },
    async remove(project, sha256s) {
      for (const sha256 of sha256s.filter(isSha256)) {
        await rm(places.uploaded(project, sha256), { force: true });
      }
    },
    readContent: (project, sha256) => readContent(places, project, sha256),
    async uploadUrl(upload, expiresAt) {
      return await Promise.resolve(url(signGrant(key(), { verb: "PUT", upload }, expiresAt)));
    },
    async downloadUrl(download, expiresAt) {
      return await Promise.resolve(url(signGrant(key(), { verb: "GET", download }, expiresAt)));
    },
    async makeStorage(project) {
      await mkdir(places.storage(project), { recursive: true });
    },
    async removeProject(project) {
      await rm(places.project(project), { recursive: true, force: true, maxRetries: 3 });
    },
    usedBytes: async (project) => await storageOf(project).usedBytes(),
    stat: async (project, path) => await storageOf(project).stat(path),
    read: (project, path) => storageOf(project).read(path),
    write: async (project, file, chunks) => await storageOf(project).write(file, chunks),

    grant: (signed) => openGrant(key(), signed, clock.now()),
    receive: async (upload, chunks) => await receiveUpload(places, upload, chunks),
    uploaded: (project, sha256) => places.uploaded(project, sha256),
    storage: (project) => places.storage(project),
    async sweepIncoming() {
      await rm(places.incoming, { recursive: true, force: true });
    },
  };
}

async function* readContent(
  places: FilePlaces,
  project: ProjectId,
  sha256: string,
): AsyncGenerator<Uint8Array> {
  if (await isPresent(places, project, sha256)) {
    yield* createReadStream(places.uploaded(project, sha256)) as AsyncIterable<Uint8Array>;
    return;
  }
  throw new OrreryError("FILE_NOT_FOUND", `Project ${project} has no content ${sha256}: upload it`);
}

async function isPresent(places: FilePlaces, project: ProjectId, sha256: string): Promise<boolean> {
  if (!isSha256(sha256)) return false;
  try {
    return (await stat(places.uploaded(project, sha256))).isFile();
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}
