import { buffer } from "node:stream/consumers";
import { fromBuffer, type Entry } from "yauzl";

/** A file in an archive. */
export interface ZipFile {
  readonly path: string;
  readonly bytes: Buffer;
  /** Its permissions, as Unix has them. */
  readonly mode: number;
  readonly modifiedAt: Date;
}

/** Every file of an archive, read by a library that has not made it; checks each checksum. */
export async function readZip(archive: Buffer): Promise<readonly ZipFile[]> {
  const files: ZipFile[] = [];
  await new Promise<void>((resolve, reject) => {
    fromBuffer(archive, { lazyEntries: true, strictFileNames: true }, (error, opened) => {
      if (error !== null) {
        reject(error);
        return;
      }
      opened.on("end", resolve);
      opened.on("error", reject);
      opened.on("entry", (entry: Entry) => {
        opened.openReadStream(entry, (failure, stream) => {
          if (failure !== null) {
            reject(failure);
            return;
          }
          buffer(stream).then((bytes) => {
            const mode = (entry.externalFileAttributes >>> 16) & 0o777;
            const modifiedAt = entry.getLastModDate();
            files.push({ path: entry.fileName, bytes, mode, modifiedAt });
            opened.readEntry();
          }, reject);
        });
      });
      opened.readEntry();
    });
  });
  return files;
}
