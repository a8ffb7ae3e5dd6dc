import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
} from "@aws-sdk/client-s3";
import { limits } from "../../core/limits.ts";
import { instant, type Instant } from "../../core/time/instant.ts";
import type { BucketClient } from "./bucket-client.ts";
import { bucketFailure, isAbsent, isChanged } from "./bucket-failure.ts";

/** An object, but for its bytes. */
export interface ObjectHead {
  readonly bytes: number;
  /** The ETag: differs whenever the bytes do. */
  readonly version: string;
  readonly modifiedAt: Instant;
}

export interface ListedObject extends ObjectHead {
  readonly key: string;
}

/** What an object is; undefined where there is none. */
export async function headObject(
  client: BucketClient,
  key: string,
  what: string,
): Promise<ObjectHead | undefined> {
  const { bucket } = client;
  try {
    const head = await client.use(
      async (s3) => await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key })),
    );
    return {
      bytes: head.ContentLength ?? 0,
      version: head.ETag ?? "",
      modifiedAt: instantOf(head.LastModified),
    };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw bucketFailure(error, bucket, what);
  }
}

/**
 * Every object whose key begins with `prefix`, in the order of their keys, page by page; a listing of
 * more than `limits.bucketPages` pages ends there.
 */
export async function* listObjects(
  client: BucketClient,
  prefix: string,
  what: string,
): AsyncGenerator<readonly ListedObject[]> {
  const { bucket } = client;
  let token: string | undefined;
  for (let page = 0; page < limits.bucketPages; page += 1) {
    const request = new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: prefix,
      MaxKeys: limits.bucketPageKeys,
      // Else a key may hold what XML cannot, and the whole page is lost.
      EncodingType: "url",
      ...(token === undefined ? {} : { ContinuationToken: token }),
    });
    const answer = await client
      .use(async (s3) => await s3.send(request))
      .catch((error: unknown) => {
        throw bucketFailure(error, bucket, what);
      });
    const decode = answer.EncodingType === "url" ? decodeKey : (key: string) => key;
    yield (answer.Contents ?? []).flatMap(({ Key: key, Size, ETag, LastModified }) => {
      const head = { bytes: Size ?? 0, version: ETag ?? "", modifiedAt: instantOf(LastModified) };
      return key === undefined ? [] : [{ key: decode(key), ...head }];
    });
    token = answer.NextContinuationToken;
    if (answer.IsTruncated !== true || token === undefined) return;
  }
}

/** Removes objects, in batches; those that are not there are fine. Repeating is harmless. */
export async function removeObjects(
  client: BucketClient,
  keys: readonly string[],
  what: string,
): Promise<void> {
  const { bucket } = client;
  for (let start = 0; start < keys.length; start += limits.bucketPageKeys) {
    const batch = keys.slice(start, start + limits.bucketPageKeys).map((Key) => ({ Key }));
    const request = new DeleteObjectsCommand({
      Bucket: bucket,
      Delete: { Objects: batch, Quiet: true },
    });
    const { Errors: errors = [] } = await client
      .use(async (s3) => await s3.send(request))
      .catch((error: unknown) => {
        throw bucketFailure(error, bucket, what);
      });
    // Answered 200 though some keys are still there.
    const [first] = errors.filter(({ Code }) => Code !== "NoSuchKey");
    if (first !== undefined) throw bucketFailure(refusedKey(first.Code), bucket, what);
  }
}

/** Removes everything whose key begins with one of the prefixes. */
export async function removeBelow(
  client: BucketClient,
  prefixes: readonly string[],
  what: string,
): Promise<void> {
  for (const prefix of prefixes) {
    for await (const page of listObjects(client, prefix, what)) {
      const keys = page.map(({ key }) => key);
      await removeObjects(client, keys, what);
    }
  }
}

/** Copies an object inside the bucket, if it still is that version; false where it is not. */
export async function copyObject(
  client: BucketClient,
  from: { readonly key: string; readonly version: string },
  to: string,
  what: string,
): Promise<boolean> {
  const { bucket } = client;
  const source = `${bucket}/${from.key}`.split("/").map(encodeURIComponent).join("/");
  const request = new CopyObjectCommand({
    Bucket: bucket,
    Key: to,
    CopySource: source,
    CopySourceIfMatch: from.version,
  });
  try {
    // The answer comes when the copy is made, which takes seconds for gigabytes.
    const options = { requestTimeout: limits.bucketUploadMs };
    await client.use(async (s3) => await s3.send(request, options));
    return true;
  } catch (error) {
    if (isAbsent(error) || isChanged(error)) return false;
    throw bucketFailure(error, bucket, what);
  }
}

function refusedKey(code: string | undefined): unknown {
  const status = code === "AccessDenied" ? 403 : 500;
  return Object.assign(new Error("A key was not removed"), {
    name: code ?? "failure",
    $metadata: { httpStatusCode: status },
  });
}

function instantOf(date: Date | undefined): Instant {
  return instant(date?.getTime() ?? 0);
}

function decodeKey(key: string): string {
  return decodeURIComponent(key.replaceAll("+", " "));
}
