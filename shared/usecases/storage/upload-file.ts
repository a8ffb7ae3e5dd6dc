import { OrreryError, wrongFields } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { storagePath } from "../../core/project/storage-path.ts";
import { requireProject } from "../projects/require-project.ts";
import type { Services } from "../services.ts";

const GB = 1024 ** 3;

/** A file on its way into a project's storage. */
export interface FileUpload {
  readonly project: string;
  readonly path: string;
  /** As the client announced it; what comes must be as much. */
  readonly bytes: number;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * Writes a file into a project's storage, whole or not at all, over what was there. `FILE_REJECTED`
 * for more or fewer bytes than were announced, and for more than the project's disk has room for.
 */
export async function uploadFile(
  { store, files }: Pick<Services, "store" | "files">,
  upload: FileUpload,
): Promise<void> {
  const { bytes, chunks } = upload;
  const path = pathInside(upload.path, "metadata.path");
  if (bytes > limits.dataFileBytes) {
    throw wrong(
      "metadata.size_bytes",
      `A file has at most ${limits.dataFileBytes} bytes, got ${bytes}`,
    );
  }
  const { id, diskGb } = await store.snapshot(
    async (reader) => await requireProject(reader, upload.project),
  );
  const usedBytes = await files.usedBytes(id);
  if (usedBytes + bytes > diskGb * GB) {
    throw new OrreryError(
      "FILE_REJECTED",
      `File ${path} of ${bytes} bytes does not fit: project ${id} uses ${usedBytes} bytes of its disk of ${diskGb} GB; resize it or remove files`,
    );
  }
  await files.write(id, { path, bytes }, exactly({ path, bytes, chunks }));
}

/** Fails inside the write, so that a file that came short leaves nothing behind. */
async function* exactly({
  path,
  bytes,
  chunks,
}: Omit<FileUpload, "project">): AsyncGenerator<Uint8Array> {
  let received = 0;
  for await (const chunk of chunks) {
    received += chunk.length;
    if (received > bytes) break;
    yield chunk;
  }
  if (received === bytes) return;
  const found = received > bytes ? `more than that` : `${received}`;
  throw new OrreryError(
    "FILE_REJECTED",
    `File ${path} was announced with ${bytes} bytes, and ${found} came: nothing was written; send it again`,
  );
}

/** A path inside the storage; `ARGUMENT_INVALID` for what can be none, or leads out of it. */
export function pathInside(path: string, field: string): string {
  if (path === "") throw wrong(field, "A path inside the project's storage is needed");
  if (path.length > limits.dataPathChars) {
    throw wrong(field, `A path has at most ${limits.dataPathChars} characters, got ${path.length}`);
  }
  const inside = storagePath(path);
  if (inside !== undefined) return inside;
  throw wrong(field, "A path is relative to the project's storage, and has no `..` and no U+0000");
}

function wrong(field: string, description: string): OrreryError {
  return wrongFields([{ field, description }]);
}
