import { GetObjectCommand, type GetObjectCommandOutput } from "@aws-sdk/client-s3";
import { OrreryError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { BucketClient } from "./bucket-client.ts";
import { bucketFailure, isAbsent, isChanged, isConnectionFailure } from "./bucket-failure.ts";

/** What an object was when its reading began. */
interface ReadObject {
  readonly bytes: number;
  readonly version: string;
}

/** Which object, and for whom. */
export interface Wanted {
  readonly key: string;
  /** In words that follow "the bucket did not": "give the file a.txt". */
  readonly what: string;
  /** Told what the object is before its first byte; may throw. */
  readonly begun?: (object: ReadObject) => void;
}

/** Nothing is there under a key. */
export class ObjectAbsent extends Error {
  constructor(key: string) {
    super(`There is no object ${key}`);
    this.name = "ObjectAbsent";
  }
}

/**
 * The bytes of an object, whole and of one version: a download that breaks off goes on where it
 * stopped, as long as it makes progress. Throws `ObjectAbsent`, and BUCKET_UNAVAILABLE for one that
 * changes meanwhile or stands still.
 */
export async function* readObject(
  client: BucketClient,
  wanted: Wanted,
): AsyncGenerator<Uint8Array> {
  const release = client.hold();
  try {
    let answer = await ask(client, wanted, undefined);
    const object = { bytes: answer.ContentLength ?? 0, version: answer.ETag ?? "" };
    wanted.begun?.(object);
    let offset = 0;
    let standstills = 0;
    while (offset < object.bytes) {
      const before = offset;
      const broken = yield* counted(answer, (bytes) => (offset += bytes));
      if (offset === object.bytes) return;
      standstills = offset > before ? 0 : standstills + 1;
      if (standstills === limits.bucketTries)
        throw bucketFailure(broken, client.bucket, wanted.what);
      answer = await ask(client, wanted, { ...object, offset });
    }
  } finally {
    release();
  }
}

/** Hands an answer's bytes on; ends with what cut it short, and throws what is not the connection's. */
async function* counted(
  { Body: body }: GetObjectCommandOutput,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array, unknown> {
  try {
    for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
      count(chunk.length);
      yield chunk;
    }
  } catch (error) {
    if (isConnectionFailure(error)) return error;
    throw error;
  }
  return Object.assign(new Error("The answer ended too early"), { code: "CUT_SHORT" });
}

async function ask(
  client: BucketClient,
  { key, what }: Wanted,
  rest: (ReadObject & { readonly offset: number }) | undefined,
): Promise<GetObjectCommandOutput> {
  const { bucket, s3 } = client;
  const onlyRest =
    rest === undefined ? {} : { IfMatch: rest.version, Range: `bytes=${rest.offset}-` };
  try {
    const answer = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, ...onlyRest }));
    // Who knows no ranges sends all of it again, which would stand behind what came before.
    const isRest = answer.ContentRange?.startsWith(`bytes ${rest?.offset ?? 0}-`) === true;
    if (rest !== undefined && !isRest) throw changedMeanwhile(bucket, what);
    return answer;
  } catch (error) {
    if (isAbsent(error)) throw new ObjectAbsent(key);
    throw isChanged(error) ? changedMeanwhile(bucket, what) : bucketFailure(error, bucket, what);
  }
}

function changedMeanwhile(bucket: string, what: string): OrreryError {
  return new OrreryError(
    "BUCKET_UNAVAILABLE",
    `Bucket ${bucket} did not ${what}: it was written anew meanwhile; try again`,
  );
}
