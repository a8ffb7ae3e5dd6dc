import { createHash } from "node:crypto";
import { OrreryError } from "../../core/errors.ts";
import type { ProjectId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import { isSha256 } from "../local-files/file-places.ts";
import type { BucketClient } from "./bucket-client.ts";
import { bucketKeys } from "./bucket-keys.ts";
import { copyObject, headObject, removeObjects } from "./objects.ts";
import { ObjectAbsent, readObject } from "./read-object.ts";
import { putObject } from "./write-object.ts";

/** What an empty file has. Clients cannot upload it: they send no length with nothing. */
const EMPTY_SHA256 = createHash("sha256").digest("hex");

/**
 * Which of these contents a project has, whole and verified.
 *
 * U1 A signed URL binds length and key, and no object storage compares the bytes with a hash that
 *    the client does not send by itself. So uploads land in `incoming`, are read once and hashed by
 *    whoever first asks for them, and move to `files`, where no URL writes.
 * U2 What moves is the version that was read: one that was sent again meanwhile is read again.
 * U3 What is not what its key says stays where it counts for nothing, until it is sent again: taking
 *    it away could meet the right bytes, just sent.
 */
export async function presentContents(
  client: BucketClient,
  project: ProjectId,
  sha256s: readonly string[],
): Promise<ReadonlySet<string>> {
  const wanted = [...new Set(sha256s)].filter(isSha256);
  const present = new Set<string>();
  for (let start = 0; start < wanted.length; start += limits.bucketParallel) {
    const some = wanted.slice(start, start + limits.bucketParallel);
    await Promise.all(
      some.map(async (sha256) => {
        if (await isPresent(client, project, sha256)) present.add(sha256);
      }),
    );
  }
  return present;
}

/** The bytes of a content; throws FILE_NOT_FOUND where it is not present. */
export async function* readContent(
  client: BucketClient,
  project: ProjectId,
  sha256: string,
): AsyncGenerator<Uint8Array> {
  const what = `give the content ${sha256} of project ${project}`;
  if (!(await presentContents(client, project, [sha256])).has(sha256)) {
    throw new OrreryError(
      "FILE_NOT_FOUND",
      `Project ${project} has no content ${sha256}: upload it`,
    );
  }
  yield* readObject(client, { key: bucketKeys.content(project, sha256), what });
}

/** Removes contents, verified or not; those that are not there are fine. */
export async function removeContents(
  client: BucketClient,
  project: ProjectId,
  sha256s: readonly string[],
): Promise<void> {
  const keys = sha256s
    .filter(isSha256)
    .flatMap((sha256) => [
      bucketKeys.content(project, sha256),
      bucketKeys.incoming(project, sha256),
    ]);
  await removeObjects(client, keys, `remove uploads of project ${project}`);
}

async function isPresent(
  client: BucketClient,
  project: ProjectId,
  sha256: string,
): Promise<boolean> {
  const what = `verify the content ${sha256} of project ${project}`;
  const key = bucketKeys.content(project, sha256);
  // More than once only where it is sent again, or verified by another process, at the same time.
  for (let tries = 0; tries < limits.bucketTries; tries += 1) {
    if ((await headObject(client, key, what)) !== undefined) return true;
    if (sha256 === EMPTY_SHA256) {
      await putObject(client, { key, what }, Buffer.alloc(0));
      return true;
    }
    const moved = await verify(client, { project, sha256, what });
    if (moved !== "changed") return moved === "verified";
  }
  return false;
}

async function verify(
  client: BucketClient,
  content: { readonly project: ProjectId; readonly sha256: string; readonly what: string },
): Promise<"verified" | "absent" | "changed"> {
  const { project, sha256, what } = content;
  const incoming = bucketKeys.incoming(project, sha256);
  const sent = await headObject(client, incoming, what);
  if (sent === undefined || sent.bytes > limits.jobFileBytes) return "absent";
  const found = await hashOf(client, incoming, what);
  if (found === undefined) return "changed";
  if (found.sha256 !== sha256) return "absent";
  const from = { key: incoming, version: found.version };
  if (!(await copyObject(client, from, bucketKeys.content(project, sha256), what))) {
    return "changed";
  }
  await removeObjects(client, [incoming], what);
  return "verified";
}

/** The hash of an object's bytes, one chunk at a time; undefined where it is gone. */
async function hashOf(
  client: BucketClient,
  key: string,
  what: string,
): Promise<{ readonly sha256: string; readonly version: string } | undefined> {
  const hash = createHash("sha256");
  let version = "";
  try {
    const begun = (object: { readonly version: string }): void => void (version = object.version);
    for await (const chunk of readObject(client, { key, what, begun })) hash.update(chunk);
  } catch (error) {
    if (error instanceof ObjectAbsent) return undefined;
    throw error;
  }
  return { sha256: hash.digest("hex"), version };
}
