import { OrreryError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { StorageFile } from "../../ports/files.ts";
import { requireProject } from "../projects/require-project.ts";
import type { Services } from "../services.ts";
import { pathInside } from "./upload-file.ts";

/** A file of a project's storage: what it is, and its bytes in chunks of at most `dataChunkBytes`. */
export interface FileDownload {
  readonly file: StorageFile;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Opens a file of a project's storage; `FILE_NOT_FOUND` where there is none. */
export async function downloadFile(
  { store, files }: Pick<Services, "store" | "files">,
  wanted: { readonly project: string; readonly path: string },
): Promise<FileDownload> {
  const { project } = wanted;
  const path = pathInside(wanted.path, "file_path");
  const { id } = await store.snapshot(async (reader) => await requireProject(reader, project));
  const file = await files.stat(id, path);
  if (file === undefined) {
    throw new OrreryError("FILE_NOT_FOUND", `Project ${id} has no file ${path} in its storage`);
  }
  return { file, chunks: cut(files.read(id, path)) };
}

async function* cut(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.length; start += limits.dataChunkBytes) {
      yield chunk.subarray(start, start + limits.dataChunkBytes);
    }
  }
}
