import type { AccessResource } from "../core/access/access.ts";
import type { ResourceKind, SharedResource } from "../core/project/shared-resource.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { fromBody, toBody } from "./body.ts";
import { resourcesTable } from "./tables.ts";

/** What shares a resource: a project or a community. */
export type Holder = AccessResource;

type ResourceKey = Pick<SharedResource, "kind" | "id">;

export async function readResource(
  reader: Reader,
  holder: Holder,
  key: ResourceKey,
): Promise<SharedResource | undefined> {
  const row = await reader.get(resourcesTable, rowKey(holder, key));
  return row && fromBody<SharedResource>(row.body);
}

/** A page of the resources of a holder, by kind and id, behind `after`; of one kind if it is given. */
export async function scanResources(
  reader: Reader,
  holder: Holder,
  page: { readonly limit: number; readonly kind?: ResourceKind; readonly after?: ResourceKey },
): Promise<readonly SharedResource[]> {
  const { kind, after } = page;
  const rows = await reader.scan(resourcesTable, {
    prefix: { holder: holderKey(holder), ...(kind === undefined ? {} : { kind }) },
    limit: page.limit,
    ...(after === undefined ? {} : { after: rowKey(holder, after) }),
  });
  return rows.map((row) => fromBody<SharedResource>(row.body));
}

export function writeResource(tx: Transaction, holder: Holder, resource: SharedResource): void {
  tx.put(resourcesTable, { ...rowKey(holder, resource), body: toBody(resource) });
}

export function deleteResource(tx: Transaction, holder: Holder, key: ResourceKey): void {
  tx.delete(resourcesTable, rowKey(holder, key));
}

function rowKey(
  holder: Holder,
  { kind, id }: ResourceKey,
): { holder: string; kind: string; resource: string } {
  return { holder: holderKey(holder), kind, resource: id };
}

const holderKey = ({ kind, id }: Holder): string => `${kind}:${id}`;
