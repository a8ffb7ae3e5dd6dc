import { communityId, type CommunityId } from "../../core/ids.ts";
import type { Community } from "../../core/project/project.ts";
import type { Instant } from "../../core/time/instant.ts";
import type { Transaction } from "../../ports/store.ts";
import {
  COMMUNITIES,
  nameHolder,
  readCommunity,
  writeCommunity,
} from "../../records/project-record.ts";
import type { Services } from "../services.ts";

/** Holds the projects that the configuration names. It cannot be deleted. */
export const DEFAULT_COMMUNITY: CommunityId = communityId("default");

/** The organization and the zone of a community that nobody created through the API. */
const DEFAULT_ORGANIZATION = "default";
const DEFAULT_ZONE = "default";

/**
 * The community with this id, which is made if it is not there, under its id as its name unless
 * another has that. It belongs to the platform; repeating changes nothing.
 */
export async function ensureCommunity(
  tx: Transaction,
  id: CommunityId,
  now: Instant,
): Promise<Community> {
  const found = await readCommunity(tx, id);
  if (found !== undefined) return found;
  const isFree = (await nameHolder(tx, COMMUNITIES, id)) === undefined;
  const community: Community = {
    id,
    name: isFree ? id : "",
    description: "",
    labels: {},
    organization: DEFAULT_ORGANIZATION,
    zone: DEFAULT_ZONE,
    createdAt: now,
    createdBy: "orrery",
    restrictions: [],
  };
  writeCommunity(tx, undefined, community);
  return community;
}

/** Makes the community that an installation always has; repeating changes nothing. */
export async function makeDefaultCommunity(
  services: Pick<Services, "store" | "clock">,
): Promise<void> {
  const now = services.clock.now();
  await services.store.transact("default-community", async (tx) => {
    await ensureCommunity(tx, DEFAULT_COMMUNITY, now);
  });
}
