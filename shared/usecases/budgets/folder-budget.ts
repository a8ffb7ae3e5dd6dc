import { communityId, NAME_PATTERN } from "../../core/ids.ts";
import type { AnyJson } from "../../core/json.ts";
import type { Operation } from "../../core/operation/operation.ts";
import type { Community, FolderBudget } from "../../core/project/project.ts";
import type { Instant } from "../../core/time/instant.ts";
import type { Transaction } from "../../ports/store.ts";
import { writeCommunity } from "../../records/project-record.ts";
import type { CallerRequest } from "../caller-request.ts";
import { ensureCommunity } from "../communities/ensure-community.ts";
import { requireCommunity } from "../communities/require-community.ts";
import { runCall, type CallServices } from "../operations/run-call.ts";
import type { Services } from "../services.ts";

/** The budget of a folder, which is a community; without limits where nobody set one. */
export async function getFolderBudget(
  { store }: Pick<Services, "store">,
  folder: string,
): Promise<FolderBudget> {
  return await store.snapshot(
    async (reader) => (await requireCommunity(reader, folder)).budget ?? {},
  );
}

export interface NewFolderBudget extends CallerRequest {
  readonly folder: string;
  /** The budget as it shall be, from what it is; it may run twice. */
  readonly change: (current: FolderBudget) => FolderBudget;
  readonly response: AnyJson;
}

/**
 * Sets what the projects of a folder are meant to spend together. It is recorded and told, and
 * nothing is stopped by it: what holds are the limits of each project.
 */
export async function setFolderBudget(
  services: CallServices,
  request: NewFolderBudget,
): Promise<Operation> {
  return await runCall(services, request, "set-folder-budget", async (tx, now) => {
    const before = await folderOf(tx, request, now);
    writeCommunity(tx, before, { ...before, budget: request.change(before.budget ?? {}) });
    const { response } = request;
    return { owner: before.id, description: "Set folder budget", response };
  });
}

/** Nobody creates a folder in v1: the platform's own call makes it, as it does for a project. */
async function folderOf(
  tx: Transaction,
  { caller, folder }: NewFolderBudget,
  now: Instant,
): Promise<Community> {
  return caller.kind === "platform" && NAME_PATTERN.test(folder)
    ? await ensureCommunity(tx, communityId(folder), now)
    : await requireCommunity(tx, folder);
}
