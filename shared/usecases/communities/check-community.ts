import { OrreryError, wrongFields } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Community } from "../../core/project/project.ts";
import type { Reader } from "../../ports/store.ts";
import { COMMUNITIES, nameHolder } from "../../records/project-record.ts";

/** DataSphere's rule for community names; what cannot be seen is no sign. */
const COMMUNITY_NAME = /^[a-zA-Z0-9ЁёА-я][^\s\p{C}]{1,61}[a-zA-Z0-9ЁёА-я]$/u;

/**
 * Throws `ARGUMENT_INVALID` for a name that is none and for more text than a community holds, and
 * `NAME_TAKEN` where another community has the name. An empty name is free to all.
 */
export async function checkCommunity(
  reader: Reader,
  before: Community | undefined,
  community: Community,
): Promise<void> {
  const { name } = community;
  const { length } = JSON.stringify(community);
  if (length > limits.communityChars) {
    const description = `Description and labels are too long: ${length} of ${limits.communityChars} characters with all the rest`;
    throw wrong("description", description);
  }
  if (name === "" || name === before?.name) return;
  if (!COMMUNITY_NAME.test(name)) {
    throw wrong("name", "A name has 3 to 63 letters, digits and inner signs, no white space");
  }
  const holder = await nameHolder(reader, COMMUNITIES, name);
  if (holder !== undefined) {
    throw new OrreryError("NAME_TAKEN", `Community ${holder} has the name ${name}: choose another`);
  }
}

function wrong(field: string, description: string): OrreryError {
  return wrongFields([{ field, description }]);
}
