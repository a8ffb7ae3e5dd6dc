import { createHash } from "node:crypto";
import { limits } from "../../core/limits.ts";
import { openBucketClient, type BucketConnection } from "./bucket-client.ts";
import { listObjects } from "./objects.ts";
import { writeObject } from "./write-object.ts";

/** A file that an object is to be made of. */
export interface UploadFile {
  /** Below the prefix. */
  readonly path: string;
  readonly bytes: number;
  /** Its bytes, anew with each call. */
  read(): AsyncIterable<Uint8Array>;
}

/** What an upload did. */
export interface Uploaded {
  readonly written: readonly string[];
  readonly unchanged: number;
}

/**
 * Makes objects below a prefix be the files, in their order: a file is sent after every file before
 * it is there, where `last` names it. An object that holds the same bytes already is left as it is;
 * objects that no file stands for stay.
 */
export async function uploadFolder(
  connection: BucketConnection,
  prefix: string,
  files: readonly UploadFile[],
  last: string,
): Promise<Uploaded> {
  const client = openBucketClient(connection);
  try {
    const there = new Map<string, { readonly bytes: number; readonly version: string }>();
    for await (const page of listObjects(client, prefix, `list ${prefix}`)) {
      for (const { key, bytes, version } of page) there.set(key, { bytes, version });
    }
    const written: string[] = [];
    const send = async (file: UploadFile): Promise<void> => {
      const key = `${prefix}${file.path}`;
      if (await isSame(file, there.get(key))) return;
      await writeObject(client, { key, what: `take the file ${file.path}` }, file.read());
      written.push(file.path);
    };
    const [final] = files.filter(({ path }) => path === last);
    await inParallel(
      files.filter((file) => file !== final),
      send,
    );
    if (final !== undefined) await send(final);
    return { written: written.toSorted(), unchanged: files.length - written.length };
  } finally {
    client.close();
  }
}

/** An object of one part has the MD5 of its bytes for an ETag; of a larger one nothing is known. */
async function isSame(
  file: UploadFile,
  there: { readonly bytes: number; readonly version: string } | undefined,
): Promise<boolean> {
  if (there?.bytes !== file.bytes || file.bytes > limits.bucketPartBytes) return false;
  const hash = createHash("md5");
  for await (const chunk of file.read()) hash.update(chunk);
  return there.version.replaceAll('"', "") === hash.digest("hex");
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: limits.deployUploads }, worker));
}
