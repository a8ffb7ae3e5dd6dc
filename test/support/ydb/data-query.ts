import {
  type ExecuteDataQueryRequest,
  type ExecuteQueryResult,
  ExecuteQueryResultSchema,
  type TransactionControl,
  type TransactionSettings,
} from "@ydbjs/api/table";
import { Conflict } from "./database.ts";
import { execute, type Values } from "./execute.ts";
import { type OperationReply, succeeded } from "./operation-reply.ts";
import { badRequest } from "./refusal.ts";
import { resultSetOf } from "./result-set.ts";
import { NO_USAGE } from "./ru-meter.ts";
import type { Account } from "./serve.ts";
import type { ServerState } from "./server-state.ts";
import type { Session } from "./sessions.ts";
import type { DataText } from "./statement.ts";
import type { Transaction } from "./transaction.ts";
import { bind, type Bound } from "./value-type.ts";

/** Answers ExecuteDataQuery. Whatever goes wrong ends the transaction that the request names. */
export function dataQuery(
  state: ServerState,
  session: Session,
  request: ExecuteDataQueryRequest,
  account: Account,
): OperationReply {
  const transaction = transactionOf(state, session, request.txControl);
  account.transaction = transaction.id;
  try {
    return run({ state, session, request, account, transaction });
  } catch (error) {
    state.sessions.rollback(session, transaction);
    throw error;
  }
}

/** Commits, and counts what came of it. */
export function commit(state: ServerState, session: Session, transaction: Transaction): void {
  try {
    state.sessions.commit(session, transaction);
    if (transaction.hasWritten) state.book.committed();
  } catch (error) {
    if (error instanceof Conflict) state.book.conflicted(error.table);
    throw error;
  }
}

/** How a new transaction reads; the modes that may answer from the past are not used here. */
export function modeOf(settings: TransactionSettings | undefined): Transaction["mode"] {
  switch (settings?.txMode.case) {
    case "serializableReadWrite":
      return "serializable";
    case "snapshotReadOnly":
      return "snapshot";
    case "onlineReadOnly":
    case "staleReadOnly":
    case undefined:
      throw badRequest(`A transaction is serializable or a snapshot here`);
    default:
      throw badRequest("The transaction is of no known mode");
  }
}

function transactionOf(
  state: ServerState,
  session: Session,
  control: TransactionControl | undefined,
): Transaction {
  const selector = control?.txSelector;
  if (selector?.case === "txId") return state.sessions.transaction(session, selector.value);
  if (selector?.case === "beginTx") return state.sessions.begin(session, modeOf(selector.value));
  throw badRequest("A data query names its transaction, or begins one");
}

interface Run {
  readonly state: ServerState;
  readonly session: Session;
  readonly request: ExecuteDataQueryRequest;
  readonly account: Account;
  readonly transaction: Transaction;
}

function run({ state, session, request, account, transaction }: Run): OperationReply {
  const query = request.query?.query;
  if (query?.case !== "yqlText") throw badRequest("A data query has a text");
  const parsed = state.text(query.value);
  account.texts = parsed.texts;
  account.keepsPlan = request.queryCachePolicy?.keepInCache === true;
  if (parsed.kind === "schema") throw badRequest("A data query changes no schema");

  const { database } = session;
  const plan = state.plan(database, query.value, parsed);
  const values = valuesOf(parsed, request.parameters);
  const { results, usage } = execute(plan, { database, transaction, values, limits: state.limits });
  // A commit that is refused has read, and has written nothing.
  account.usage = { ...NO_USAGE, rowsRead: usage.rowsRead, bytesRead: usage.bytesRead };
  const commits = request.txControl?.commitTx === true;
  if (commits) commit(state, session, transaction);
  account.usage = usage;
  return succeeded<ExecuteQueryResult>(ExecuteQueryResultSchema, {
    resultSets: results.map(resultSetOf),
    txMeta: { id: commits ? "" : transaction.id },
  });
}

/** The parameters as declared: none is missing, none is sent beside them. */
function valuesOf({ declarations }: DataText, sent: ExecuteDataQueryRequest["parameters"]): Values {
  const values = new Map<string, Bound>();
  for (const { parameter, type } of declarations) {
    const value = sent[parameter];
    if (value === undefined) throw badRequest(`${parameter} is declared and not sent`);
    values.set(parameter, bind(parameter, type, value));
  }
  for (const name of Object.keys(sent)) {
    if (!values.has(name)) throw badRequest(`${name} is sent and not declared`);
  }
  return values;
}
