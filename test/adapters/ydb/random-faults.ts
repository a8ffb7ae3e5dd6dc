import { setTimeout } from "node:timers/promises";
import { YdbFailure } from "../../../shared/adapters/ydb/failure.ts";
import type { Connection, Session } from "../../../shared/adapters/ydb/session.ts";
import { alarmsOn } from "../../../shared/adapters/system/system-clock.ts";
import { limits } from "../../../shared/core/limits.ts";
import { instant } from "../../../shared/core/time/instant.ts";
import type { Clock } from "../../../shared/ports/clock.ts";
import type { Random } from "../../../shared/ports/random.ts";
import type { JumpingClock } from "../../support/jumping-clock.ts";
import type { Call, Double, Fault, FaultRule, Method } from "../../support/ydb/double.ts";

/** Time that runs so many times as fast as this machine's, for whoever waits and whoever watches. */
export function fastClock(speed: number): Pick<JumpingClock, "waits" | "watches"> {
  const startMs = performance.now();
  const startAt = Date.now();
  const monotonicMs = (): number => (performance.now() - startMs) * speed;
  const clock: Clock = { monotonicMs, now: () => instant(Math.round(startAt + monotonicMs())) };
  const both = { ...clock, ...alarmsOn(clock, 10) };
  return { waits: both, watches: both };
}

/**
 * Faults of every kind at random, each so often among the requests that it can hit. All together
 * they hit several per cent of all requests of a database, until the returned function is called.
 */
export function addRandomFaults(
  double: Double,
  database: string,
  { random, speed }: { readonly random: Random; readonly speed: number },
): () => void {
  const faults: Fault[] = [];
  const fault = (method: Method, probability: number, rule: Omit<FaultRule, "method">): void => {
    faults.push(double.fault({ ...rule, database, method, chance: { probability, random } }));
  };
  const query = "ExecuteDataQuery";
  for (const status of ["ABORTED", "UNAVAILABLE", "BAD_SESSION", "SESSION_BUSY"] as const) {
    fault(query, 0.004, { when: "before", outcome: { status } });
  }
  for (const when of ["before", "after"] as const) {
    for (const status of ["UNDETERMINED", "TIMEOUT", "SESSION_EXPIRED"] as const) {
      fault(query, 0.004, { when, outcome: { status } });
    }
    for (const grpc of [1, 4, 13, 14]) fault(query, 0.004, { when, outcome: { grpc } });
    // A read that ends so is final, which is of no interest here.
    const match = (call: Call): boolean => call.commits;
    fault(query, 0.01, { when, match, outcome: { status: "INTERNAL_ERROR" } });
    fault(query, 0.01, { when, match, outcome: { grpc: 2 } });
    fault(query, 0.004, { when, outcome: "kill session" });
    fault(query, 0.002, { when, outcome: "drop connection" });
    fault(query, 0.001, { when, outcome: "hang" });
    fault("RollbackTransaction", 0.05, { when, outcome: { grpc: 14 } });
  }
  fault("CreateSession", 0.05, { when: "before", outcome: { grpc: 14 } });
  fault("CreateSession", 0.02, { when: "before", outcome: { status: "OVERLOADED" } });
  // Commits that happen after their callers gave them up, unless their session has ended by then.
  const lateMs = (1.1 * limits.ydbRequestMs) / speed;
  fault(query, 0.003, { when: "before", wait: async () => await setTimeout(lateMs) });
  fault("DeleteSession", 0.5, { when: "before", outcome: { grpc: 14 } });
  fault(query, 0.05, {
    when: "before",
    wait: async () => await setTimeout(random.fraction() * 10),
  });
  return () => {
    for (const each of faults) each.remove();
  };
}

/** What a runner would be without its doubts: every failed commit counts as not having happened. */
export function withoutDoubt(connection: Connection): Connection {
  return wrapped(connection, (session) => ({
    ...session,
    execute: async (query, control, deadlineMs) => {
      try {
        return await session.execute(query, control, deadlineMs);
      } catch (error) {
        if (!(error instanceof YdbFailure) || !control.commit) throw error;
        throw new YdbFailure("ABORTED", error.message);
      }
    },
  }));
}

/** What a runner would be that reads a snapshot and writes what follows from it unchecked. */
export function withoutChecks(connection: Connection): Connection {
  return wrapped(connection, (session) => ({
    ...session,
    execute: async (query, { transaction, commit }, deadlineMs) => {
      const reads = "begin" in transaction ? ({ begin: "snapshot" } as const) : transaction;
      if (!commit) return await session.execute(query, { transaction: reads, commit }, deadlineMs);
      if ("id" in transaction) await session.rollback(transaction.id);
      const writes = { begin: "serializable" } as const;
      return await session.execute(query, { transaction: writes, commit }, deadlineMs);
    },
  }));
}

function wrapped(connection: Connection, wrap: (session: Session) => Session): Connection {
  return {
    acquire: async (deadlineMs) => {
      const session = await connection.acquire(deadlineMs);
      return wrap({
        execute: async (...given) => await session.execute(...given),
        rollback: async (transaction) => await session.rollback(transaction),
        release: (fit) => session.release(fit),
      });
    },
    close: async () => await connection.close(),
  };
}
