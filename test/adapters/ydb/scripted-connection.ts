import { openConnection, type ConnectionOptions } from "../../../shared/adapters/ydb/connection.ts";
import { YdbFailure } from "../../../shared/adapters/ydb/failure.ts";
import type { Query, TransactionControl } from "../../../shared/adapters/ydb/query.ts";
import type { Connection, Session } from "../../../shared/adapters/ydb/session.ts";
import type { Closing } from "../../support/opened.ts";
import { realClock } from "../../support/real-clock.ts";
import type { ScriptedServer } from "./scripted-server.ts";

export const ONE: Query = { text: "SELECT 1;", parameters: {} };

export const begins: TransactionControl = { transaction: { begin: "serializable" }, commit: false };
export const beginsAndCommits: TransactionControl = { ...begins, commit: true };

/** A connection to a scripted server, closed before the server is. */
export function connect(
  closing: Closing,
  server: Pick<ScriptedServer, "address">,
  options: Partial<ConnectionOptions> = {},
): Connection {
  const connection = openConnection({ address: server.address, clock: realClock, ...options });
  closing.onTestFinished(async () => await connection.close());
  return connection;
}

/** A deadline this far ahead on the real clock. */
export function inMs(durationMs: number): number {
  return realClock.monotonicMs() + durationMs;
}

/** Acquires, uses and gives back a session. */
export async function withSession<T>(
  connection: Connection,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await connection.acquire(inMs(10_000));
  try {
    return await use(session);
  } finally {
    session.release(true);
  }
}

/** The failure that a promise rejects with; fails where it does not reject with one. */
export async function failureFrom(promise: Promise<unknown>): Promise<YdbFailure> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof YdbFailure) return error;
    throw error;
  }
  throw new Error("it went well");
}
