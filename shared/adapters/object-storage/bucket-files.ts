import { OrreryError } from "../../core/errors.ts";
import type { ProjectId } from "../../core/ids.ts";
import type { Files, StorageFile } from "../../ports/files.ts";
import type { BucketClient } from "./bucket-client.ts";
import { bucketKeys, objectPath } from "./bucket-keys.ts";
import { headObject, listObjects, removeBelow } from "./objects.ts";
import { ObjectAbsent, readObject } from "./read-object.ts";
import { signDownload, signUpload } from "./signed-urls.ts";
import { presentContents, readContent, removeContents } from "./uploaded-contents.ts";
import { writeObject } from "./write-object.ts";

/**
 * The files of projects in a bucket: uploads by content, and each project's storage. There are no
 * folders in a bucket: a file may stand where another one has a folder.
 */
export function createBucketFiles(client: BucketClient): Files {
  return {
    present: async (project, sha256s) => await presentContents(client, project, sha256s),
    remove: async (project, sha256s) => await removeContents(client, project, sha256s),
    readContent: (project, sha256) => readContent(client, project, sha256),
    uploadUrl: async (upload, expiresAt) => await signUpload(client, upload, expiresAt),
    async downloadUrl({ job, file }, expiresAt) {
      const object =
        file.kind === "input"
          ? { key: bucketKeys.content(file.project, file.sha256), name: file.sha256 }
          : { key: bucketKeys.left(job, file.kind, file.path), name: file.path };
      return await signDownload(client, object, expiresAt);
    },
    async makeStorage() {
      // It is there with its first file.
    },
    async removeProject(project) {
      const prefixes = bucketKeys.ofProject(project);
      await removeBelow(client, prefixes, `remove the files of project ${project}`);
    },
    usedBytes: async (project) => await usedBytes(client, project),
    stat: async (project, path) => await statFile(client, project, path),
    read: (project, path) => readFile(client, project, path),
    write: async (project, file, chunks) => await writeFile(client, project, { ...file, chunks }),
  };
}

async function usedBytes(client: BucketClient, project: ProjectId): Promise<number> {
  let bytes = 0;
  const what = `list the storage of project ${project}`;
  for await (const page of listObjects(client, bucketKeys.storage(project), what)) {
    for (const object of page) bytes += object.bytes;
  }
  return bytes;
}

async function statFile(
  client: BucketClient,
  project: ProjectId,
  path: string,
): Promise<StorageFile | undefined> {
  const inside = objectPath(bucketKeys.storage(project), path);
  if (inside === undefined) return undefined;
  const what = `look up the file "${inside}" of project ${project}`;
  const head = await headObject(client, bucketKeys.stored(project, inside), what);
  if (head === undefined) return undefined;
  const { bytes, modifiedAt } = head;
  // An object is written whole, so it is as old as its bytes.
  return { path: inside, bytes, createdAt: modifiedAt, modifiedAt };
}

async function* readFile(
  client: BucketClient,
  project: ProjectId,
  path: string,
): AsyncGenerator<Uint8Array> {
  const absent = (): OrreryError =>
    new OrreryError("FILE_NOT_FOUND", `Project ${project} has no file "${path}" in its storage`);
  const inside = objectPath(bucketKeys.storage(project), path);
  if (inside === undefined) throw absent();
  const what = `give the file "${inside}" of project ${project}`;
  try {
    yield* readObject(client, { key: bucketKeys.stored(project, inside), what });
  } catch (error) {
    throw error instanceof ObjectAbsent ? absent() : error;
  }
}

async function writeFile(
  client: BucketClient,
  project: ProjectId,
  file: {
    readonly path: string;
    readonly bytes: number;
    readonly chunks: AsyncIterable<Uint8Array>;
  },
): Promise<number> {
  const rejected = (why: string): OrreryError =>
    new OrreryError(
      "FILE_REJECTED",
      `The file "${file.path}" of project ${project} ${why}: nothing was written`,
    );
  const inside = objectPath(bucketKeys.storage(project), file.path);
  if (inside === undefined) {
    throw rejected(
      "must be a path inside the storage, relative, without `..` and control characters, and of at most 1,024 bytes with the project's name",
    );
  }
  async function* bounded(): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    for await (const chunk of file.chunks) {
      bytes += chunk.length;
      if (bytes > file.bytes) throw rejected(`has more than the ${file.bytes} bytes it may have`);
      yield chunk;
    }
  }
  const what = `take the file "${inside}" of project ${project}`;
  return await writeObject(client, { key: bucketKeys.stored(project, inside), what }, bounded());
}
