import type { Upload } from "../../ports/files.ts";
import { isFileUsed } from "../../records/job-record.ts";
import { readProject } from "../../records/project-record.ts";
import type { Services } from "../services.ts";

/**
 * Whether a content may still come: an upload URL may outlive the job that needed it, and the whole
 * project.
 */
export async function isUploadWanted(
  services: Pick<Services, "store">,
  upload: Upload,
): Promise<boolean> {
  return (await whoLacksIt(services, upload)) === undefined;
}

/** Removes what has come where nobody wants it any more; true where it did. */
export async function dropUnwantedUpload(
  services: Pick<Services, "store" | "files">,
  upload: Upload,
): Promise<boolean> {
  const { project, sha256 } = upload;
  switch (await whoLacksIt(services, upload)) {
    case "project":
      // The folder that its bytes made goes too.
      await services.files.removeProject(project);
      return true;
    case "job":
      await services.files.remove(project, [sha256]);
      return true;
    case undefined:
      return false;
  }
}

async function whoLacksIt(
  { store }: Pick<Services, "store">,
  { project, sha256 }: Upload,
): Promise<"project" | "job" | undefined> {
  return await store.snapshot(async (reader) => {
    const found = await readProject(reader, project);
    if (found === undefined || found.deletedAt !== undefined) return "project";
    return (await isFileUsed(reader, project, sha256)) ? undefined : "job";
  });
}
