import { createHash } from "node:crypto";
import type { PlannedFile } from "./plan-files.ts";

/** A planned file with its content's name and size. */
export interface HashedFile extends PlannedFile {
  readonly content: { readonly sha256: string; readonly bytes: number };
}

/** Reads a file once for its hash, unless that is known. */
export async function hashed(file: PlannedFile): Promise<HashedFile> {
  if (file.content !== undefined) return { ...file, content: file.content };
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of file.open()) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { ...file, content: { sha256: hash.digest("hex"), bytes } };
}
