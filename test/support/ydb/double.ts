import type { AnyTable } from "../../../shared/ports/store.ts";
import type { Random } from "../../../shared/ports/random.ts";
import type { StatusName } from "./refusal.ts";

/**
 * A stand-in for a YDB server: real gRPC, on a codec that shares nothing with the SDK under test.
 * It is stricter than a server where a mistake would otherwise pass unseen:
 *
 * Y1 Only the statement shapes of the record layer are understood; any other text is refused.
 * Y2 What is declared, what is sent and what the table holds have the same type, exactly.
 * Y3 Transactions are serializable: reads are kept as points and ranges, and the first to commit
 *    wins. One that wrote nothing holds at its snapshot and never conflicts.
 * Y4 A transaction reads before it writes, writes a key once, and ends with its first error.
 *
 * It knows nothing of plans, partitions, CPU, TLS or quotas other than its throttle.
 */
export interface Double {
  readonly port: number;
  /** Such as `grpc://127.0.0.1:41234`. Discovery answers whatever address the caller used. */
  readonly endpoint: string;
  /** Such as `grpc://127.0.0.1:41234/local`, for the database `/local`. */
  url(database: string): string;

  /** Makes tables in one step, without DDL. A table that is there already stays as it is. */
  createTables(database: string, tables: readonly AnyTable[]): void;
  /** The names of the database's tables, sorted. */
  tables(database: string): readonly string[];
  /** What is committed in a table, in the order of its keys. */
  rows(database: string, table: string): readonly DoubleRow[];
  /** Drops the rows whose TTL has passed, of every database; answers how many. */
  sweep(nowMs: number): number;

  /** Adds a fault. The first fault that fits a call decides about it. */
  fault(rule: FaultRule): Fault;
  clearFaults(): void;
  /** Ends every session, or those of one database, as a restart does; answers how many. */
  killSessions(database?: string): number;
  /** Cuts every connection: whoever waits for an answer gets gRPC 14. */
  dropConnections(): void;
  /** From now on calls to the database need this token; undefined lets every caller in again. */
  requireToken(database: string, token: string | undefined, refusal?: TokenRefusal): void;
  /** Rejects queries that find the bucket empty; undefined ends it. */
  throttle(database: string, throttle: Throttle | undefined): void;

  /** Every call since the start or the last `reset`, in the order of their ends. */
  readonly log: readonly LogEntry[];
  readonly counters: Counters;
  /** Empties the log and sets the counters to zero. */
  reset(): void;
  openSessions(database: string): number;
  openTransactions(database: string): number;
  /** Tells of every commit from now on, in commit order; one listener at a time. */
  onCommit(listener: ((transaction: CommittedTransaction) => void) | undefined): void;

  /** Cuts every connection, lets every hanging call go, and resolves once the port is free. */
  close(): Promise<void>;
}

export interface DoubleOptions {
  /** The paths of the databases there are. When absent, a path makes its database. */
  readonly databases?: readonly string[];
  readonly limits?: Partial<DoubleLimits>;
  /** What a query that touches no row costs; unpublished, so 1 is assumed. */
  readonly leastRu?: 0 | 1;
  /** False where only the counters are of interest: a log grows with every call. */
  readonly keepsLog?: boolean;
}

/** The server's limits, in so far as somebody can meet them here. */
export interface DoubleLimits {
  /** 1,000: a result set ends there and says `truncated`. */
  readonly resultRows: number;
  /** 50 MB: a larger result is PRECONDITION_FAILED. */
  readonly resultBytes: number;
  /** 10 KB: a longer text is BAD_REQUEST. */
  readonly textBytes: number;
  /** 4 MB: a larger request is gRPC RESOURCE_EXHAUSTED. */
  readonly messageBytes: number;
  /** 1 MB: a longer key is BAD_REQUEST. */
  readonly keyBytes: number;
  /** 10 open transactions: one more is BAD_SESSION. */
  readonly transactionsPerSession: number;
  /** 1,000 sessions of a database: one more is OVERLOADED. */
  readonly sessions: number;
}

export type Cell = string | bigint | null;
export type DoubleRow = Readonly<Record<string, Cell>>;

export type Method =
  | "ListEndpoints"
  | "CreateSession"
  | "DeleteSession"
  | "KeepAlive"
  | "ExecuteDataQuery"
  | "BeginTransaction"
  | "CommitTransaction"
  | "RollbackTransaction"
  | "DescribeTable"
  | "ListDirectory"
  | "DescribePath"
  | "Query.CreateSession"
  | "Query.AttachSession"
  | "Query.DeleteSession"
  | "Query.ExecuteQuery";

