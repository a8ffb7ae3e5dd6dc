import { createHash } from "node:crypto";
import { OrreryError } from "../../shared/core/errors.ts";
import type { ProjectId } from "../../shared/core/ids.ts";
import { formatInstant, type Instant } from "../../shared/core/time/instant.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { Download, Files, StorageFile, Upload } from "../../shared/ports/files.ts";

interface Kept extends Omit<StorageFile, "path" | "bytes"> {
  readonly content: Uint8Array;
}

/**
 * Files in memory. A test uploads with `put`; URLs are texts that spell out what they are for and
 * when they expire, and nothing answers them.
 */
export class MemoryFiles implements Files {
  readonly #clock: Pick<Clock, "now">;
  readonly #uploads = new Map<ProjectId, Map<string, Uint8Array>>();
  readonly #storages = new Map<ProjectId, Map<string, Kept>>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** Uploads a content, as a client does to its URL; answers with its hash. */
  put(project: ProjectId, content: string | Uint8Array): string {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const uploads = this.#uploads.get(project) ?? new Map<string, Uint8Array>();
    this.#uploads.set(project, uploads.set(sha256, bytes));
    return sha256;
  }

  /** The hashes of everything a project has uploaded. */
  uploadsOf(project: ProjectId): readonly string[] {
    return [...(this.#uploads.get(project)?.keys() ?? [])];
  }

  async present(project: ProjectId, sha256s: readonly string[]): Promise<ReadonlySet<string>> {
    const uploads = this.#uploads.get(project);
    const there = sha256s.filter((sha256) => uploads?.has(sha256) === true);
    return await Promise.resolve(new Set(there));
  }

  async remove(project: ProjectId, sha256s: readonly string[]): Promise<void> {
    for (const sha256 of sha256s) this.#uploads.get(project)?.delete(sha256);
    await Promise.resolve();
  }

  async *readContent(project: ProjectId, sha256: string): AsyncIterable<Uint8Array> {
    const content = await Promise.resolve(this.#uploads.get(project)?.get(sha256));
    if (content === undefined) throw new OrreryError("FILE_NOT_FOUND", `No content ${sha256}`);
    yield content;
  }

  async uploadUrl({ project, sha256, bytes }: Upload, expiresAt: Instant): Promise<string> {
    const what = `${project}/${sha256}?bytes=${bytes}&expires=${formatInstant(expiresAt)}`;
    return await Promise.resolve(`memory://upload/${what}`);
  }

  async downloadUrl({ job, file }: Download, expiresAt: Instant): Promise<string> {
    const name = file.kind === "input" ? file.sha256 : file.path;
    const what = `${job}/${file.kind}/${name}?expires=${formatInstant(expiresAt)}`;
    return await Promise.resolve(`memory://download/${what}`);
  }

  async makeStorage(project: ProjectId): Promise<void> {
    if (!this.#storages.has(project)) this.#storages.set(project, new Map());
    await Promise.resolve();
  }

  async removeProject(project: ProjectId): Promise<void> {
    this.#storages.delete(project);
    this.#uploads.delete(project);
    await Promise.resolve();
  }

  async usedBytes(project: ProjectId): Promise<number> {
    const kept = [...(this.#storages.get(project)?.values() ?? [])];
    return await Promise.resolve(kept.reduce((sum, { content }) => sum + content.length, 0));
  }

  async stat(project: ProjectId, path: string): Promise<StorageFile | undefined> {
    const kept = this.#storages.get(project)?.get(path);
    await Promise.resolve();
    if (kept === undefined) return undefined;
    const { content, ...times } = kept;
    return { path, bytes: content.length, ...times };
  }

  async *read(project: ProjectId, path: string): AsyncIterable<Uint8Array> {
    const kept = this.#storages.get(project)?.get(path);
    if (kept === undefined) throw new OrreryError("FILE_NOT_FOUND", `There is no file ${path}`);
    yield await Promise.resolve(kept.content);
  }

  async write(
    project: ProjectId,
    file: { readonly path: string; readonly bytes: number },
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<number> {
    const { path, bytes: most } = file;
    if (path.startsWith("/") || path.split("/").includes("..")) {
      throw new OrreryError("FILE_REJECTED", `The path ${path} leaves the storage`);
    }
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    const content = Buffer.concat(parts);
    if (content.length > most) {
      throw new OrreryError("FILE_REJECTED", `${path} has more than ${most} bytes`);
    }
    await this.makeStorage(project);
    const storage = this.#storages.get(project);
    const modifiedAt = this.#clock.now();
    const createdAt = storage?.get(path)?.createdAt ?? modifiedAt;
    storage?.set(path, { content, createdAt, modifiedAt });
    return content.length;
  }
}
