import { link, mkdir, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { OrreryError } from "../../core/errors.ts";
import { digest } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { JobFileEntry, JobFiles } from "../../ports/job-files.ts";
import { freshName, hasCode } from "../process/attempt-place.ts";
import { storagePath } from "./storage-path.ts";
import { takeFile } from "./take-file.ts";

export interface FolderCopyOptions {
  /** Where copies are on this machine; it holds nothing else. */
  readonly directory: string;
  /** The folder elsewhere, such as `s3://BUCKET/config`. */
  readonly root: string;
  readonly jobFiles: JobFiles;
  readonly clock: Clock;
}

/**
 * Copies of a folder that is elsewhere, for programs that want files: one copy of each state it was
 * in. A copy appears whole and is never changed, so whoever reads one is not disturbed; a file that
 * did not change is the same one in the next copy. Old copies go `limits.folderCopyMs` after they were
 * last asked for.
 */
export class FolderCopy {
  readonly #options: FolderCopyOptions;
  readonly #copying = new Map<string, Promise<string>>();
  #latest: { readonly folder: string; readonly versions: ReadonlyMap<string, string> } | undefined;

  constructor(options: FolderCopyOptions) {
    this.#options = options;
  }

  /** Where a folder in it is on this machine, as it is now; one that is not in it stays what it is. */
  async folderOf(folder: string): Promise<string> {
    const { root } = this.#options;
    if (folder === root) return await this.current();
    const inside = folder.startsWith(`${root}/`) ? folder.slice(root.length + 1) : undefined;
    return inside === undefined ? folder : join(await this.current(), inside);
  }

  /** The folder of this machine that holds what is there now. Throws FILE_REJECTED for what cannot be. */
  async current(): Promise<string> {
    const entries = await this.#options.jobFiles.list(this.#options.root, "");
    checkEntries(entries, this.#options.root);
    const name = digest([JSON.stringify(entries.map(({ path, version }) => [path, version]))], 40);
    const copying = this.#copying.get(name) ?? this.#provide(name, entries);
    this.#copying.set(name, copying);
    try {
      return await copying;
    } finally {
      this.#copying.delete(name);
    }
  }

  async #provide(name: string, entries: readonly JobFileEntry[]): Promise<string> {
    const { directory, clock } = this.#options;
    const folder = join(directory, name);
    const now = new Date(clock.now());
    try {
      await utimes(folder, now, now);
    } catch (error) {
      if (!hasCode(error, "ENOENT")) throw error;
      await this.#make(folder, entries);
      await utimes(folder, now, now);
      await this.#removeOld(name);
    }
    const versions = new Map(entries.map(({ path, version }) => [path, version]));
    this.#latest = { folder, versions };
    return folder;
  }

  async #make(folder: string, entries: readonly JobFileEntry[]): Promise<void> {
    const fresh = join(this.#options.directory, `.${freshName()}`);
    await mkdir(fresh, { recursive: true, mode: 0o700 });
    try {
      for (const entry of entries) await this.#place(entry, join(fresh, entry.path));
      await rename(fresh, folder);
    } catch (error) {
      // Another process made the same copy in the meantime.
      if (hasCode(error, "ENOTEMPTY", "EEXIST") && (await isFolder(folder))) return;
      throw hasCode(error, "EEXIST", "ENOTDIR", "ENAMETOOLONG", "EISDIR")
        ? this.#rejected("it has a file where another one has a folder, or a name that is too long")
        : error;
    } finally {
      await rm(fresh, { recursive: true, force: true, maxRetries: 3 });
    }
  }

  async #place({ path, bytes, version }: JobFileEntry, target: string): Promise<void> {
    await mkdir(dirname(target), { recursive: true });
    if (this.#latest?.versions.get(path) === version) {
      const linked = await link(join(this.#latest.folder, path), target).then(
        () => true,
        (error: unknown) => {
          // A file system without links, or a copy that somebody removed.
          if (hasCode(error, "ENOENT", "EPERM", "EMLINK", "ENOTSUP")) return false;
          throw error;
        },
      );
      if (linked) return;
    }
    const { directory, root, jobFiles } = this.#options;
    const source = { chunks: jobFiles.read(root, path), bytesMax: bytes };
    const taken = await takeFile(directory, source, async (file) => {
      await rename(file.path, target);
      return file.bytes;
    });
    if (taken === "full") {
      throw new OrreryError("STORE_UNAVAILABLE", `The disk is full: ${root} was not copied`);
    }
    // It was written anew since it was listed; whoever starts again lists anew.
    if (taken !== bytes) throw this.#rejected(`${path} changed while it was copied: try again`);
  }

  async #removeOld(kept: string): Promise<void> {
    const { directory, clock } = this.#options;
    for (const name of await readdir(directory)) {
      const usedMs = (await stat(join(directory, name)).catch(() => undefined))?.mtimeMs;
      if (name === kept || usedMs === undefined) continue;
      if (clock.now() - usedMs < limits.folderCopyMs) continue;
      await rm(join(directory, name), { recursive: true, force: true, maxRetries: 3 });
    }
  }

  #rejected(why: string): OrreryError {
    return new OrreryError(
      "FILE_REJECTED",
      `The folder ${this.#options.root} cannot be copied: ${why}`,
    );
  }
}

function checkEntries(entries: readonly JobFileEntry[], root: string): void {
  const wrong = entries.find(({ path }) => storagePath(path) !== path);
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  const why =
    wrong !== undefined
      ? `no file of a machine can be called "${wrong.path}"`
      : entries.length > limits.jobInputFiles
        ? `it has ${entries.length} files, and at most ${limits.jobInputFiles} are copied`
        : bytes > limits.jobInputsBytes
          ? `it has ${bytes} bytes, and at most ${limits.jobInputsBytes} are copied`
          : undefined;
  if (why !== undefined) {
    throw new OrreryError("FILE_REJECTED", `The folder ${root} cannot be copied: ${why}`);
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}
