import { OrreryError } from "../../core/errors.ts";
import { communityId, NAME_PATTERN } from "../../core/ids.ts";
import type { Community } from "../../core/project/project.ts";
import type { Reader } from "../../ports/store.ts";
import { readCommunity } from "../../records/project-record.ts";

/** The community with this id; `COMMUNITY_NOT_FOUND` where there is none. */
export async function requireCommunity(reader: Reader, id: string): Promise<Community> {
  const found = NAME_PATTERN.test(id) ? await readCommunity(reader, communityId(id)) : undefined;
  if (found === undefined) {
    throw new OrreryError(
      "COMMUNITY_NOT_FOUND",
      `Unknown community ${id}: List names those you see`,
    );
  }
  return found;
}
