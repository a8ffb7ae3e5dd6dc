import { higherRole, includesRole, type Caller, type Role } from "../../core/access/access.ts";
import { communityId, NAME_PATTERN, type ProjectId } from "../../core/ids.ts";
import { nameMatcher } from "../../core/project/match-name.ts";
import type { ProjectLimits } from "../../core/project/project-fields.ts";
import type { Project } from "../../core/project/project.ts";
import type { Reader } from "../../ports/store.ts";
import { readAccount } from "../../records/account-record.ts";
import { scanProjects } from "../../records/project-record.ts";
import { heldRole, heldRoleInProject } from "../access/held-role.ts";
import { requireCommunity } from "../communities/require-community.ts";
import { readPage, type Page } from "../read-page.ts";
import type { Services } from "../services.ts";
import { shownLimits } from "./project-fields.ts";
import { requireProject } from "./require-project.ts";

/** A project as a caller may see it: limits need more than a look at the project. */
export interface SeenProject {
  readonly project: Project;
  readonly limits?: ProjectLimits;
}

/** Whoever may change a project may see what it may spend. */
const LIMITS_ROLE: Role = "editor";

export interface ProjectQuery {
  readonly caller: Caller;
  readonly community: string;
  /** What `nameMatcher` understands; empty for every name. */
  readonly namePattern: string;
  /** The subject id of the creator; empty for everybody's. */
  readonly ownedBy: string;
  readonly size: number;
  readonly after?: ProjectId | undefined;
}

/**
 * A page of a community's projects by id, those that the caller may look at. The platform is told
 * where there is no such community; everybody else sees nothing there, as where nothing is shared.
 */
export async function listProjects(
  services: Pick<Services, "store">,
  query: ProjectQuery,
): Promise<Page<SeenProject, ProjectId>> {
  const { caller, ownedBy, size, after } = query;
  const matches = nameMatcher(query.namePattern);
  return await services.store.snapshot(async (reader) => {
    if (caller.kind === "platform") await requireCommunity(reader, query.community);
    if (!NAME_PATTERN.test(query.community)) return { items: [] };
    const community = communityId(query.community);
    const inherited = heldRole(reader, caller, { kind: "community", id: community });
    const roleIn = rolesIn(reader, caller, inherited);
    const reading = readPage<Project, ProjectId>({
      size,
      after,
      scan: async (scan) => await scanProjects(reader, community, scan),
      keyOf: (project) => project.id,
      keep: async (projects) => {
        const wanted = projects.filter(
          ({ name, createdBy }) => matches(name) && (ownedBy === "" || createdBy === ownedBy),
        );
        const held = await Promise.all(wanted.map(async ({ id }) => await roleIn(id)));
        return wanted.filter((_, index) => includesRole(held[index], "viewer"));
      },
    });
    const [page] = await Promise.all([reading, inherited]);
    const items = await Promise.all(
      page.items.map(async (project) => await seen(reader, project, await roleIn(project.id))),
    );
    return { ...page, items };
  });
}

/** One project; `PROJECT_NOT_FOUND` where there is none. */
export async function getProject(reader: Reader, caller: Caller, id: string): Promise<SeenProject> {
  const project = await requireProject(reader, id);
  return await seen(reader, project, await heldRoleInProject(reader, caller, project));
}

/** What a project may still spend, held units included; undefined where there is no balance. */
export async function getUnitBalance(reader: Reader, id: string): Promise<number | undefined> {
  const project = await requireProject(reader, id);
  return (await readAccount(reader, project.id)).balance;
}

async function seen(
  reader: Reader,
  project: Project,
  held: Role | undefined,
): Promise<SeenProject> {
  if (!includesRole(held, LIMITS_ROLE)) return { project };
  return { project, limits: shownLimits(await readAccount(reader, project.id)) };
}

/**
 * Tells of projects of one community which role a caller holds there, and asks for each once. A role
 * that is enough for everything here is not looked for on the project itself.
 */
function rolesIn(
  reader: Reader,
  caller: Caller,
  inherited: Promise<Role | undefined>,
): (project: ProjectId) => Promise<Role | undefined> {
  const known = new Map<ProjectId, Promise<Role | undefined>>();
  const read = async (id: ProjectId): Promise<Role | undefined> => {
    const role = await inherited;
    if (includesRole(role, LIMITS_ROLE)) return role;
    return higherRole(role, await heldRole(reader, caller, { kind: "project", id }));
  };
  return async (id) => {
    const role = known.get(id) ?? read(id);
    known.set(id, role);
    return await role;
  };
}
