import { OrreryError } from "../../core/errors.ts";
import { NAME_PATTERN, projectId } from "../../core/ids.ts";
import type { Project } from "../../core/project/project.ts";
import type { Reader } from "../../ports/store.ts";
import { readProject } from "../../records/project-record.ts";

/** The project with this id; `PROJECT_NOT_FOUND` where there is none, or where it is being deleted. */
export async function requireProject(reader: Reader, id: string): Promise<Project> {
  const found = NAME_PATTERN.test(id) ? await readProject(reader, projectId(id)) : undefined;
  if (found === undefined || found.deletedAt !== undefined) {
    throw new OrreryError("PROJECT_NOT_FOUND", `Unknown project ${id}: List names those you see`);
  }
  return found;
}
