import {
  subjectsOf,
  type AccessResource,
  type Caller,
  type Role,
} from "../../core/access/access.ts";
import type { ProjectId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import type { Project } from "../../core/project/project.ts";
import type { Reader } from "../../ports/store.ts";
import { holdsRole } from "../../records/binding-record.ts";
import { readProjects } from "../../records/project-record.ts";

/** Whether a caller holds the role, or a higher one, on the resource itself. */
export async function holds(
  reader: Reader,
  caller: Caller,
  resource: AccessResource,
  role: Role,
): Promise<boolean> {
  if (caller.kind === "platform") return true;
  return await holdsRole(reader, resource, subjectsOf(caller), role);
}

/** Whether a caller holds the role on a project, by a binding of its own or of its community. */
export async function holdsOnProject(
  reader: Reader,
  caller: Caller,
  project: Pick<Project, "id" | "community">,
  role: Role,
): Promise<boolean> {
  return (
    (await holds(reader, caller, { kind: "project", id: project.id }, role)) ||
    (await holds(reader, caller, { kind: "community", id: project.community }, role))
  );
}

/**
 * Those of the projects that a caller may look at: what a listing is filtered by. The platform's own
 * token sees all of them, those without a row of their own too; nobody else sees a deleted one.
 */
export async function visibleProjects(
  reader: Reader,
  caller: Caller,
  projects: Iterable<ProjectId>,
): Promise<ReadonlySet<ProjectId>> {
  const ids = [...new Set(projects)];
  if (caller.kind === "platform") return new Set(ids);
  const visible = new Set<ProjectId>();
  const communities = new Map<string, boolean>();
  for (let start = 0; start < ids.length; start += limits.scanRows) {
    for (const project of await readProjects(reader, ids.slice(start, start + limits.scanRows))) {
      if (project === undefined || project.deletedAt !== undefined) continue;
      const { id, community } = project;
      const inherited =
        communities.get(community) ??
        (await holds(reader, caller, { kind: "community", id: community }, "viewer"));
      communities.set(community, inherited);
      if (inherited || (await holds(reader, caller, { kind: "project", id }, "viewer"))) {
        visible.add(id);
      }
    }
  }
  return visible;
}
