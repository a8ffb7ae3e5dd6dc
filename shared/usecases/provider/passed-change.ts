import type { AccessBinding, AccessResource, Caller } from "../../core/access/access.ts";
import type { BindingChange } from "../../core/access/change-bindings.ts";
import { communityId, projectId, type CommunityId } from "../../core/ids.ts";
import type { AnyJson } from "../../core/json.ts";
import { addBinding, removeBinding } from "../../records/binding-record.ts";
import {
  writePassedOperation,
  type PassedOperation,
} from "../../records/passed-operation-record.ts";
import {
  readCommunity,
  readProject,
  readProjects,
  writeCommunity,
} from "../../records/project-record.ts";
import { allBindings } from "../bindings/all-bindings.ts";
import { deleteCommunity } from "../communities/delete-community.ts";
import { ensureCommunity } from "../communities/ensure-community.ts";
import { deleteProject } from "../projects/delete-project.ts";
import type { Services } from "../services.ts";
import { isMirrored, mirrorProject, type MirroredProject } from "./mirror-project.ts";

/**
 * What our own rows take over of a call that passed through us to the provider: callers are permitted
 * by our rows, and jobs are run by them. Each is safe to repeat.
 */

type PassServices = Pick<Services, "store" | "clock">;

/** Remembers who may poll an operation that the provider keeps. */
export async function rememberOperation(
  { store, clock }: PassServices,
  operation: string,
  passed: PassedOperation,
): Promise<void> {
  const at = clock.now();
  await store.transact("pass-operation", async (tx) => {
    writePassedOperation(tx, operation, { ...passed, at });
    await Promise.resolve();
  });
}

/** Projects as an answer of the provider tells of them; most are known, and nothing is written. */
export async function takeOverProjects(
  { store, clock }: PassServices,
  found: readonly MirroredProject[],
): Promise<void> {
  const rows = await store.snapshot(
    async (reader) =>
      await readProjects(
        reader,
        found.map(({ id }) => id),
      ),
  );
  for (const facts of found.filter((each, index) => !isMirrored(rows[index], each))) {
    await store.transact("mirror-project", async (tx) => {
      await mirrorProject(tx, await readProject(tx, facts.id), facts, clock.now());
    });
  }
}

/** A project that a caller has just made: it is its admin here, whoever is its owner there. */
export async function takeOverNewProject(
  { store, clock }: PassServices,
  facts: MirroredProject,
  caller: Caller,
): Promise<void> {
  await store.transact("mirror-new-project", async (tx) => {
    await mirrorProject(tx, await readProject(tx, facts.id), facts, clock.now());
    if (caller.kind !== "subject") return;
    const resource = { kind: "project", id: facts.id } as const;
    const { subject } = caller;
    addBinding(tx, resource, { roleId: "datasphere.community-projects.admin", subject });
  });
}

/** A community as an answer of the provider tells of it. */
export async function takeOverCommunity(
  { store, clock }: PassServices,
  { id, name }: { readonly id: CommunityId; readonly name: string },
): Promise<void> {
  const known = await store.snapshot(async (reader) => await readCommunity(reader, id));
  if (known?.name === name) return;
  await store.transact("mirror-community", async (tx) => {
    const before = await ensureCommunity(tx, id, clock.now());
    if (before.name !== name) writeCommunity(tx, before, { ...before, name });
  });
}

/** The same change of bindings that the provider has accepted. */
export async function takeOverBindings(
  { store, clock }: PassServices,
  resource: AccessResource,
  change: (before: readonly AccessBinding[]) => BindingChange,
): Promise<void> {
  await store.transact("mirror-bindings", async (tx) => {
    const { added, removed } = change(await allBindings(tx, resource));
    if (resource.kind === "community") {
      await ensureCommunity(tx, communityId(resource.id), clock.now());
    }
    for (const binding of removed) removeBinding(tx, resource, binding);
    for (const binding of added) addBinding(tx, resource, binding);
  });
}

const PLATFORM: Caller = { kind: "platform" };
const NOTHING: AnyJson = { "@type": "type.googleapis.com/google.protobuf.Empty" };

/** What the provider has deleted is deleted here too, with what we kept of it. */
export async function takeOverDeletion(
  services: Pick<Services, "store" | "clock" | "random" | "queue" | "log">,
  resource: AccessResource,
): Promise<void> {
  const isThere = await services.store.snapshot(async (reader) =>
    resource.kind === "project"
      ? isLive(await readProject(reader, projectId(resource.id)))
      : (await readCommunity(reader, communityId(resource.id))) !== undefined,
  );
  if (!isThere) return;
  const deletion = { caller: PLATFORM, metadata: (): AnyJson => NOTHING };
  await (resource.kind === "project"
    ? deleteProject(services, { ...deletion, project: resource.id })
    : deleteCommunity(services, { ...deletion, community: resource.id, response: NOTHING }));
}

function isLive(row: { readonly deletedAt?: unknown } | undefined): boolean {
  return row !== undefined && row.deletedAt === undefined;
}
