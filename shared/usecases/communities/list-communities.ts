import { wrongFields } from "../../core/errors.ts";
import {
  ALL_AUTHENTICATED_USERS,
  ALL_USERS,
  includesRole,
  type AccessResource,
  type Caller,
  type Subject,
} from "../../core/access/access.ts";
import type { CommunityId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import type { Community } from "../../core/project/project.ts";
import { nameMatcher } from "../../core/project/match-name.ts";
import type { Reader } from "../../ports/store.ts";
import { readRole } from "../../records/binding-record.ts";
import { scanCommunities } from "../../records/project-record.ts";
import { heldRole } from "../access/held-role.ts";
import { readPage, type Page } from "../read-page.ts";
import type { Services } from "../services.ts";

/** What a listing is about; an empty text asks for nothing. */
export interface CommunityQuery {
  readonly caller: Caller;
  readonly organization: string;
  /** Of the name or the description; `nameMatcher` says how. */
  readonly pattern: string;
  readonly createdBy: string;
  readonly which: "all" | "public";
  readonly size: number;
  readonly after?: CommunityId | undefined;
}

const EVERYBODY: readonly Subject[] = [ALL_USERS, ALL_AUTHENTICATED_USERS];

/** A page of the communities that the caller may look at, by id. */
export async function listCommunities(
  { store }: Pick<Services, "store">,
  query: CommunityQuery,
): Promise<Page<Community, CommunityId>> {
  if (query.pattern.length > limits.patternChars) {
    const field = "name_or_description_pattern";
    const description = `A pattern has at most ${limits.patternChars} characters`;
    throw wrongFields([{ field, description }]);
  }
  const matches = nameMatcher(query.pattern);
  const isAskedFor = (community: Community): boolean =>
    community.organization === query.organization &&
    (query.createdBy === "" || community.createdBy === query.createdBy) &&
    (matches(community.name) || matches(community.description));
  return await store.snapshot(
    async (reader) =>
      await readPage<Community, CommunityId>({
        size: query.size,
        after: query.after,
        scan: async (scan) => await scanCommunities(reader, scan),
        keyOf: (community) => community.id,
        keep: async (communities) => await visible(reader, query, communities.filter(isAskedFor)),
      }),
  );
}

async function visible(
  reader: Reader,
  { caller, which }: CommunityQuery,
  communities: readonly Community[],
): Promise<readonly Community[]> {
  const seen = await Promise.all(
    communities.map(async ({ id }) => {
      const resource = { kind: "community", id } as const;
      const [held, isPublic] = await Promise.all([
        heldRole(reader, caller, resource),
        which === "all" || isForEverybody(reader, resource),
      ]);
      return isPublic && includesRole(held, "viewer");
    }),
  );
  return communities.filter((_, index) => seen[index]);
}

async function isForEverybody(reader: Reader, resource: AccessResource): Promise<boolean> {
  return includesRole(await readRole(reader, resource, EVERYBODY), "viewer");
}
