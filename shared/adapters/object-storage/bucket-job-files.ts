import { posix } from "node:path";
import { OrreryError } from "../../core/errors.ts";
import type { JobFileEntry, JobFiles } from "../../ports/job-files.ts";
import type { BucketClient } from "./bucket-client.ts";
import { objectPath } from "./bucket-keys.ts";
import { headObject, listObjects, type ListedObject } from "./objects.ts";
import { ObjectAbsent, readObject } from "./read-object.ts";

/** The files of jobs in a bucket, beside a schedules file. A root is `s3://BUCKET/PREFIX`. */
export function createBucketJobFiles(client: BucketClient): JobFiles {
  return {
    async list(root, path) {
      const folder = folderOf(client, root);
      const key = keyOf(folder, root, path);
      const what = `list ${root}/${path}`;
      if (key !== folder) {
        const file = await headObject(client, key, what);
        if (file !== undefined) return [{ path: "", bytes: file.bytes, version: file.version }];
      }
      const below = key === folder ? folder : `${key}/`;
      const entries: JobFileEntry[] = [];
      for await (const page of listObjects(client, below, what)) {
        entries.push(...page.filter(isFile).map((object) => entryOf(below, object)));
      }
      return entries;
    },
    read: (root, path) => readFile(client, root, path),
  };
}

/** Consoles make an empty object with a name that ends in a slash for each folder. */
function isFile({ key }: ListedObject): boolean {
  return !key.endsWith("/");
}

function entryOf(below: string, { key, bytes, version }: ListedObject): JobFileEntry {
  return { path: key.slice(below.length), bytes, version };
}

async function* readFile(
  client: BucketClient,
  root: string,
  path: string,
): AsyncGenerator<Uint8Array> {
  const folder = folderOf(client, root);
  try {
    yield* readObject(client, { key: keyOf(folder, root, path), what: `give ${root}/${path}` });
  } catch (error) {
    if (!(error instanceof ObjectAbsent)) throw error;
    throw new OrreryError("FILE_NOT_FOUND", `There is no file ${root}/${path}`);
  }
}

/** What a root's keys begin with, its slash included. */
function folderOf({ bucket }: BucketClient, root: string): string {
  const own = `s3://${bucket}/`;
  if (!root.startsWith(own) || root.split("/").includes("..")) {
    throw new OrreryError("FILE_REJECTED", `The folder ${root} is not one of bucket ${bucket}`);
  }
  const folder = root.slice(own.length).replace(/\/+$/, "");
  return folder === "" ? "" : `${folder}/`;
}

/** Paths may lead out of a job's folder, as on a machine, but not out of what the schedules file is in. */
function keyOf(folder: string, root: string, path: string): string {
  const [top = ""] = folder.split("/");
  const whole = posix.normalize(`${folder}${path}`).replace(/\/+$/, "");
  if (`${whole}/` === folder) return folder;
  const base = top === "" ? "" : `${top}/`;
  const inside = whole.startsWith(base) ? objectPath(base, whole.slice(base.length)) : undefined;
  const isWithin = inside !== undefined && !path.startsWith("/") && !path.includes("\0");
  if (isWithin) return `${base}${inside}`;
  throw new OrreryError("FILE_REJECTED", `The path ${path} leads out of ${root}, or is none`);
}
