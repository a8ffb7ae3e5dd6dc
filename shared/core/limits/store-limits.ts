import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../time/duration.ts";

/** Ceilings of the state and its databases. Each with its arithmetic; relations stand in `limits.ts`. */
export const storeLimits = {
  /** YDB truncates a result at 1,000 rows; 900 leaves room for "one more". */
  scanRows: 900,
  /** YDB refuses a text over 10 KB; 9,000 bytes fit whichever way a KB is counted. */
  yqlTextBytes: 9_000,
  /** Reads in one request: 32 gets of our widest table are 8,400 bytes of text. */
  ydbReadsPerRequest: 32,
  /** Values in one request: gRPC servers take 4 MiB unless told otherwise, and text comes on top. */
  ydbFlushBytes: 3 * 1024 * 1024,
  /** Texts kept for repeated requests: a hundred tables in ten ways each, at most 9 MB. */
  ydbTextsKept: 1_000,
  /** A waiter gives up this long after asking: the largest transaction takes 10 ms, so 500 go first. */
  storeBusyMs: 5 * SECOND_MS,

  /**
   * One YDB transaction with all its tries: a cold serverless database may need 13 s for its first
   * session, and the shortest function has 30 s.
   */
  ydbTransactionMs: 15 * SECOND_MS,
  /** Waits after a failure that is over by itself: a leader that moves takes well under a second. */
  ydbRetryFirstMs: 5,
  ydbRetryMaxMs: 400,
  /**
   * Waits after a conflict are chance within a window that grows to what all who compete need: a
   * transaction takes some 40 ms and a row serves one at a time, so 20 of them need 800 ms.
   */
  ydbConflictFirstMs: 10,
  ydbConflictMaxMs: 800,
  /** A window grows by half with each conflict, and shrinks as much with each that did not happen. */
  ydbConflictGrowth: 1.5,
  /** A window is forgotten after this long without a conflict: those who competed are done by then. */
  ydbConflictMemoryMs: 5 * SECOND_MS,
  /** Waits while the database is throttled: its bucket of request units fills by the second. */
  ydbThrottledFirstMs: 200,
  ydbThrottledMaxMs: 5 * SECOND_MS,
  /** One request: a distributed commit takes up to 500 ms, and a lost one leaves time for two tries. */
  ydbRequestMs: 5 * SECOND_MS,
  /** The server is told this share of a request's time, so that its answer arrives in what is left. */
  ydbServerShare: 0.9,
  /** Making one session: the first of a cold serverless database was seen to take 13 s. */
  ydbSessionMs: 20 * SECOND_MS,
  /** Ending a session, and all of them at a close: courtesy to a server that may be gone. */
  ydbEndMs: SECOND_MS,
  /** Sessions of one process: a laptop calls ten functions at once, a function has one call. */
  ydbSessions: 10,
  /** A session unused this long is not trusted any more: the server forgets it after ten minutes. */
  ydbSessionIdleMs: 5 * MINUTE_MS,
  /** How often a silent connection is asked whether it lives, and given how long: thaws show at once. */
  ydbKeepaliveMs: 10 * SECOND_MS,
  ydbKeepaliveTimeoutMs: 3 * SECOND_MS,
  /** How long a connection waits at most before it tries again to reach its server. */
  ydbReconnectMs: 2 * SECOND_MS,
  /** One answer: YDB ends a result at 50 MB, and its frame comes on top. */
  ydbAnswerBytes: 64 * 1024 * 1024,
  /** The metadata service answers from the same machine, within milliseconds. */
  ydbTokenFetchMs: 3 * SECOND_MS,
  /** Its answer: a token of some 400 bytes in JSON. */
  ydbTokenAnswerBytes: 64 * 1024,
  /** A token is renewed after half its life, and after this at the latest: the cloud advises an hour. */
  ydbTokenRenewMs: HOUR_MS,
  /** A token is not used in its last minute, or quarter: a transaction of 15 s has to end with it. */
  ydbTokenMarginMs: MINUTE_MS,
  /** A token that could not be renewed serves on this long, and a refused one rests, before a retry. */
  ydbTokenRetryMs: 30 * SECOND_MS,
  /** What is kept of the database's complaint: its issues quote the statement, which has 9,000 bytes. */
  ydbFailureChars: 1_000,

  /**
   * Schema operations a minute in a migration: a serverless database takes 30, and five are left to
   * whoever looks at its tables in the console, which counts as well.
   */
  ydbSchemaOperations: 25,
  ydbSchemaWindowMs: MINUTE_MS,
  /** One schema statement: a table takes about a second, one with many partitions ten. */
  ydbSchemaCallMs: MINUTE_MS,
  /** One schema statement with all its tries: a full bucket of 30 a minute is empty by then. */
  ydbSchemaPatienceMs: 3 * MINUTE_MS,
  /** Between two tries: the quota of 30 a minute gives two operations back in four seconds. */
  ydbSchemaRetryMs: 4 * SECOND_MS,
};
