import type { Caller, Role } from "../../core/access/access.ts";
import { communityId, NAME_PATTERN, type CommunityId, type ProjectId } from "../../core/ids.ts";
import { nameMatcher } from "../../core/project/match-name.ts";
import type { ProjectLimits } from "../../core/project/project-fields.ts";
import type { Project } from "../../core/project/project.ts";
import type { Reader } from "../../ports/store.ts";
import { readAccount } from "../../records/account-record.ts";
import { scanProjects } from "../../records/project-record.ts";
import { holds } from "../access/holds.ts";
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
    const maySee = await roleCheck(reader, caller, { community, role: "viewer" });
    const page = await readPage<Project, ProjectId>({
      size,
      after,
      scan: async (scan) => await scanProjects(reader, community, scan),
      keyOf: (project) => project.id,
      keep: async (projects) => {
        const wanted = projects.filter(
          ({ name, createdBy }) => matches(name) && (ownedBy === "" || createdBy === ownedBy),
        );
        const seen = await Promise.all(wanted.map(async ({ id }) => await maySee(id)));
        return wanted.filter((_, index) => seen[index]);
      },
    });
    const maySeeLimits = await roleCheck(reader, caller, { community, role: LIMITS_ROLE });
    const items = await Promise.all(
      page.items.map(async (project) =>
        (await maySeeLimits(project.id))
          ? { project, limits: shownLimits(await readAccount(reader, project.id)) }
          : { project },
      ),
    );
    return { ...page, items };
  });
}

/** One project; `PROJECT_NOT_FOUND` where there is none. */
export async function getProject(
  services: Pick<Services, "store">,
  caller: Caller,
  id: string,
): Promise<SeenProject> {
  return await services.store.snapshot(async (reader) => {
    const project = await requireProject(reader, id);
    const { community } = project;
    const maySeeLimits = await roleCheck(reader, caller, { community, role: LIMITS_ROLE });
    if (!(await maySeeLimits(project.id))) return { project };
    return { project, limits: shownLimits(await readAccount(reader, project.id)) };
  });
}

/** What a project may still spend, held units included; undefined where there is no balance. */
export async function getUnitBalance(
  services: Pick<Services, "store">,
  id: string,
): Promise<number | undefined> {
  return await services.store.snapshot(async (reader) => {
    const project = await requireProject(reader, id);
    return (await readAccount(reader, project.id)).balance;
  });
}

/** Tells of projects of one community whether a caller holds a role there, by either binding. */
async function roleCheck(
  reader: Reader,
  caller: Caller,
  wanted: { readonly community: CommunityId; readonly role: Role },
): Promise<(project: ProjectId) => Promise<boolean>> {
  const { community, role } = wanted;
  const inherited = await holds(reader, caller, { kind: "community", id: community }, role);
  return async (id) => inherited || (await holds(reader, caller, { kind: "project", id }, role));
}
