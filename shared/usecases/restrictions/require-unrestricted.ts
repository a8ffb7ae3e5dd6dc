import { OrreryError } from "../../core/errors.ts";
import type { ProjectId } from "../../core/ids.ts";
import type { Project } from "../../core/project/project.ts";
import { allowedInstanceTypes, mayResizeDisk } from "../../core/project/restrictions.ts";
import type { Reader } from "../../ports/store.ts";
import { readCommunity, readProject } from "../../records/project-record.ts";

/** Throws `RESTRICTED` where a project or its community does not let the disk be resized. */
export async function requireResizable(reader: Reader, project: Project): Promise<void> {
  const community = await readCommunity(reader, project.community);
  if (mayResizeDisk(project, community)) return;
  throw restricted(project, "CHANGING_DISK_SIZE", "the size of the disk must not change");
}

/** Throws `RESTRICTED` where one of the instance types is not among those that are allowed. */
export async function requireAllowedTypes(
  reader: Reader,
  id: ProjectId,
  types: readonly string[],
): Promise<void> {
  const project = await readProject(reader, id);
  if (project === undefined) return;
  const allowed = allowedInstanceTypes(project, await readCommunity(reader, project.community));
  const refused = types.find((type) => allowed?.has(type) === false);
  if (refused === undefined) return;
  const all = [...(allowed ?? [])].join(", ");
  const rule = all === "" ? "no instance type is allowed" : `allowed are ${all}, not ${refused}`;
  throw restricted(project, "ALLOWED_INSTANCE_TYPES", rule);
}

function restricted(project: Project, name: string, rule: string): OrreryError {
  return new OrreryError(
    "RESTRICTED",
    `Restriction ${name} of project ${project.id} or its community ${project.community}: ${rule}; an admin can lift it with SetRestrictions`,
  );
}
