import { create, type DescMethod, type Message } from "@bufbuild/protobuf";
import { assert } from "../core/assert.ts";
import { messageOf, OrreryError } from "../core/errors.ts";
import type { ProjectId } from "../core/ids.ts";
import type { Reader } from "../ports/store.ts";
import { tokenDigest } from "../usecases/access/authenticate.ts";
import { discover } from "../usecases/provider/discover.ts";
import { admitCall, type Entrance } from "./admit-call.ts";
import { registry } from "./any.ts";
import { ApiError } from "./api-error.ts";
import type { ApiServices } from "./api-services.ts";
import type { Api, Incoming } from "./api.ts";
import type { Call } from "./call.ts";
import { Code } from "./code.ts";
import type { ServedService } from "./handlers.ts";
import { planMethods, type MethodPlan } from "./method-plan.ts";
import { clientRequestId } from "./request-id.ts";
import { apiErrorOf, isOurs } from "./status.ts";

/**
 * The pipeline that every call goes through. Making it checks every method of the services; one that
 * could not be served is an assertion here and now.
 */
export function createApi(services: ApiServices, served: readonly ServedService[]): Api {
  assert(services.apiToken !== "", "an installation has a token of its own");
  const plans = planMethods(served);
  const { store, clock } = services;
  const entrance = { store, clock, platformDigest: tokenDigest(services.apiToken) };
  const open = (method: DescMethod, incoming: Incoming): OpenCall =>
    openCall({ services, entrance, incoming, plan: planOf(plans, method) });
  return {
    services: served.map(({ service }) => service),
    registry,
    unary: async (method, incoming, request) => await unary(open(method, incoming), request),
    serverStream: (method, incoming, request) => serverStream(open(method, incoming), request),
    clientStream: async (method, incoming, requests) =>
      await clientStream(open(method, incoming), requests),
  };
}

/** One call under way. */
interface OpenCall {
  readonly plan: MethodPlan;
  /**
   * Lets the call in, by its request or the first message of its stream, and goes on with `step` in
   * the snapshot that this was decided in.
   */
  readonly admit: <T>(
    request: Message,
    step: (reader: Reader, call: Call) => Promise<T>,
  ) => Promise<T>;
  /** What the caller is told of a failure; one that is ours to mend is logged here. */
  readonly failed: (error: unknown) => ApiError;
}

function planOf(plans: ReadonlyMap<DescMethod, MethodPlan>, method: DescMethod): MethodPlan {
  const plan = plans.get(method);
  if (plan !== undefined) return plan;
  throw new ApiError(Code.UNIMPLEMENTED, `${method.parent.typeName}/${method.name} is not served`);
}

function openCall(opened: {
  readonly services: ApiServices;
  readonly entrance: Entrance;
  readonly incoming: Incoming;
  readonly plan: MethodPlan;
}): OpenCall {
  const { services, entrance, incoming, plan } = opened;
  const requestId = clientRequestId(incoming.header("x-client-request-id")) ?? services.random.id();
  let project: ProjectId | undefined;
  return {
    plan,
    admit: async (request, step) => {
      const admit = async (): ReturnType<typeof step> =>
        await admitCall(
          entrance,
          { plan, incoming, requestId, request },
          async (reader, admitted) => {
            project = admitted.project;
            return await step(reader, admitted.call);
          },
        );
      try {
        return await admit();
      } catch (refusal) {
        if (!(await discover(services, plan.demand(request), refusal))) throw refusal;
        return await admit();
      }
    },
    failed: (error) => {
      const isGone = incoming.signal.aborted && isOurs(error);
      const told = isGone ? new ApiError(Code.CANCELLED, "The call was cancelled") : error;
      if (isOurs(told)) logFailure(services, plan, { requestId, error });
      return apiErrorOf(told, { requestId, project, now: services.clock.now() });
    },
  };
}

async function justTheCall(_reader: Reader, call: Call): Promise<Call> {
  return await Promise.resolve(call);
}

async function unary({ plan, admit, failed }: OpenCall, request: Message): Promise<Message> {
  try {
    const answer = await admit(
      request,
      async (reader, call) => await plan.read(reader, request, call),
    );
    return answerOf(plan, await answer());
  } catch (error) {
    throw failed(error);
  }
}

async function* serverStream(
  { plan, admit, failed }: OpenCall,
  request: Message,
): AsyncGenerator<Message> {
  try {
    const answers = plan.stream(request, await admit(request, justTheCall));
    for await (const answer of answers as AsyncIterable<unknown>) yield answerOf(plan, answer);
  } catch (error) {
    throw failed(error);
  }
}

async function clientStream(
  { plan, admit, failed }: OpenCall,
  requests: AsyncIterable<Message>,
): Promise<Message> {
  const iterator = requests[Symbol.asyncIterator]();
  try {
    const first = await iterator.next();
    if (first.done === true) {
      throw new OrreryError("ARGUMENT_INVALID", "The stream ended before its first message");
    }
    const call = await admit(first.value, justTheCall);
    return answerOf(plan, await plan.stream(validated(plan, first.value, iterator), call));
  } catch (error) {
    throw failed(error);
  } finally {
    // Whatever the sender has left is not wanted any more; the call has its answer either way.
    await iterator.return?.().catch(() => undefined);
  }
}

/** A client's messages, each checked as it comes; the first one was checked when it was let in. */
async function* validated(
  plan: MethodPlan,
  first: Message,
  rest: AsyncIterator<Message>,
): AsyncGenerator<Message> {
  yield first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
    plan.validate(next.value);
    yield next.value;
  }
}

function answerOf({ method }: MethodPlan, init: unknown): Message {
  return create(method.output, init as Record<string, never>);
}

function logFailure(
  { log }: ApiServices,
  plan: MethodPlan,
  failure: { readonly requestId: string; readonly error: unknown },
): void {
  const { requestId, error } = failure;
  const [, frame] = (error instanceof Error ? error.stack : undefined)?.split("\n    at ") ?? [];
  log.write({
    level: "error",
    name: "api.failed",
    message: `${plan.name} failed: ${messageOf(error)}`,
    fields: { request: requestId, method: plan.name, at: frame },
  });
}
