import { chmod, mkdir, rename } from "node:fs/promises";
import { dirname } from "node:path";
import type { Upload } from "../../ports/files.ts";
import type { FilePlaces } from "./file-places.ts";
import { takeFile, type NotTaken } from "./take-file.ts";

/** What became of the bytes that a client sent to an upload URL. */
export type Received =
  | { readonly outcome: "stored" }
  | { readonly outcome: NotTaken }
  | { readonly outcome: "wrongSize"; readonly bytes: number }
  | { readonly outcome: "wrongContent"; readonly sha256: string };

/**
 * Takes in a content, which is there whole and verified afterwards, or not at all. Sending what is
 * there already is fine, also at the same time.
 */
export async function receiveUpload(
  places: FilePlaces,
  upload: Upload,
  chunks: AsyncIterable<Uint8Array>,
): Promise<Received> {
  const source = { chunks, bytesMax: upload.bytes };
  const received = await takeFile<Received>(places.incoming, source, async (taken) => {
    if (taken.bytes !== upload.bytes) return { outcome: "wrongSize", bytes: taken.bytes };
    if (taken.sha256 !== upload.sha256) return { outcome: "wrongContent", sha256: taken.sha256 };
    const target = places.uploaded(upload.project, upload.sha256);
    await mkdir(dirname(target), { recursive: true });
    await chmod(taken.path, 0o444);
    await rename(taken.path, target);
    return { outcome: "stored" };
  });
  return typeof received === "string" ? { outcome: received } : received;
}
