import type { AccessResource } from "../../core/access/access.ts";
import type { OperationOwner } from "../../core/ids.ts";
import type { Reader } from "../../ports/store.ts";
import { requireCommunity } from "../communities/require-community.ts";
import { requireProject } from "../projects/require-project.ts";

/** The id of a project or community that is there, as the owner of operations. */
export async function requireHolder(
  reader: Reader,
  { kind, id }: AccessResource,
): Promise<OperationOwner> {
  return kind === "project"
    ? (await requireProject(reader, id)).id
    : (await requireCommunity(reader, id)).id;
}
