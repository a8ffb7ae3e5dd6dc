import type { OperationId, OperationOwner } from "../../core/ids.ts";
import type { Operation } from "../../core/operation/operation.ts";
import type { Instant } from "../../core/time/instant.ts";
import type { Reader } from "../../ports/store.ts";
import { scanOperations } from "../../records/operation-record.ts";
import { readPage, type Page } from "../read-page.ts";

/** Where a page of operations ends: at one, by the time it was made. */
export interface OperationPlace {
  readonly createdAt: Instant;
  readonly operation: OperationId;
}

/** A page of the operations of a project or a community, latest first. */
export async function listOperations(
  reader: Reader,
  owner: OperationOwner,
  page: { readonly size: number; readonly after: OperationPlace | undefined },
): Promise<Page<Operation, OperationPlace>> {
  return await readPage({
    ...page,
    scan: async (scan) => await scanOperations(reader, owner, scan),
    keyOf: ({ createdAt, id }): OperationPlace => ({ createdAt, operation: id }),
  });
}
