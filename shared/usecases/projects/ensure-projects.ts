import type { ProjectId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import type { Project } from "../../core/project/project.ts";
import type { Instant } from "../../core/time/instant.ts";
import type { Transaction } from "../../ports/store.ts";
import { nameHolder, readProjects, writeProject } from "../../records/project-record.ts";
import { DEFAULT_COMMUNITY, ensureCommunity } from "../communities/ensure-community.ts";

/** DataSphere's rule for project names, which is narrower than ours for their ids. */
const PROJECT_NAME = /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * Makes the projects that the configuration names and nobody made: in the default community, under
 * their ids as names where those are free. One that is being deleted comes back, and its deletion
 * stops. Repeating changes nothing.
 */
export async function ensureProjects(
  tx: Transaction,
  ids: readonly ProjectId[],
  now: Instant,
): Promise<void> {
  const { id: community } = await ensureCommunity(tx, DEFAULT_COMMUNITY, now);
  const found = await readProjects(tx, ids);
  for (const [index, id] of ids.entries()) {
    const before = found[index];
    if (before !== undefined && before.deletedAt === undefined) continue;
    const isFree = (await nameHolder(tx, community, id)) === undefined;
    const project: Project = {
      id,
      community,
      name: isFree && PROJECT_NAME.test(id) ? id : "",
      description: "",
      labels: {},
      createdAt: now,
      createdBy: "orrery",
      settings: {},
      diskGb: limits.projectDiskGb,
      restrictions: [],
    };
    writeProject(tx, before, project);
  }
}
