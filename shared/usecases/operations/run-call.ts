import { OrreryError } from "../../core/errors.ts";
import {
  callOperationId,
  operationId,
  type OperationId,
  type OperationOwner,
} from "../../core/ids.ts";
import type { AnyJson } from "../../core/json.ts";
import type { CallOperation, Operation, OperationWork } from "../../core/operation/operation.ts";
import type { Instant } from "../../core/time/instant.ts";
import type { Reader, Transaction } from "../../ports/store.ts";
import { readOperation, writeOperation } from "../../records/operation-record.ts";
import { readRequest, writeRequest } from "../../records/request-record.ts";
import { askedBy, type CallerRequest, type OnceKey } from "../caller-request.ts";
import { sendNudges, type Nudge } from "../nudge.ts";
import type { Services } from "../services.ts";

/** What a call changed, as its operation tells it. */
export interface CallOutcome {
  readonly owner: OperationOwner;
  /** At most 256 characters. */
  readonly description: string;
  readonly metadata?: AnyJson;
  /** The call is done with this; or there is `work` left, and the operation goes on. */
  readonly response?: AnyJson;
  readonly work?: OperationWork;
  readonly nudges?: readonly Nudge[];
}

export type CallServices = Pick<Services, "store" | "clock" | "random" | "queue" | "log">;

/**
 * Runs the transaction of a call that changes something, and records the operation that its caller
 * gets. A repeat under the same key gets the first one's operation as it is by now, and nothing
 * runs; the same key with another content throws `REQUEST_CONFLICT`.
 */
export async function runCall(
  services: CallServices,
  request: CallerRequest,
  label: string,
  body: (tx: Transaction, now: Instant) => Promise<CallOutcome>,
): Promise<Operation> {
  const now = services.clock.now();
  const fresh = services.random.id();
  const { operation, nudges } = await services.store.transact(label, async (tx) => {
    const earlier = await earlierOperation(tx, request.once, now);
    if (earlier !== undefined) return { operation: earlier, nudges: [] };
    const outcome = await body(tx, now);
    const made = operationOf(outcome, { by: askedBy(request), fresh, now });
    writeOperation(tx, undefined, made);
    remember(tx, request.once, made.id, now);
    const work: Nudge[] =
      outcome.work === undefined ? [] : [{ kind: "operation", ref: made.id, at: now }];
    return { operation: made, nudges: [...(outcome.nudges ?? []), ...work] };
  });
  await sendNudges(services, nudges, now);
  return operation;
}

/** The operation that the first request under this key led to. */
export async function earlierOperation(
  reader: Reader,
  once: OnceKey | undefined,
  now: Instant,
): Promise<Operation | undefined> {
  if (once === undefined) return undefined;
  const earlier = await readRequest(reader, once, now);
  if (earlier === undefined) return undefined;
  if (earlier.digest !== once.digest) {
    throw new OrreryError(
      "REQUEST_CONFLICT",
      `Idempotency-Key ${once.key} was used for another request: use a new key`,
    );
  }
  return await readOperation(reader, operationId(earlier.result));
}

/** Remembers what a request under a key led to, so that its repeat finds it. */
export function remember(
  tx: Transaction,
  once: OnceKey | undefined,
  result: OperationId,
  now: Instant,
): void {
  if (once !== undefined) writeRequest(tx, once, { digest: once.digest, result, at: now });
}

function operationOf(
  outcome: CallOutcome,
  made: { readonly by: string; readonly fresh: string; readonly now: Instant },
): CallOperation {
  const { owner, description, metadata, response, work } = outcome;
  return {
    id: callOperationId(owner, made.fresh),
    owner,
    description,
    createdAt: made.now,
    createdBy: made.by,
    modifiedAt: made.now,
    subject: { kind: "call", ...(work === undefined ? {} : { work }) },
    ...(metadata === undefined ? {} : { metadata }),
    ...(response === undefined ? {} : { result: { response } }),
  };
}
