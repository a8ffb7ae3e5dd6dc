import { constants } from "node:fs";
import { lstat, open, opendir, rename, type FileHandle } from "node:fs/promises";
import { join, posix } from "node:path";
import { OrreryError } from "../../core/errors.ts";
import type { ProjectId } from "../../core/ids.ts";
import { instant, type Instant } from "../../core/time/instant.ts";
import type { StorageFile } from "../../ports/files.ts";
import { hasCode } from "../process/attempt-place.ts";
import type { FilePlaces } from "./file-places.ts";
import { makeParents, realInside, storagePath } from "./storage-path.ts";
import { takeFile } from "./take-file.ts";

/** What a program in a project sees as its files, seen from outside: no path leads out of it. */
export class ProjectStorage {
  readonly #places: FilePlaces;
  readonly #project: ProjectId;
  readonly #folder: string;

  constructor(places: FilePlaces, project: ProjectId) {
    this.#places = places;
    this.#project = project;
    this.#folder = places.storage(project);
  }

  async stat(path: string): Promise<StorageFile | undefined> {
    const file = await this.#open(path);
    if (file === undefined) return undefined;
    try {
      const { size, birthtimeMs, mtimeMs } = await file.stat();
      const modifiedAt = wholeMs(mtimeMs);
      // A file system that keeps no time of birth says 1970.
      const createdAt = birthtimeMs > 0 ? wholeMs(birthtimeMs) : modifiedAt;
      return { path: posix.normalize(path), bytes: size, createdAt, modifiedAt };
    } finally {
      await file.close();
    }
  }

  async *read(path: string): AsyncGenerator<Uint8Array> {
    const file = await this.#open(path);
    if (file === undefined) {
      throw new OrreryError(
        "FILE_NOT_FOUND",
        `Project ${this.#project} has no file "${path}" in its storage`,
      );
    }
    // Closes the file at its end, and also when the reader stops early.
    yield* file.createReadStream() as AsyncIterable<Uint8Array>;
  }

  async write(
    file: { readonly path: string; readonly bytes: number },
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<number> {
    const path = storagePath(file.path);
    if (path === undefined) {
      throw this.#rejected(file.path, "must be a path inside the storage, relative, without `..`");
    }
    const source = { chunks, bytesMax: file.bytes };
    const written = await takeFile(this.#places.incoming, source, async (taken) => {
      await this.#place(taken.path, path);
      return taken.bytes;
    });
    if (written === "tooLarge") {
      throw this.#rejected(path, `has more than the ${file.bytes} bytes it may have`);
    }
    if (written !== "full") return written;
    throw new OrreryError(
      "STORE_UNAVAILABLE",
      `The disk is full: "${path}" of project ${this.#project} was not written; free some space`,
    );
  }

  /** The sizes of all files, added up. Links count nothing. */
  async usedBytes(): Promise<number> {
    let bytes = 0;
    const folders = [this.#folder];
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      try {
        for await (const entry of await opendir(folder)) {
          const path = join(folder, entry.name);
          if (entry.isDirectory()) folders.push(path);
          else if (entry.isFile()) bytes += (await lstat(path)).size;
        }
      } catch (error) {
        // A program may remove it while it is looked at.
        if (!hasCode(error, "ENOENT")) throw error;
      }
    }
    return bytes;
  }

  /** A file of the storage, open for reading; undefined where there is none. */
  async #open(path: string): Promise<FileHandle | undefined> {
    const inside = storagePath(path);
    const real = inside === undefined ? undefined : await realInside(this.#folder, inside);
    if (real === undefined) return undefined;
    let file: FileHandle | undefined;
    try {
      // Neither waits for the other end of a pipe nor follows a link that was put there just now.
      file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      if ((await file.stat()).isFile()) return file;
    } catch (error) {
      if (!hasCode(error, "ENOENT", "ELOOP", "ENXIO")) throw error;
    }
    await file?.close();
    return undefined;
  }

  async #place(from: string, path: string): Promise<void> {
    try {
      const folder = await makeParents(this.#folder, path);
      if (folder !== undefined) {
        await rename(from, join(folder, posix.basename(path)));
        return;
      }
    } catch (error) {
      if (!hasCode(error, "EISDIR", "ENOTEMPTY", "EEXIST", "ENAMETOOLONG", "ENOTDIR")) throw error;
    }
    throw this.#rejected(
      path,
      "needs folders above it that are folders of the storage, a name of at most 255 bytes, and no folder in its place",
    );
  }

  #rejected(path: string, why: string): OrreryError {
    return new OrreryError(
      "FILE_REJECTED",
      `The file "${path}" of project ${this.#project} ${why}: nothing was written`,
    );
  }
}

function wholeMs(ms: number): Instant {
  return instant(Math.floor(ms));
}
