import {
  type BeginTransactionResult,
  BeginTransactionResultSchema,
  CommitTransactionResultSchema,
  type CommitTransactionResult,
  type CreateSessionResult,
  CreateSessionResultSchema,
  KeepAliveResult_SessionStatus as SessionStatus,
  type KeepAliveResult,
  KeepAliveResultSchema,
  TableServiceDefinition as Table,
} from "@ydbjs/api/table";
import { commit, dataQuery, modeOf } from "./data-query.ts";
import type { GrpcServer } from "./grpc-server.ts";
import { addMethod } from "./operation-method.ts";
import { done, succeeded } from "./operation-reply.ts";
import { describeTable } from "./scheme-service.ts";
import type { ServerState } from "./server-state.ts";

/** Serves sessions, transactions, data queries, and the description of a table. */
export function addTableService(server: GrpcServer, state: ServerState): void {
  addSessions(server, state);
  addTransactions(server, state);
  addMethod(server, state, {
    method: "ExecuteDataQuery",
    definition: Table.executeDataQuery,
    run: (request, { database }, account) =>
      dataQuery(state, state.sessions.get(database, request.sessionId, "table"), request, account),
    about: ({ query, txControl }) => ({
      text: query?.query.case === "yqlText" ? query.query.value : undefined,
      transaction: txControl?.txSelector.case === "txId" ? txControl.txSelector.value : undefined,
      commits: txControl?.commitTx === true,
    }),
  });
  addMethod(server, state, {
    method: "DescribeTable",
    definition: Table.describeTable,
    run: ({ path }, { database }) => describeTable(state.database(database), path),
  });
}

function addSessions(server: GrpcServer, state: ServerState): void {
  const { sessions } = state;
  addMethod(server, state, {
    method: "CreateSession",
    definition: Table.createSession,
    run: (_request, { database }) => {
      const { id } = sessions.create(state.database(database), "table");
      return succeeded<CreateSessionResult>(CreateSessionResultSchema, { sessionId: id });
    },
  });
  addMethod(server, state, {
    method: "DeleteSession",
    definition: Table.deleteSession,
    run: ({ sessionId }, { database }) => {
      sessions.end(sessions.get(database, sessionId, "table"));
      return done();
    },
  });
  addMethod(server, state, {
    method: "KeepAlive",
    definition: Table.keepAlive,
    run: ({ sessionId }, { database }) => {
      const { isBusy } = sessions.get(database, sessionId, "table");
      const sessionStatus = isBusy ? SessionStatus.BUSY : SessionStatus.READY;
      return succeeded<KeepAliveResult>(KeepAliveResultSchema, { sessionStatus });
    },
  });
}

function addTransactions(server: GrpcServer, state: ServerState): void {
  const { sessions } = state;
  addMethod(server, state, {
    method: "BeginTransaction",
    definition: Table.beginTransaction,
    run: ({ sessionId, txSettings }, { database }, account) => {
      const session = sessions.get(database, sessionId, "table");
      const { id } = sessions.begin(session, modeOf(txSettings));
      account.transaction = id;
      return succeeded<BeginTransactionResult>(BeginTransactionResultSchema, { txMeta: { id } });
    },
  });
  addMethod(server, state, {
    method: "CommitTransaction",
    definition: Table.commitTransaction,
    run: ({ sessionId, txId }, { database }) => {
      const session = sessions.get(database, sessionId, "table");
      commit(state, session, sessions.transaction(session, txId));
      return succeeded<CommitTransactionResult>(CommitTransactionResultSchema, {});
    },
    about: () => ({ commits: true }),
  });
  addMethod(server, state, {
    method: "RollbackTransaction",
    definition: Table.rollbackTransaction,
    run: ({ sessionId, txId }, { database }) => {
      const session = sessions.get(database, sessionId, "table");
      sessions.rollback(session, sessions.transaction(session, txId));
      return done();
    },
  });
}
