import { createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { posix } from "node:path";
import { pipeline } from "node:stream/promises";
import { fromRandomAccessReaderPromise, type Entry, type ZipFile } from "yauzl";
import { messageOf } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { ArchiveReader } from "./archive-reader.ts";
import { hasCode } from "./attempt-place.ts";
import { refuse } from "./refuse.ts";

/**
 * ZIP archives that clients upload. Nobody vouches for one, so:
 *
 * Z1 What an archive says about itself is checked before a byte of it is expanded: names, kinds,
 *    sizes, number. Only plain files and folders with a relative name without ".." pass.
 * Z2 An entry that turns out larger than it says ends the expansion at that byte, so the sizes
 *    that were added up beforehand bound the disk it takes.
 * Z3 A file is made, never written over, and nothing made here is a link: no name can lead out.
 */

/** A file or folder in an archive, as its table of contents states it. */
export interface ArchiveEntry {
  /** Normalized, with forward slashes; a folder has none at its end. */
  readonly path: string;
  readonly kind: "file" | "folder";
  readonly bytes: number;
  readonly crc32: number;
  readonly executable: boolean;
}

/** What stands for an archive in a message. */
interface Archive {
  readonly source: string;
  readonly name: string;
}

const KIND_MASK = 0o170000;
const FILE_KIND = 0o100000;
const FOLDER_KIND = 0o040000;

/** The table of contents, in the archive's order. Refuses what Z1 rules out. */
export async function listArchive(archive: Archive): Promise<readonly ArchiveEntry[]> {
  const entries: ArchiveEntry[] = [];
  await eachEntry(archive, async (entry) => {
    await Promise.resolve();
    entries.push(checkedEntry(archive, entry));
  });
  return entries;
}

/**
 * Expands the files of an archive that `listArchive` took. `targetOf` says where an entry goes,
 * by its place in the table, below a folder that exists; undefined leaves it out.
 */
export async function expandArchive(
  archive: Archive,
  targetOf: (index: number) => string | undefined,
): Promise<void> {
  let index = 0;
  await eachEntry(archive, async (found, zip) => {
    const entry = checkedEntry(archive, found);
    const target = targetOf(index);
    index += 1;
    if (target === undefined || entry.kind === "folder") return;
    const mode = entry.executable ? 0o755 : 0o644;
    await pipeline(
      await zip.openReadStreamPromise(found),
      createWriteStream(target, { flags: "wx", mode }),
    );
  });
}

async function eachEntry(
  archive: Archive,
  visit: (entry: Entry, zip: ZipFile) => Promise<void>,
): Promise<void> {
  const file = await open(archive.source);
  try {
    const { size } = await file.stat();
    const reader = new ArchiveReader(file);
    const zip = await fromRandomAccessReaderPromise(reader, size, {
      autoClose: false,
      // Z2: sizes are counted as they stream.
      validateEntrySizes: true,
    });
    if (zip.entryCount > limits.jobInputFiles) {
      refuse(
        `${archive.name} holds ${zip.entryCount} files and may hold ${limits.jobInputFiles}: ` +
          "pack some of them into an archive of their own.",
      );
    }
    for await (const entry of zip.eachEntry()) await visit(entry, zip);
  } catch (error) {
    if (!isArchiveFault(error)) throw error;
    refuse(`${archive.name} is no ZIP archive that can be expanded: ${messageOf(error)}.`, error);
  } finally {
    await file.close();
  }
}

/** Whether the archive is to blame: its format, or its data. The disk's own errors have a syscall. */
function isArchiveFault(error: unknown): boolean {
  if (!(error instanceof Error) || !["Error", "RangeError"].includes(error.name)) return false;
  if (hasCode(error, "EEXIST", "ENAMETOOLONG", "EILSEQ")) return true;
  return !("syscall" in error);
}

function checkedEntry(archive: Archive, entry: Entry): ArchiveEntry {
  const refused = (why: string): never =>
    refuse(`${archive.name} holds "${entry.fileName.slice(0, 200)}", which ${why}.`);
  const mode = entry.externalFileAttributes >>> 16;
  const kind = mode & KIND_MASK;
  if (kind !== 0 && kind !== FILE_KIND && kind !== FOLDER_KIND) {
    refused("is a link or a device: only files and folders are expanded");
  }
  if (entry.isEncrypted()) refused("is encrypted");
  if (!entry.canDecodeFileData()) refused("is compressed in a way other than deflate");
  // The library has refused "..", absolute paths and drive letters, and turned backslashes around.
  const path = posix.normalize(entry.fileName).replace(/(.)\/$/, "$1");
  const tooLong =
    Buffer.byteLength(path) > limits.jobPathBytes ||
    path.split("/").some((part) => Buffer.byteLength(part) > limits.fileNameBytes);
  if (tooLong) refused(`has a path of more than ${limits.jobPathBytes} bytes`);
  if (path === "." || path.includes("\0")) refused("is not a name of a file");
  return {
    path,
    kind: entry.fileName.endsWith("/") ? "folder" : "file",
    bytes: entry.uncompressedSize,
    crc32: entry.crc32,
    executable: (mode & 0o100) !== 0,
  };
}
