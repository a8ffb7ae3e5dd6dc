import { addDiscoveryService } from "./discovery-service.ts";
import type { Double, DoubleOptions } from "./double.ts";
import { GrpcServer } from "./grpc-server.ts";
import { addQueryService } from "./query-service.ts";
import { Bucket } from "./ru-meter.ts";
import { addSchemeService } from "./scheme-service.ts";
import { ServerState } from "./server-state.ts";
import { addTableService } from "./table-service.ts";

/** Starts a double on a free port of 127.0.0.1. */
export async function startDouble(options: DoubleOptions = {}): Promise<Double> {
  const state = new ServerState(options);
  const server = new GrpcServer(state.limits.messageBytes);
  addDiscoveryService(server, state);
  addTableService(server, state);
  addQueryService(server, state);
  addSchemeService(server, state);
  return doubleOf(state, server, await server.listen());
}

function doubleOf(state: ServerState, server: GrpcServer, port: number): Double {
  const { faults, sessions, book, tokens, buckets } = state;
  const endpoint = `grpc://127.0.0.1:${port}`;
  return {
    port,
    endpoint,
    url: (database) => `${endpoint}${database}`,
    createTables: (database, tables) => state.database(database).createTables(tables),
    tables: (database) => state.database(database).tables.map(({ name }) => name),
    rows: (database, table) => state.database(database).rows(table),
    sweep: (nowMs) =>
      state.databases.reduce((dropped, database) => dropped + database.sweep(nowMs), 0),
    fault: (rule) => faults.add(rule),
    clearFaults: () => faults.clear(),
    killSessions: (database) => sessions.endAll(database),
    dropConnections: () => server.dropConnections(),
    requireToken(database, token, refusal = "UNAUTHENTICATED") {
      if (token === undefined) tokens.delete(database);
      else tokens.set(database, { token, refusal });
    },
    throttle(database, throttle) {
      if (throttle === undefined) buckets.delete(database);
      else buckets.set(database, new Bucket(throttle));
    },
    log: book.entries,
    get counters() {
      return book.counters;
    },
    reset: () => book.reset(),
    openSessions: (database) => sessions.count(state.database(database)),
    openTransactions: (database) => state.database(database).openTransactions,
    onCommit(listener) {
      state.listener = listener;
    },
    async close() {
      faults.close();
      await server.close();
    },
  };
}
