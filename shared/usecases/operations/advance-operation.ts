import { assertNever } from "../../core/assert.ts";
import type { OperationId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import type { Operation, OperationWork } from "../../core/operation/operation.ts";
import { workOf } from "../../core/operation/operation-state.ts";
import { plusMs, type Instant } from "../../core/time/instant.ts";
import { readCallOperation } from "../../records/operation-record.ts";
import { sendNudges } from "../nudge.ts";
import type { Services } from "../services.ts";
import { advanceDeletion } from "./advance-deletion.ts";
import { advanceOpening } from "./advance-opening.ts";
import { clearJob, clearProject } from "./clear-data.ts";

/**
 * Takes the next step of an operation's work, and asks for the one after it. Repeating it, or being
 * killed anywhere in it, does no harm: a step commits once, and what it does outside the store can
 * be done again. An operation without work is left as it is.
 */
export async function advanceOperation(services: Services, id: OperationId): Promise<void> {
  const found = await owed(services, id);
  if (found === undefined) return;
  const now = services.clock.now();
  const { operation, work } = found;
  if (now >= dueAt(operation, work)) await takeStep(services, operation, work);
  const next = await owed(services, id);
  if (next === undefined) return;
  const at = dueAt(next.operation, next.work);
  await sendNudges(services, [{ kind: "operation", ref: id, at }], services.clock.now());
}

async function owed(
  services: Pick<Services, "store">,
  id: OperationId,
): Promise<{ readonly operation: Operation; readonly work: OperationWork } | undefined> {
  const record = await services.store.snapshot(
    async (reader) => await readCallOperation(reader, id),
  );
  const work = record && workOf(record.operation);
  return record && work && { operation: record.operation, work };
}

/** Opening rests between its steps, so that whoever polls sees each; other work goes on at once. */
function dueAt({ modifiedAt }: Operation, work: OperationWork): Instant {
  return work.kind === "open" ? plusMs(modifiedAt, limits.openStepMs) : modifiedAt;
}

async function takeStep(
  services: Services,
  operation: Operation,
  work: OperationWork,
): Promise<void> {
  switch (work.kind) {
    case "open":
      await advanceOpening(services, operation, work);
      return;
    case "deleteProject":
      await advanceDeletion(services, operation, work);
      return;
    case "clearJob":
      await clearJob(services, operation, work);
      return;
    case "clearProject":
      await clearProject(services, operation, work);
      return;
    default:
      assertNever(work);
  }
}
