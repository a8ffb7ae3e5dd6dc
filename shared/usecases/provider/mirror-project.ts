import type { CommunityId, ProjectId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import type { Project } from "../../core/project/project.ts";
import type { Instant } from "../../core/time/instant.ts";
import type { Transaction } from "../../ports/store.ts";
import { nameHolder, writeProject } from "../../records/project-record.ts";
import { ensureCommunity } from "../communities/ensure-community.ts";

/** What our own row repeats of a project that DataSphere owns. */
export interface MirroredProject {
  readonly id: ProjectId;
  readonly community: CommunityId;
  readonly name: string;
  /** Left as it is where that is not known. */
  readonly defaultInstanceType?: string;
}

/** Whether a project's row says what the provider says; one that is being deleted is left alone. */
export function isMirrored(row: Project | undefined, facts: MirroredProject): boolean {
  if (row === undefined) return false;
  if (row.deletedAt !== undefined) return true;
  const { community, name, defaultInstanceType } = facts;
  return (
    row.community === community &&
    row.name === name &&
    (defaultInstanceType === undefined || specOf(row) === defaultInstanceType)
  );
}

/**
 * Makes a project's row say what the provider says, and makes the row where there is none: callers
 * are permitted, and jobs are run, by our rows. Writes nothing where nothing is new.
 */
export async function mirrorProject(
  tx: Transaction,
  before: Project | undefined,
  facts: MirroredProject,
  now: Instant,
): Promise<void> {
  if (isMirrored(before, facts)) return;
  const { id, community, defaultInstanceType = specOf(before) } = facts;
  await ensureCommunity(tx, community, now);
  const holder = facts.name === "" ? undefined : await nameHolder(tx, community, facts.name);
  // A name that another row still has there was given up upstream; that row follows in its turn.
  const name = holder === undefined || holder === id ? facts.name : "";
  const { defaultDedicatedSpec: _spec, ...settings } = before?.settings ?? {};
  const project: Project = {
    ...(before ?? fresh(id, now)),
    community,
    name,
    settings: {
      ...settings,
      ...(defaultInstanceType === "" ? {} : { defaultDedicatedSpec: defaultInstanceType }),
    },
  };
  const hasMoved = before !== undefined && before.community !== community;
  // Its place and its name in the community before go, as those of a deleted project do.
  if (hasMoved) writeProject(tx, before, { ...before, deletedAt: now });
  writeProject(tx, hasMoved ? undefined : before, project);
}

function fresh(id: ProjectId, now: Instant): Omit<Project, "community" | "name" | "settings"> {
  return {
    id,
    description: "",
    labels: {},
    createdAt: now,
    createdBy: "orrery",
    diskGb: limits.projectDiskGb,
    restrictions: [],
  };
}

function specOf(row: Project | undefined): string {
  const spec = row?.settings["defaultDedicatedSpec"];
  return typeof spec === "string" ? spec : "";
}
