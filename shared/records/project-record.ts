import type { CommunityId, ProjectId } from "../core/ids.ts";
import type { Community, Project } from "../core/project/project.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { fromBody, toBody } from "./body.ts";
import { communitiesTable, communityProjectsTable, namesTable, projectsTable } from "./tables.ts";

/** A project, also one that is being deleted. */
export async function readProject(reader: Reader, id: ProjectId): Promise<Project | undefined> {
  const row = await reader.get(projectsTable, { project: id });
  return row && fromBody<Project>(row.body);
}

export async function readProjects(
  reader: Reader,
  ids: readonly ProjectId[],
): Promise<readonly (Project | undefined)[]> {
  const rows = await reader.getMany(
    projectsTable,
    ids.map((project) => ({ project })),
  );
  return rows.map((row) => (row === undefined ? undefined : fromBody<Project>(row.body)));
}

/** A page of a community's projects by id, behind `after`. */
export async function scanProjects(
  reader: Reader,
  community: CommunityId,
  page: { readonly limit: number; readonly after?: ProjectId },
): Promise<readonly Project[]> {
  const rows = await reader.scan(communityProjectsTable, {
    prefix: { community },
    limit: page.limit,
    ...(page.after === undefined ? {} : { after: { community, project: page.after } }),
  });
  const found = await readProjects(
    reader,
    rows.map((row) => row.project as ProjectId),
  );
  return found.flatMap((project) => project ?? []);
}

/** A page of all projects by id, also those that are being deleted. */
export async function scanAllProjects(
  reader: Reader,
  page: { readonly limit: number },
): Promise<readonly Project[]> {
  const rows = await reader.scan(projectsTable, page);
  return rows.map((row) => fromBody<Project>(row.body));
}

/** Writes a project, its place in its community, and its name; the old name is free again. */
export function writeProject(tx: Transaction, before: Project | undefined, project: Project): void {
  const { id, community } = project;
  tx.put(projectsTable, { project: id, body: toBody(project) });
  const wasListed = before !== undefined && before.deletedAt === undefined;
  const isListed = project.deletedAt === undefined;
  if (isListed && !wasListed) tx.put(communityProjectsTable, { community, project: id });
  if (wasListed && !isListed) tx.delete(communityProjectsTable, { community, project: id });
  moveName(tx, community, wasListed ? before.name : "", {
    name: isListed ? project.name : "",
    id,
  });
}

/** Removes a project that was marked as deleted, for good. */
export function forgetProject(tx: Transaction, project: Project): void {
  tx.delete(projectsTable, { project: project.id });
}

export async function readCommunity(
  reader: Reader,
  id: CommunityId,
): Promise<Community | undefined> {
  const row = await reader.get(communitiesTable, { community: id });
  return row && fromBody<Community>(row.body);
}

/** A page of all communities by id, behind `after`. */
export async function scanCommunities(
  reader: Reader,
  page: { readonly limit: number; readonly after?: CommunityId },
): Promise<readonly Community[]> {
  const rows = await reader.scan(communitiesTable, {
    limit: page.limit,
    ...(page.after === undefined ? {} : { after: { community: page.after } }),
  });
  return rows.map((row) => fromBody<Community>(row.body));
}

export function writeCommunity(
  tx: Transaction,
  before: Community | undefined,
  community: Community,
): void {
  const { id, name } = community;
  tx.put(communitiesTable, { community: id, body: toBody(community) });
  moveName(tx, COMMUNITIES, before?.name ?? "", { name, id });
}

export function deleteCommunity(tx: Transaction, community: Community): void {
  tx.delete(communitiesTable, { community: community.id });
  moveName(tx, COMMUNITIES, community.name, { name: "", id: community.id });
}

/** The scope of community names; a community's id is the scope of its projects' names. */
export const COMMUNITIES = "communities";

/** Whose name it is in a scope, or undefined where it is free. */
export async function nameHolder(
  reader: Reader,
  scope: string,
  name: string,
): Promise<string | undefined> {
  return (await reader.get(namesTable, { scope, name }))?.id;
}

function moveName(
  tx: Transaction,
  scope: string,
  before: string,
  after: { readonly name: string; readonly id: string },
): void {
  if (before === after.name) return;
  if (before !== "") tx.delete(namesTable, { scope, name: before });
  if (after.name !== "") tx.put(namesTable, { scope, name: after.name, id: after.id });
}
