import { randomUUID } from "node:crypto";
import { openConnection } from "../../../shared/adapters/ydb/connection.ts";
import { parseDatabaseAddress } from "../../../shared/adapters/ydb/database-address.ts";
import type { Connection } from "../../../shared/adapters/ydb/session.ts";
import { withWriter } from "../../../shared/adapters/ydb/written-by.ts";
import { createYdbStore } from "../../../shared/adapters/ydb/ydb-store.ts";
import { limits } from "../../../shared/core/limits.ts";
import type { Random } from "../../../shared/ports/random.ts";
import type { AnyTable, Store } from "../../../shared/ports/store.ts";
import { contractTables, countersTable } from "../../contract/store-tables.ts";
import { START_AT } from "../../support/builders.ts";
import { JumpingClock } from "../../support/jumping-clock.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import type { Call, Double, Fault, FaultOutcome, FaultRule } from "../../support/ydb/double.ts";

/** The requests of which everything here is made, as the double meets them. */
export const REQUESTS = {
  discovery: (call: Call) => call.method === "ListEndpoints",
  "a session": (call: Call) => call.method === "CreateSession",
  "the first read": (call: Call) => isQuery(call) && !call.commits && !call.transaction,
  "a later read": (call: Call) => isQuery(call) && !call.commits && !!call.transaction,
  "the commit": (call: Call) => isQuery(call) && call.commits,
  "a rollback": (call: Call) => call.method === "RollbackTransaction",
  "a session's end": (call: Call) => call.method === "DeleteSession",
} as const satisfies Record<string, (call: Call) => boolean>;

export type RequestName = keyof typeof REQUESTS;

function isQuery(call: Call): boolean {
  return call.method === "ExecuteDataQuery";
}

export interface FaultBench {
  readonly database: string;
  readonly store: Store;
  readonly clock: JumpingClock;
  /** Another process on the same database, at the same time. */
  readonly another: () => Store;
  /** Makes the next requests of a name end so: one unless told otherwise. */
  readonly fault: (
    request: RequestName,
    outcome: FaultOutcome,
    rule: Pick<FaultRule, "when" | "nth" | "times">,
  ) => Fault;
  /** How many requests of each name there were since the last `forget`; those of none left out. */
  readonly requests: () => Readonly<Partial<Record<RequestName, number>>>;
  readonly forget: () => void;
  /** Closes everything, and tells what stayed open at the server. */
  readonly dispose: () => Promise<{ readonly sessions: number; readonly transactions: number }>;
}

export interface OpenOptions {
  /** One time for the runner, which waits, and for its connection, which watches. */
  readonly clock: Pick<JumpingClock, "waits" | "watches">;
  readonly random: Random;
  /** What stands between the runner and its connection. */
  readonly between?: (connection: Connection) => Connection;
  readonly tables?: readonly AnyTable[];
}

/** A store on a database of the double whose tables are there. */
export function openStoreOn(double: Double, database: string, options: OpenOptions): Store {
  const { clock, random, tables = contractTables } = options;
  const address = parseDatabaseAddress(double.url(database));
  const connection = openConnection({ address, clock: clock.watches });
  return createYdbStore({
    connection: options.between?.(connection) ?? connection,
    ...{ tables, clock: clock.waits, random },
    checkSchema: async () => await Promise.resolve(),
  });
}

/** Stores on a database of their own, on time that jumps. */
export function makeFaultBench(double: Double, seed = 1): FaultBench {
  const database = `/faults/${randomUUID()}`;
  double.createTables(database, contractTables.map(withWriter));
  const clock = new JumpingClock(START_AT);
  const stores: Store[] = [];
  const another = (): Store => {
    const random = seededRandom(seed + stores.length);
    const store = openStoreOn(double, database, { clock, random });
    stores.push(store);
    return store;
  };
  const counts = new Map<RequestName, number>();
  double.fault(countingRule(database, counts));
  return {
    database,
    clock,
    store: another(),
    another,
    fault: (request, outcome, rule) =>
      double.fault({
        ...rule,
        database,
        outcome,
        match: REQUESTS[request],
        // Whoever waits for an answer waits as long as anybody does.
        ...(outcome === "hang" && { wait: async () => await passLater(clock, timeOf(request)) }),
      }),
    requests: () => Object.fromEntries(counts),
    forget: () => counts.clear(),
    dispose: async () => {
      double.clearFaults();
      await Promise.all(stores.map(async (store) => await store.close()));
      return {
        sessions: double.openSessions(database),
        transactions: double.openTransactions(database),
      };
    },
  };
}

function timeOf(request: RequestName): number {
  if (request === "a session") return limits.ydbSessionMs;
  return request === "a rollback" || request === "a session's end"
    ? limits.ydbEndMs
    : limits.ydbRequestMs;
}

/** Not before the call hangs. */
async function passLater(clock: JumpingClock, ms: number): Promise<void> {
  setImmediate(() => clock.pass(ms));
  await Promise.resolve();
}

/** A rule that hits nothing and counts what it is asked about, which is every request. */
function countingRule(database: string, counts: Map<RequestName, number>): FaultRule {
  const count = (call: Call): void => {
    for (const name of NAMES) {
      if (REQUESTS[name](call)) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  };
  return { database, when: "before", match: (call) => (count(call), false) };
}

const NAMES = Object.keys(REQUESTS) as readonly RequestName[];

/** Three requests: reads two counters one after the other, and adds one to the first. */
export async function increment(store: Store, name = "n"): Promise<number> {
  return await store.transact("increment", async (tx) => {
    const before = (await tx.get(countersTable, { name }))?.value ?? 0;
    await tx.get(countersTable, { name: "beside" });
    const value = before + 1;
    tx.put(countersTable, { name, value });
    return value;
  });
}

/** What a counter holds at the server. */
export function counterAt(double: Double, database: string, name = "n"): number | undefined {
  const row = double.rows(database, "counters").find((each) => each["name"] === name);
  return row === undefined ? undefined : Number(row["value"]);
}
