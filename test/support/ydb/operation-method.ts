import type { Call, Method } from "./double.ts";
import type { GrpcServer, Incoming, MethodDefinition } from "./grpc-server.ts";
import { type OperationReply, refused } from "./operation-reply.ts";
import { type Account, serve } from "./serve.ts";
import type { ServerState } from "./server-state.ts";

/** What requests have in common, as far as they have it. */
interface OperationRequest {
  readonly sessionId?: string;
  readonly txId?: string;
  readonly operationParams?: { readonly labels: Readonly<Record<string, string>> };
}

interface OperationMethod<Request> {
  readonly method: Method;
  readonly definition: MethodDefinition<Request, OperationReply>;
  readonly run: (request: Request, incoming: Incoming, account: Account) => OperationReply;
  /** What a fault or the log is to know of the call besides its session. */
  readonly about?: (request: Request) => Partial<Call>;
}

/** Adds a method that answers with an operation. */
export function addMethod<Request extends object>(
  server: GrpcServer,
  state: ServerState,
  { method, definition, run, about }: OperationMethod<Request>,
): void {
  server.unary(definition, async (request, incoming) => {
    const common: OperationRequest = request;
    const call: Call = {
      database: incoming.database,
      method,
      session: common.sessionId,
      transaction: common.txId,
      label: common.operationParams?.labels["label"],
      text: undefined,
      commits: false,
      ...about?.(request),
    };
    return await serve(state, incoming, {
      call,
      run: (account) => run(request, incoming, account),
      refuse: refused,
    });
  });
}
