import type { AccessResource } from "../../core/access/access.ts";
import { limits } from "../../core/limits.ts";
import type { Transaction } from "../../ports/store.ts";
import { removeBinding } from "../../records/binding-record.ts";
import { deleteResource, scanResources } from "../../records/resource-record.ts";
import { allBindings } from "./all-bindings.ts";

/**
 * Removes what hangs on a project or a community that goes: its access bindings and its shared
 * resources. It scans, so it comes before any write of these in the same transaction.
 */
export async function forgetHolder(tx: Transaction, holder: AccessResource): Promise<void> {
  const bindings = await allBindings(tx, holder);
  const resources = await scanResources(tx, holder, { limit: limits.scanRows });
  for (const binding of bindings) removeBinding(tx, holder, binding);
  for (const resource of resources) deleteResource(tx, holder, resource);
}
