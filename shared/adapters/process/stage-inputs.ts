import { dirname, join } from "node:path";
import type { ProjectId } from "../../core/ids.ts";
import { makeDirectory } from "./attempt-place.ts";
import { placeContent, storeContent } from "./content-store.ts";
import type { InputPlan } from "./plan-inputs.ts";

/**
 * Copies the planned files into a fresh working directory, through the content store. Nothing in
 * that directory is a link, so no path can lead a copy out of it.
 */
export async function stageInputs(
  plan: InputPlan,
  into: { readonly directory: string; readonly project: ProjectId; readonly work: string },
): Promise<void> {
  await makeDirectory(into.work);
  for (const folder of plan.directories) await makeDirectory(join(into.work, folder));
  for (const file of plan.files) {
    const stored = await storeContent(into.directory, into.project, file.source);
    const target = join(into.work, file.target);
    await makeDirectory(dirname(target));
    await placeContent(stored, target, file.executable);
  }
}