/** A call as a fault rule sees it. */
export interface Call {
  readonly database: string;
  readonly method: Method;
  readonly session: string | undefined;
  /** The transaction the call names; undefined where it begins one. */
  readonly transaction: string | undefined;
  /** The label in the operation's parameters, if the caller gave one. */
  readonly label: string | undefined;
  readonly text: string | undefined;
  /** Whether the call is to end its transaction by a commit. */
  readonly commits: boolean;
}

export interface FaultRule {
  readonly method?: Method;
  readonly database?: string;
  readonly match?: (call: Call) => boolean;
  /** The first call to be hit, counted from 1 among those that fit; the first when absent. */
  readonly nth?: number;
  /** How many calls are hit from there; one when absent, every one with a chance. */
  readonly times?: number;
  readonly chance?: { readonly probability: number; readonly random: Random };
  /** `before`: the call has no effect. `after`: it has, and only its answer is lost. */
  readonly when: "before" | "after";
  /** What a hit call waits for first: a delay of the test's own making. */
  readonly wait?: (call: Call) => Promise<void>;
  /** How a hit call ends; as if nothing had happened when absent. */
  readonly outcome?: FaultOutcome;
}

/**
 * `hang` gives no answer until the fault is released. `kill session` ends the session: before, the
 * call finds it gone; after, the next one does. `session-close hint` is the trailer by which a
 * server asks for the session to be given up.
 */
export type FaultOutcome =
  | { readonly status: StatusName; readonly message?: string }
  | { readonly grpc: number; readonly message?: string }
  | "hang"
  | "drop connection"
  | "kill session"
  | "session-close hint";

export interface Fault {
  /** How many calls it has hit. */
  readonly hits: number;
  /** Resolves with the first call that it hits. */
  readonly hit: Promise<Call>;
  /** Lets the calls that hang go on as if nothing had happened. */
  release(): void;
  /** Hits no further call, and releases those that hang. */
  remove(): void;
}

/** How a wrong token is answered: as gRPC 16, or by a status. */
export type TokenRefusal = "UNAUTHENTICATED" | "UNAUTHORIZED";

export interface Throttle {
  /** RU per second that flow in. */
  readonly rate: number;
  /** RU that fit in; it begins full, and its last query may overdraw it. */
  readonly burst: number;
  readonly nowMs: () => number;
  readonly refusal: "OVERLOADED" | "RESOURCE_EXHAUSTED";
}

/** What a request touched. Bytes are those of whole rows read, and of the cells written. */
export interface Usage {
  readonly rowsRead: number;
  readonly bytesRead: number;
  readonly rowsWritten: number;
  readonly bytesWritten: number;
  readonly rowsDeleted: number;
}

export interface LogEntry extends Usage {
  readonly database: string;
  readonly method: Method;
  readonly label: string | undefined;
  readonly session: string | undefined;
  readonly transaction: string | undefined;
  /** The statements of the request, without its DECLAREs. */
  readonly texts: readonly string[];
  readonly commits: boolean;
  /** Whether the caller asked for the plan to be kept: without it a server bills compiling. */
  readonly keepsPlan: boolean;
  /** What the server decided; a fault may have told the caller something else. */
  readonly status: string;
  readonly ru: number;
}

export interface Counters extends Usage {
  readonly calls: ReadonlyMap<Method, number>;
  /** Commits of transactions that wrote. */
  readonly commits: number;
  /** Commits that were ABORTED. */
  readonly conflicts: number;
  /** Those, by the table on which they met. */
  readonly conflictsByTable: ReadonlyMap<string, number>;
  readonly throttled: number;
  readonly schemaOperations: number;
  readonly ru: number;
}

/** A serializable transaction that committed, with all that it saw and did. */
export interface CommittedTransaction {
  readonly database: string;
  readonly transaction: string;
  /** How many commits had happened before its first read. */
  readonly snapshot: number;
  /** Its own place in the order of commits that wrote; its snapshot where it wrote nothing. */
  readonly commit: number;
  readonly reads: readonly ReadOfKeys[];
  readonly writes: readonly WriteOfKey[];
}

/** Keys are compared as text: each is the bytes by which the table orders it. */
export interface ReadOfKeys {
  readonly table: string;
  /** From this key on, and before that one; a read of one key has it alone in between. */
  readonly from: string;
  readonly to: string;
  readonly isDescending: boolean;
  readonly limit: number;
  readonly found: readonly { readonly key: string; readonly row: DoubleRow }[];
}

export interface WriteOfKey {
  readonly table: string;
  readonly key: string;
  /** The row as it stands after the commit; undefined where it is gone. */
  readonly row: DoubleRow | undefined;
}
