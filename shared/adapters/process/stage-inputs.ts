import { join } from "node:path";
import type { ProjectId } from "../../core/ids.ts";
import { expandArchive } from "./archive.ts";
import { makeDirectory } from "./attempt-place.ts";
import { placeContent, storeContent } from "./content-store.ts";
import type { InputPlan } from "./plan-inputs.ts";

/**
 * Copies the planned files into a fresh working directory, those of the job's folder through the
 * content store, and expands the planned archives. Nothing in that directory is a link, so no path
 * can lead a copy out of it.
 */
export async function stageInputs(
  plan: InputPlan,
  into: { readonly directory: string; readonly project: ProjectId; readonly work: string },
): Promise<void> {
  const { directory, project, work } = into;
  await makeDirectory(work);
  for (const folder of plan.directories) await makeDirectory(join(work, folder));
  for (const file of plan.files) {
    const { source } = file;
    const stored = file.isUpload ? source : await storeContent(directory, project, source);
    await placeContent(stored, join(work, file.target), file.executable);
  }
  for (const { targets, ...archive } of plan.archives) {
    await expandArchive(archive, (index) => {
      const target = targets[index];
      return target === undefined ? undefined : join(work, target);
    });
  }
}
