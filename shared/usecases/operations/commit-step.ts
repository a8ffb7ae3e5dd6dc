import type { OperationId } from "../../core/ids.ts";
import type { OperationWork } from "../../core/operation/operation.ts";
import {
  moveOperation,
  workOf,
  type OperationEvent,
} from "../../core/operation/operation-state.ts";
import type { Instant } from "../../core/time/instant.ts";
import type { Transaction } from "../../ports/store.ts";
import { readCallOperation, writeOperation } from "../../records/operation-record.ts";
import type { Services } from "../services.ts";

/** Work of an operation, as it was when somebody looked. */
interface OwedWork<Work extends OperationWork = OperationWork> {
  readonly id: OperationId;
  readonly work: Work;
}

/**
 * Commits a step of an operation's work together with what it did, unless somebody else took that
 * step meanwhile. Without an event the operation stays as it is, and the step stays owed.
 */
export async function commitStep(
  services: Pick<Services, "store" | "clock">,
  owed: OwedWork,
  body: (tx: Transaction, now: Instant) => Promise<OperationEvent | undefined>,
): Promise<void> {
  const now = services.clock.now();
  await services.store.transact(`work-${owed.work.kind}`, async (tx) => {
    const record = await readCallOperation(tx, owed.id);
    const work = record && workOf(record.operation);
    if (record === undefined || JSON.stringify(work) !== JSON.stringify(owed.work)) return;
    const event = await body(tx, now);
    if (event !== undefined) writeOperation(tx, record, moveOperation(record.operation, event));
  });
}
