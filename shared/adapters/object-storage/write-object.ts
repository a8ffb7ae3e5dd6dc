import { createHash } from "node:crypto";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
  type CompletedPart,
} from "@aws-sdk/client-s3";
import { limits } from "../../core/limits.ts";
import type { BucketClient } from "./bucket-client.ts";
import { bucketFailure } from "./bucket-failure.ts";

/** Where bytes go, and for whom. */
interface Target {
  readonly key: string;
  /** In words that follow "the bucket did not": "take the file a.txt". */
  readonly what: string;
}

/**
 * Writes an object, whole or not at all: it appears, in the place of the one before, with its last
 * byte. One part is in memory at a time. Resolves to its size; whatever `chunks` throws comes out
 * as it is, and nothing is written then.
 */
export async function writeObject(
  client: BucketClient,
  target: Target,
  chunks: AsyncIterable<Uint8Array>,
): Promise<number> {
  let bytes = 0;
  let upload: Upload | undefined;
  try {
    let last: Buffer = Buffer.alloc(0);
    for await (const { part, isLast } of parts(chunks)) {
      bytes += part.length;
      last = part;
      if (isLast && upload === undefined) break;
      upload ??= await begin(client, target);
      await addPart(client, target, upload, part);
    }
    if (upload === undefined) await put(client, target, last);
    else await complete(client, target, upload);
    return bytes;
  } catch (error) {
    if (upload !== undefined) await abort(client, target, upload);
    throw bucketFailure(error, client.bucket, target.what);
  }
}

/** Writes an object at once. */
export async function putObject(
  client: BucketClient,
  target: Target,
  bytes: Buffer,
): Promise<void> {
  try {
    await put(client, target, bytes);
  } catch (error) {
    throw bucketFailure(error, client.bucket, target.what);
  }
}

interface Upload {
  readonly id: string;
  readonly parts: CompletedPart[];
}

/** Chunks as parts of one size, the last one shorter; there is always a last one. */
async function* parts(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ readonly part: Buffer; readonly isLast: boolean }> {
  let gathered: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    for (let rest = chunk; rest.length > 0;) {
      // Only now, so that what is exactly one part long is the last one.
      if (bytes === limits.bucketPartBytes) {
        yield { part: Buffer.concat(gathered), isLast: false };
        gathered = [];
        bytes = 0;
      }
      const taken = rest.subarray(0, limits.bucketPartBytes - bytes);
      // A sender may use its buffer again.
      gathered.push(Uint8Array.from(taken));
      bytes += taken.length;
      rest = rest.subarray(taken.length);
    }
  }
  yield { part: Buffer.concat(gathered), isLast: true };
}

async function put(client: BucketClient, { key }: Target, bytes: Buffer): Promise<void> {
  await client.use(
    async (s3) =>
      await s3.send(
        new PutObjectCommand({
          Bucket: client.bucket,
          Key: key,
          Body: bytes,
          ContentMD5: md5(bytes),
        }),
        { requestTimeout: limits.bucketUploadMs },
      ),
  );
}

async function begin(client: BucketClient, { key }: Target): Promise<Upload> {
  const { UploadId: id = "" } = await client.use(
    async (s3) =>
      await s3.send(new CreateMultipartUploadCommand({ Bucket: client.bucket, Key: key })),
  );
  return { id, parts: [] };
}

async function addPart(
  client: BucketClient,
  { key }: Target,
  upload: Upload,
  part: Buffer,
): Promise<void> {
  const number = upload.parts.length + 1;
  const { ETag: etag } = await client.use(
    async (s3) =>
      await s3.send(
        new UploadPartCommand({
          Bucket: client.bucket,
          Key: key,
          UploadId: upload.id,
          PartNumber: number,
          Body: part,
          ContentMD5: md5(part),
        }),
        { requestTimeout: limits.bucketUploadMs },
      ),
  );
  upload.parts.push({ PartNumber: number, ETag: etag });
}

async function complete(client: BucketClient, { key }: Target, upload: Upload): Promise<void> {
  const request = new CompleteMultipartUploadCommand({
    Bucket: client.bucket,
    Key: key,
    UploadId: upload.id,
    MultipartUpload: { Parts: [...upload.parts] },
  });
  await client.use(async (s3) => await s3.send(request, { requestTimeout: limits.bucketUploadMs }));
}

/** What is left of an upload costs room until a rule of the bucket removes it: worth one try. */
async function abort(client: BucketClient, { key }: Target, upload: Upload): Promise<void> {
  const request = new AbortMultipartUploadCommand({
    Bucket: client.bucket,
    Key: key,
    UploadId: upload.id,
  });
  await client.use(async (s3) => await s3.send(request)).catch(() => undefined);
}

function md5(bytes: Buffer): string {
  return createHash("md5").update(bytes).digest("base64");
}
