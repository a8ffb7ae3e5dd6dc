import { StatusIds_StatusCode as Code } from "@ydbjs/api/operation";
import { QueryServiceDefinition as Query, type ExecuteQueryRequest } from "@ydbjs/api/query";
import type { Call, Method } from "./double.ts";
import type { GrpcServer, Incoming } from "./grpc-server.ts";
import { issuesOf } from "./operation-reply.ts";
import { badRequest, Refusal } from "./refusal.ts";
import { type Account, serve } from "./serve.ts";
import type { ServerState } from "./server-state.ts";
import type { Session } from "./sessions.ts";

/**
 * Serves the query service as far as DDL needs it: sessions, the stream that keeps one alive, and
 * texts that change the schema. Data is for the table service.
 */
export function addQueryService(server: GrpcServer, state: ServerState): void {
  addSessions(server, state);
  addAttachment(server, state);
  server.serverStream(Query.executeQuery, async (request, incoming, stream) => {
    const call = callOf("Query.ExecuteQuery", incoming, request.sessionId);
    const text = request.query.case === "queryContent" ? request.query.value.text : undefined;
    const reply = await serve(state, incoming, {
      call: { ...call, text },
      run: (account) => schemaQuery(state, incoming, request, account),
      refuse: refused,
    });
    stream.write(reply);
    stream.end();
  });
}

function addSessions(server: GrpcServer, state: ServerState): void {
  const { sessions } = state;
  server.unary(Query.createSession, async (_request, incoming) => {
    return await serve(state, incoming, {
      call: callOf("Query.CreateSession", incoming),
      run: () => {
        const { id } = sessions.create(state.database(incoming.database), "query");
        return { ...SUCCEEDED, sessionId: id, nodeId: 1n };
      },
      refuse: (refusal) => ({ ...refused(refusal), sessionId: "", nodeId: 0n }),
    });
  });
  server.unary(Query.deleteSession, async ({ sessionId }, incoming) => {
    return await serve(state, incoming, {
      call: callOf("Query.DeleteSession", incoming, sessionId),
      run: () => {
        sessions.end(sessions.get(incoming.database, sessionId, "query"));
        return SUCCEEDED;
      },
      refuse: refused,
    });
  });
}

/** A session lives as long as its stream: either end takes the other with it. */
function addAttachment(server: GrpcServer, state: ServerState): void {
  const { sessions } = state;
  server.serverStream(Query.attachSession, async ({ sessionId }, incoming, stream) => {
    let session: Session | undefined;
    const reply = await serve(state, incoming, {
      call: callOf("Query.AttachSession", incoming, sessionId),
      run: () => {
        session = sessions.get(incoming.database, sessionId, "query");
        if (session.detach !== undefined) throw badRequest("The session is attached already");
        session.detach = () => stream.end();
        return SUCCEEDED;
      },
      refuse: refused,
    });
    stream.write(reply);
    const attached = session;
    if (attached === undefined) stream.end();
    else stream.onClosed(() => sessions.end(attached));
  });
}

function schemaQuery(
  state: ServerState,
  { database }: Incoming,
  { sessionId, query, txControl }: ExecuteQueryRequest,
  account: Account,
): Reply {
  const session = state.sessions.get(database, sessionId, "query");
  if (session.detach === undefined) throw new Refusal("BAD_SESSION", "The session is not attached");
  if (query.case !== "queryContent") throw badRequest("A query has a text");
  const parsed = state.text(query.value.text);
  account.texts = parsed.texts;
  if (parsed.kind === "data") throw badRequest("Data goes through the table service here");
  if (txControl !== undefined) throw badRequest("No transaction changes a schema");
  session.database.change(parsed);
  state.book.schemaChanged(parsed.statements.length);
  return SUCCEEDED;
}

interface Reply {
  readonly status: Code;
  readonly issues: ReturnType<typeof issuesOf>;
}

const SUCCEEDED: Reply = { status: Code.SUCCESS, issues: [] };

function refused(refusal: Refusal): Reply {
  return { status: Code[refusal.status], issues: issuesOf(refusal) };
}

function callOf(method: Method, { database }: Incoming, session?: string): Call {
  const nothing = { transaction: undefined, label: undefined, text: undefined, commits: false };
  return { database, method, session, ...nothing };
}
