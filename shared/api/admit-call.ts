import type { Message } from "@bufbuild/protobuf";
import { callerId, type Caller } from "../core/access/access.ts";
import type { ProjectId } from "../core/ids.ts";
import type { Reader } from "../ports/store.ts";
import { readRequest } from "../records/request-record.ts";
import { authenticate, type KnownTokens } from "../usecases/access/authenticate.ts";
import { authorize, type Permitted } from "../usecases/access/authorize.ts";
import { lookUp } from "../usecases/access/look-up.ts";
import type { OnceKey } from "../usecases/caller-request.ts";
import type { Services } from "../usecases/services.ts";
import type { Incoming } from "./api.ts";
import type { Call } from "./call.ts";
import type { MethodPlan } from "./method-plan.ts";
import { onceKeyOf } from "./once-key.ts";

/** A call that was let in, and the project it concerns, if it concerns one. */
export interface AdmittedCall {
  readonly call: Call;
  readonly project?: ProjectId;
}

/** What a call is let in by. */
export interface Entrance extends Pick<Services, "store" | "clock"> {
  /** Of the installation's own token. */
  readonly platformDigest: Buffer;
}

/** A call at the door. */
export interface Arrival {
  readonly plan: MethodPlan;
  readonly incoming: Incoming;
  readonly requestId: string;
  /** The request, or the first message of a client's stream. */
  readonly request: Message;
}

/**
 * Authenticates, permits and validates, in this order, so that nobody learns from a refusal what its
 * token does not show; then `step` goes on in the same snapshot. All of it may run more than once.
 * A repeat under an Idempotency-Key was permitted when it came first, and finds its operation even
 * where what it changed is gone by now. Throws what is wrong.
 */
export async function admitCall<T>(
  entrance: Entrance,
  arrival: Arrival,
  step: (reader: Reader, admitted: AdmittedCall) => Promise<T>,
): Promise<T> {
  const now = entrance.clock.now();
  return await entrance.store.snapshot(async (reader) => {
    const { plan, incoming, requestId, request } = arrival;
    const { caller, once, permitted } = await permit({ ...entrance, reader, now }, arrival);
    plan.validate(request);
    const call: Call = {
      caller,
      requestId,
      signal: incoming.signal,
      follows: incoming.follows,
      ...(once === undefined ? {} : { once }),
    };
    return await step(reader, { call, ...permitted });
  });
}

interface Passed {
  readonly caller: Caller;
  readonly once: OnceKey | undefined;
  readonly permitted: Permitted;
}

/** The token and what the request names are asked for together, and then what depends on them. */
async function permit(known: KnownTokens, arrival: Arrival): Promise<Passed> {
  const { reader, now } = known;
  const { plan, incoming, request } = arrival;
  const demand = plan.demand(request);
  const [caller, found] = await Promise.all([
    authenticate(incoming.header("authorization"), known),
    lookUp(reader, demand),
  ]);
  // Nobody in particular needs a token before anything else.
  if (caller.kind !== "anonymous") plan.validateResource(request, demand);
  const once = onceOf(arrival, caller);
  const [earlier, judged] = await Promise.allSettled([
    once && readRequest(reader, once, now),
    authorize(reader, { caller, demand, found }),
  ]);
  if (earlier.status === "rejected") throw earlier.reason;
  const isRepeat = earlier.value !== undefined && earlier.value.digest === once?.digest;
  if (isRepeat) return { caller, once, permitted: {} };
  if (judged.status === "rejected") throw judged.reason;
  return { caller, once, permitted: judged.value };
}

/** Only what changes something, in one message, can be asked for once. */
function onceOf({ plan, incoming, request }: Arrival, caller: Caller): OnceKey | undefined {
  if (!plan.mutates || plan.method.methodKind !== "unary") return undefined;
  return onceKeyOf(incoming.header("idempotency-key"), `${callerId(caller)}:${plan.name}`, {
    schema: plan.method.input,
    message: request,
  });
}
