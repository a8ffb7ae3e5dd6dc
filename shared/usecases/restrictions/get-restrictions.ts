import type { AccessResource } from "../../core/access/access.ts";
import type { Restriction } from "../../core/project/project.ts";
import { requireCommunity } from "../communities/require-community.ts";
import { requireProject } from "../projects/require-project.ts";
import type { Services } from "../services.ts";

/** The restrictions of a project or a community itself, as last set. */
export async function getRestrictions(
  { store }: Pick<Services, "store">,
  { kind, id }: AccessResource,
): Promise<readonly Restriction[]> {
  return await store.snapshot(async (reader) =>
    kind === "project"
      ? (await requireProject(reader, id)).restrictions
      : (await requireCommunity(reader, id)).restrictions,
  );
}
