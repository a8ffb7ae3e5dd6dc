import { setImmediate as nextTurn } from "node:timers/promises";
import { status as grpcStatus } from "@grpc/grpc-js";
import type { Call, FaultRule, Usage } from "./double.ts";
import type { Incoming } from "./grpc-server.ts";
import { ConnectionDropped, GrpcRefusal, Refusal } from "./refusal.ts";
import { NO_USAGE, ruOf } from "./ru-meter.ts";
import type { ServerState } from "./server-state.ts";
import type { Session } from "./sessions.ts";

/** What a call says of itself while it runs, for the log. */
export interface Account {
  transaction: string | undefined;
  texts: readonly string[];
  keepsPlan: boolean;
  /** Set by a query that ran, whatever came of it: only those are billed. */
  usage: Usage | undefined;
}

export interface Served<Reply> {
  readonly call: Call;
  /** Does what the call asks for, at once; throws a `Refusal` to say no. */
  readonly run: (account: Account) => Reply;
  /** How this method says no. */
  readonly refuse: (refusal: Refusal) => Reply;
}

/** Answers one call: faults, the caller's token, the throttle, then the call itself, then faults. */
export async function serve<Reply>(
  state: ServerState,
  incoming: Incoming,
  { call, run, refuse }: Served<Reply>,
): Promise<Reply> {
  const account: Account = {
    transaction: call.transaction,
    texts: [],
    keepsPlan: false,
    usage: undefined,
  };
  let decided: string | undefined;
  let session: Session | undefined;
  try {
    session = await holdSession(state, call);
    await meetFault(state, incoming, call, "before");
    admit(state, incoming, call);
    let reply: Reply;
    try {
      reply = run(account);
      decided = "SUCCESS";
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      reply = refuse(error);
      decided = error.status;
    }
    settle(state, incoming, call, account);
    await meetFault(state, incoming, call, "after");
    return reply;
  } catch (error) {
    decided ??= nameOf(error);
    if (error instanceof Refusal) return refuse(error);
    throw error;
  } finally {
    if (session !== undefined) session.isBusy = false;
    record(state, call, account, decided ?? "no answer");
  }
}

/** A session serves one call at a time: the next one is told so, and not kept waiting. */
async function holdSession(state: ServerState, call: Call): Promise<Session | undefined> {
  if (call.session === undefined || !EXCLUSIVE.has(call.method)) return undefined;
  const session = state.sessions.find(call.database, call.session);
  if (session === undefined) return undefined;
  if (session.isBusy) throw new Refusal("SESSION_BUSY", `Session is busy: ${session.id}`);
  session.isBusy = true;
  // A call that came in together with this one meets it: nothing on a network is instantaneous.
  await nextTurn();
  return session;
}

const EXCLUSIVE: ReadonlySet<Call["method"]> = new Set([
  "ExecuteDataQuery",
  "BeginTransaction",
  "CommitTransaction",
  "RollbackTransaction",
  "Query.ExecuteQuery",
]);

async function meetFault(
  state: ServerState,
  incoming: Incoming,
  call: Call,
  when: FaultRule["when"],
): Promise<void> {
  if (state.faults.isEmpty) return;
  const outcome = await state.faults.meet(when, call);
  if (outcome === undefined) return;
  const session =
    call.session === undefined ? undefined : state.sessions.find(call.database, call.session);
  if (outcome === "session-close hint") {
    incoming.trailer.set("x-ydb-server-hints", "session-close");
  } else if (outcome === "kill session") {
    if (session !== undefined) state.sessions.end(session);
  } else if (outcome === "drop connection") {
    throw new ConnectionDropped("cut by a fault");
  } else if ("grpc" in outcome) {
    throw new GrpcRefusal(outcome.grpc, outcome.message ?? "Injected");
  } else {
    // A status is the server's own word, and its transaction ends with it.
    const transaction = session?.transactions.get(call.transaction ?? "");
    if (session !== undefined && transaction !== undefined) {
      state.sessions.rollback(session, transaction);
    }
    throw new Refusal(outcome.status, outcome.message ?? "Injected");
  }
}

function admit(state: ServerState, { token }: Incoming, { database, method }: Call): void {
  const needed = state.tokens.get(database);
  if (needed !== undefined && needed.token !== token) {
    if (needed.refusal === "UNAUTHORIZED") throw new Refusal("UNAUTHORIZED", "Access denied");
    throw new GrpcRefusal(grpcStatus.UNAUTHENTICATED, "Invalid token");
  }
  const bucket = method === "ExecuteDataQuery" ? state.buckets.get(database) : undefined;
  if (bucket?.isEmpty !== true) return;
  state.book.throttled();
  if (bucket.refusal === "OVERLOADED") throw new Refusal("OVERLOADED", THROTTLED);
  throw new GrpcRefusal(grpcStatus.RESOURCE_EXHAUSTED, THROTTLED);
}

const THROTTLED = "Throughput limit exceeded";

/** Bills a query that ran. */
function settle(state: ServerState, { trailer }: Incoming, call: Call, { usage }: Account): void {
  if (usage === undefined) return;
  const ru = ruOf(usage, state.leastRu);
  trailer.set("x-ydb-consumed-units", String(ru));
  state.buckets.get(call.database)?.take(ru);
}

function record(state: ServerState, call: Call, account: Account, status: string): void {
  const { transaction, texts, keepsPlan, usage } = account;
  const { database, method, label, session, commits } = call;
  const ru = usage === undefined ? 0 : ruOf(usage, state.leastRu);
  const what = { database, method, label, session, transaction, texts, commits, keepsPlan };
  state.book.add({ ...what, status, ...(usage ?? NO_USAGE), ru });
}

function nameOf(error: unknown): string {
  if (error instanceof Refusal) return error.status;
  return error instanceof GrpcRefusal ? `gRPC ${error.code}` : "no answer";
}
