import { OrreryError } from "../../core/errors.ts";
import { communityId, NAME_PATTERN, projectId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import { plusMs, type Instant } from "../../core/time/instant.ts";
import type { Provider } from "../../ports/provider.ts";
import type { Reader } from "../../ports/store.ts";
import { readCommunity, readProject } from "../../records/project-record.ts";
import type { Demand } from "../access/look-up.ts";
import { ensureCommunity } from "../communities/ensure-community.ts";
import type { Services } from "../services.ts";
import { mirrorProject } from "./mirror-project.ts";

type DiscoverServices = Pick<Services, "store" | "clock" | "provider">;

/** What a provider did not know either, so that a caller who guesses ids costs it little. */
const unknownTo = new WeakMap<Provider, Map<string, Instant>>();

/** How a caller hears that we have no row of what it names, whether or not it may know. */
const MISSES = ["PROJECT_NOT_FOUND", "COMMUNITY_NOT_FOUND", "PERMISSION_DENIED"];

/**
 * After a call was refused: whether that may be because what it names was made at the provider and
 * nobody has told us. If so the row is there afterwards, and the call is to be permitted anew.
 * `PROVIDER_UNAVAILABLE` where nobody can say.
 */
export async function discover(
  services: DiscoverServices,
  demand: Demand,
  refusal: unknown,
): Promise<boolean> {
  const { provider, store, clock } = services;
  if (provider === undefined || !("id" in demand) || !NAME_PATTERN.test(demand.id)) return false;
  if (!(refusal instanceof OrreryError) || !MISSES.includes(refusal.code)) return false;
  const { resource, id } = demand;
  const kind = resource === "folder" ? "community" : resource;
  if (kind !== "project" && kind !== "community") return false;
  const now = clock.now();
  if (isKnownMissing(provider, id, now)) return false;
  if (await store.snapshot(async (reader) => await hasRow(reader, kind, id))) return false;
  const isThere =
    kind === "project"
      ? await discoverProject(services, provider, { id, now })
      : await discoverCommunity(services, provider, { id, now });
  if (!isThere) rememberMissing(provider, id, now);
  return isThere;
}

interface Wanted {
  readonly id: string;
  readonly now: Instant;
}

async function discoverProject(
  { store }: DiscoverServices,
  provider: Provider,
  { id, now }: Wanted,
): Promise<boolean> {
  const found = await provider.project(projectId(id));
  if (found === undefined) return false;
  await store.transact("discover-project", async (tx) => {
    await mirrorProject(tx, await readProject(tx, found.id), found, now);
  });
  return true;
}

async function discoverCommunity(
  { store }: DiscoverServices,
  provider: Provider,
  { id, now }: Wanted,
): Promise<boolean> {
  if (!(await provider.hasCommunity(communityId(id)))) return false;
  await store.transact("discover-community", async (tx) => {
    await ensureCommunity(tx, communityId(id), now);
  });
  return true;
}

async function hasRow(reader: Reader, kind: "project" | "community", id: string): Promise<boolean> {
  const row =
    kind === "project"
      ? await readProject(reader, projectId(id))
      : await readCommunity(reader, communityId(id));
  return row !== undefined;
}

function isKnownMissing(provider: Provider, id: string, now: Instant): boolean {
  const seenAt = unknownTo.get(provider)?.get(id);
  return seenAt !== undefined && now < plusMs(seenAt, limits.providerRetryMs);
}

function rememberMissing(provider: Provider, id: string, now: Instant): void {
  const known = unknownTo.get(provider);
  const missing =
    known === undefined || known.size >= limits.providerLooksKept
      ? new Map<string, Instant>()
      : known;
  missing.set(id, now);
  unknownTo.set(provider, missing);
}
