import type { Message } from "@bufbuild/protobuf";
import { callerId, type Caller } from "../core/access/access.ts";
import type { ProjectId } from "../core/ids.ts";
import { authenticate } from "../usecases/access/authenticate.ts";
import { authorize, type Permitted } from "../usecases/access/authorize.ts";
import { readRequest } from "../records/request-record.ts";
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
 * token does not show. Token, resource and bindings are read in one snapshot. A repeat under an
 * Idempotency-Key was permitted when it came first, and finds its operation even where what it
 * changed is gone by now. Throws what is wrong.
 */
export async function admitCall(entrance: Entrance, arrival: Arrival): Promise<AdmittedCall> {
  const { plan, incoming, requestId, request } = arrival;
  const { caller, once, permitted } = await permit(entrance, arrival);
  plan.validate(request);
  const call: Call = {
    caller,
    requestId,
    signal: incoming.signal,
    follows: incoming.follows,
    ...(once === undefined ? {} : { once }),
  };
  return { call, ...permitted };
}

interface Passed {
  readonly caller: Caller;
  readonly once: OnceKey | undefined;
  readonly permitted: Permitted;
}

async function permit(entrance: Entrance, arrival: Arrival): Promise<Passed> {
  const { store, clock, platformDigest } = entrance;
  const { plan, incoming, request } = arrival;
  const header = incoming.header("authorization");
  const now = clock.now();
  return await store.snapshot(async (reader) => {
    const caller = await authenticate(header, { reader, platformDigest, now });
    const demand = plan.demand(request);
    // Nobody in particular needs a token before anything else.
    if (caller.kind !== "anonymous") plan.validateResource(request, demand);
    const once = onceOf(arrival, caller);
    const earlier = once && (await readRequest(reader, once, now));
    const isRepeat = earlier !== undefined && earlier.digest === once?.digest;
    return { caller, once, permitted: isRepeat ? {} : await authorize(reader, caller, demand) };
  });
}

/** Only what changes something, in one message, can be asked for once. */
function onceOf({ plan, incoming, request }: Arrival, caller: Caller): OnceKey | undefined {
  if (!plan.mutates || plan.method.methodKind !== "unary") return undefined;
  return onceKeyOf(incoming.header("idempotency-key"), `${callerId(caller)}:${plan.name}`, {
    schema: plan.method.input,
    message: request,
  });
}
