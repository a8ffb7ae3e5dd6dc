import { OrreryError } from "../../core/errors.ts";
import type { Files, Upload } from "../../ports/files.ts";
import type { LocalFiles } from "./local-files.ts";

/**
 * Files in a bucket, for a platform whose executor works on this machine: clients upload to the bucket,
 * and download from this machine what its executor left here.
 */
export function filesOnBucket(local: LocalFiles, bucket: Files): LocalFiles {
  return {
    ...local,
    ...bucket,
    async remove(project, sha256s) {
      await bucket.remove(project, sha256s);
      await local.remove(project, sha256s);
    },
    async downloadUrl(download, expiresAt) {
      const owner = download.file.kind === "input" ? bucket : local;
      return await owner.downloadUrl(download, expiresAt);
    },
    async removeProject(project) {
      await bucket.removeProject(project);
      await local.removeProject(project);
    },
  };
}

/** Brings an uploaded content to this machine, verified, unless it is here; one that is nowhere is fine. */
export async function bringContent(
  local: LocalFiles,
  bucket: Files,
  content: Upload,
): Promise<void> {
  const { project, sha256 } = content;
  if ((await local.present(project, [sha256])).has(sha256)) return;
  if (!(await bucket.present(project, [sha256])).has(sha256)) return;
  const received = await local.receive(content, bucket.readContent(project, sha256));
  switch (received.outcome) {
    case "stored":
      return;
    case "full":
      throw new OrreryError(
        "STORE_UNAVAILABLE",
        `The disk is full: the content ${sha256} of project ${project} was not brought; free some space`,
      );
    default:
      throw new OrreryError(
        "FILE_REJECTED",
        `The content ${sha256} of project ${project} has not the ${content.bytes} bytes that its job says`,
      );
  }
}
