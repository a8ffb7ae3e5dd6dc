import {
  higherRole,
  includesRole,
  subjectsOf,
  type AccessResource,
  type Caller,
  type Role,
} from "../../core/access/access.ts";
import type { ProjectId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import type { Project } from "../../core/project/project.ts";
import type { Reader } from "../../ports/store.ts";
import { readRole } from "../../records/binding-record.ts";
import { readProjects } from "../../records/project-record.ts";

/** The highest role that a caller holds on the resource itself; undefined for none. */
export async function heldRole(
  reader: Reader,
  caller: Caller,
  resource: AccessResource,
): Promise<Role | undefined> {
  if (caller.kind === "platform") return "admin";
  return await readRole(reader, resource, subjectsOf(caller));
}

/**
 * The highest role that a caller holds on a project, by a binding of its own or of its community.
 * Both are asked for together.
 */
export async function heldRoleInProject(
  reader: Reader,
  caller: Caller,
  { id, community }: Pick<Project, "id" | "community">,
): Promise<Role | undefined> {
  const [own, inherited] = await Promise.all([
    heldRole(reader, caller, { kind: "project", id }),
    heldRole(reader, caller, { kind: "community", id: community }),
  ]);
  return higherRole(own, inherited);
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
  for (let start = 0; start < ids.length; start += limits.scanRows) {
    const found = await readProjects(reader, ids.slice(start, start + limits.scanRows));
    const there = found.flatMap((project) =>
      project === undefined || project.deletedAt !== undefined ? [] : project,
    );
    for (const id of await visibleOf(reader, caller, there)) visible.add(id);
  }
  return visible;
}

/** A role on a community is one on its projects, so those are only asked about where it lacks. */
async function visibleOf(
  reader: Reader,
  caller: Caller,
  projects: readonly Project[],
): Promise<readonly ProjectId[]> {
  const communities = [...new Set(projects.map(({ community }) => community))];
  const inherited = new Map(
    await Promise.all(
      communities.map(
        async (id) => [id, await heldRole(reader, caller, { kind: "community", id })] as const,
      ),
    ),
  );
  const seen = await Promise.all(
    projects.map(async ({ id, community }) => {
      const role = inherited.get(community);
      return includesRole(
        role ?? (await heldRole(reader, caller, { kind: "project", id })),
        "viewer",
      );
    }),
  );
  return projects.flatMap(({ id }, index) => (seen[index] === true ? id : []));
}
