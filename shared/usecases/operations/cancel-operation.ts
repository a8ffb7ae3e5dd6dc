import { OrreryError } from "../../core/errors.ts";
import type { OperationId } from "../../core/ids.ts";
import type { Operation } from "../../core/operation/operation.ts";
import type { Reader } from "../../ports/store.ts";
import { readOperation } from "../../records/operation-record.ts";
import { CANCELED_BY_USER, cancelQuietly } from "../cancel-run.ts";
import type { Services } from "../services.ts";

/** An operation by its id; `OPERATION_NOT_FOUND` where there is none. */
export async function findOperation(reader: Reader, id: OperationId): Promise<Operation> {
  const found = await readOperation(reader, id);
  if (found === undefined) {
    throw new OrreryError("OPERATION_NOT_FOUND", "Unknown operation; done ones are kept 35 days");
  }
  return found;
}

/**
 * Cancels what an operation follows, as far as that can be: the run of an attempt ends, and with it
 * the operation, in its own time. A call's own work goes on, and what is done stays done; both are
 * answered as they are.
 */
export async function cancelOperation(
  services: Pick<Services, "store" | "clock" | "queue" | "log" | "telemetry">,
  id: OperationId,
): Promise<Operation> {
  const find = async (): Promise<Operation> =>
    await services.store.snapshot(async (reader) => await findOperation(reader, id));
  const operation = await find();
  const { subject, result } = operation;
  if (subject.kind !== "attempt" || result !== undefined) return operation;
  await cancelQuietly(services, subject.run, { text: CANCELED_BY_USER });
  return await find();
}
