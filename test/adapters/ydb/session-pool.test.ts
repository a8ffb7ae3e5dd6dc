// Longer than most: every way in which a session is made, lent, given back and lost.
import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../../shared/adapters/manual/manual-clock.ts";
import { type FailureStatus, YdbFailure } from "../../../shared/adapters/ydb/failure.ts";
import type { Answer } from "../../../shared/adapters/ydb/query.ts";
import {
  type Client,
  type ClientSession,
  SessionPool,
} from "../../../shared/adapters/ydb/session-pool.ts";
import type { Session } from "../../../shared/adapters/ydb/session.ts";
import { limits } from "../../../shared/core/limits.ts";
import { instant } from "../../../shared/core/time/instant.ts";
import { begins, beginsAndCommits, failureFrom, ONE } from "./scripted-connection.ts";

const SOON = 1_000;

/** Clients that do what a test says; each session is named by its client and its number in it. */
class Clients {
  readonly clock = new ManualClock(instant(Date.UTC(2027, 0, 15)));
  readonly log: string[] = [];
  /** What the next calls of each kind meet; none goes well. */
  readonly creations: (() => Promise<void>)[] = [];
  readonly executions: (() => Promise<void>)[] = [];
  readonly rollbacks: (() => Promise<void>)[] = [];
  readonly ends: (() => Promise<void>)[] = [];
  isUsable = true;
  isWelcome = true;
  #made = 0;

  pool(sessions = 2): SessionPool {
    const makeClient = (): Client => this.#client(`c${(this.#made += 1)}`);
    return new SessionPool({ clock: this.clock, sessions, makeClient });
  }

  /** What was logged since the last look. */
  news(): string[] {
    return this.log.splice(0);
  }

  #client(name: string): Client {
    let made = 0;
    this.log.push(`${name} made`);
    return {
      createSession: async () => {
        await this.creations.shift()?.();
        const session = `${name}s${(made += 1)}`;
        this.log.push(`${session} made`);
        return this.#session(session);
      },
      isUsable: () => this.isUsable,
      close: async () => {
        this.log.push(`${name} closed`);
        await Promise.resolve(undefined);
      },
    };
  }

  #session(name: string): ClientSession {
    return {
      execute: async (_query, control): Promise<Answer> => {
        this.log.push(`${name} used`);
        await this.executions.shift()?.();
        return { resultSets: [], transaction: control.commit ? undefined : "tx" };
      },
      rollback: async () => {
        this.log.push(`${name} rolled back`);
        await this.rollbacks.shift()?.();
      },
      isWelcome: () => this.isWelcome,
      end: async () => {
        this.log.push(`${name} ended`);
        await this.ends.shift()?.();
      },
    };
  }
}

const fails = (status: FailureStatus) => async (): Promise<void> =>
  await Promise.reject(new YdbFailure(status, "scripted"));

async function use(session: Session, control = beginsAndCommits): Promise<void> {
  await session.execute(ONE, control, SOON * 1_000);
}

describe("a session pool", () => {
  it("makes one client for all, and lends the session that was used last", async () => {
    const clients = new Clients();
    const pool = clients.pool();
    const [first, second] = await Promise.all([pool.acquire(SOON), pool.acquire(SOON)]);
    second.release(true);
    first.release(true);

    const third = await pool.acquire(SOON);
    await use(third);

    expect(clients.news()).toEqual(["c1 made", "c1s1 made", "c1s2 made", "c1s1 used"]);
    third.release(true);
  });

  it("lends in the order of asking", async () => {
    const clients = new Clients();
    const pool = clients.pool(1);
    const first = await pool.acquire(SOON);
    const order: string[] = [];
    const waiting = ["a", "b", "c"].map(async (name) => {
      const session = await pool.acquire(SOON);
      order.push(name);
      session.release(true);
    });

    first.release(true);
    await Promise.all(waiting);

    expect(order).toEqual(["a", "b", "c"]);
  });

  it("refuses who waited until the deadline, and lends on to the next", async () => {
    const clients = new Clients();
    const pool = clients.pool(1);
    const first = await pool.acquire(SOON);
    const refused = failureFrom(pool.acquire(SOON));
    const patient = pool.acquire(10 * SOON);

    await clients.clock.advance(SOON);
    first.release(true);

    expect((await refused).status).toBe("NO_SESSION");
    (await patient).release(true);
    expect((await failureFrom(pool.acquire(SOON))).status).toBe("DEADLINE_PASSED");
  });

  it("keeps a session that was made too late for the next, and its place until then", async () => {
    const clients = new Clients();
    const pool = clients.pool(1);
    const creation = Promise.withResolvers<unknown>();
    clients.creations.push(async () => {
      await creation.promise;
    });
    const late = failureFrom(pool.acquire(SOON));
    await clients.clock.advance(SOON);
    const waiting = pool.acquire(10 * SOON);

    creation.resolve(undefined);
    await use(await waiting);

    expect((await late).status).toBe("TIMED_OUT");
    expect(clients.news()).toEqual(["c1 made", "c1s1 made", "c1s1 used"]);
  });

  it("gives the place of a session that could not be made to the next", async () => {
    const clients = new Clients();
    const pool = clients.pool(1);
    clients.creations.push(fails("OVERLOADED"));

    const failure = await failureFrom(pool.acquire(SOON));
    const next = await pool.acquire(SOON);

    expect(failure.status).toBe("OVERLOADED");
    expect(clients.news()).toEqual(["c1 made", "c1s1 made"]);
    next.release(true);
  });

  it("makes a new client where the first could not be opened", async () => {
    const clients = new Clients();
    const pool = clients.pool(1);
    clients.creations.push(async () => {
      clients.isUsable = false;
      await fails("UNAUTHORIZED")();
    });
    await failureFrom(pool.acquire(SOON));
    clients.isUsable = true;

    (await pool.acquire(SOON)).release(true);

    expect(clients.news()).toEqual(["c1 made", "c1 closed", "c2 made", "c2s1 made"]);
  });
});

describe("a session that is given back", () => {
  it.for<[string, (session: Session, clients: Clients) => Promise<void>, boolean, boolean]>([
    ["after a commit", async (session) => await use(session), true, true],
    ["unused", async () => await Promise.resolve(), true, true],
    ["as unfit", async (session) => await use(session), false, false],
    ["with an open transaction", async (session) => await use(session, begins), true, false],
    [
      "after a rollback",
      async (session) => {
        await use(session, begins);
        await session.rollback("tx");
      },
      true,
      true,
    ],
    [
      "after a rollback that failed",
      async (session, clients) => {
        clients.rollbacks.push(fails("OVERLOADED"));
        await use(session, begins);
        await session.rollback("tx");
      },
      true,
      false,
    ],
    [
      "after a conflict",
      async (session, clients) => {
        clients.executions.push(async () => await Promise.resolve(), fails("ABORTED"));
        await use(session, begins);
        await failureFrom(use(session, { transaction: { id: "tx" }, commit: true }));
      },
      true,
      true,
    ],
    [
      "after a first request that was throttled",
      async (session, clients) => {
        clients.executions.push(fails("OVERLOADED"));
        await failureFrom(use(session));
      },
      true,
      true,
    ],
    [
      "after a later request that was throttled",
      async (session, clients) => {
        clients.executions.push(async () => await Promise.resolve(), fails("OVERLOADED"));
        await use(session, begins);
        await failureFrom(use(session, { transaction: { id: "tx" }, commit: true }));
      },
      true,
      false,
    ],
    [
      "after a lost answer",
      async (session, clients) => {
        clients.executions.push(fails("UNDETERMINED"));
        await failureFrom(use(session));
      },
      true,
      false,
    ],
    [
      "where the server wants it to be left",
      async (session, clients) => {
        await use(session);
        clients.isWelcome = false;
      },
      true,
      false,
    ],
  ])("%s is lent again or not", async ([, steps, isFit, isLentAgain]) => {
    const clients = new Clients();
    const pool = clients.pool();
    const session = await pool.acquire(SOON);
    await steps(session, clients);

    session.release(isFit);
    clients.isWelcome = true;
    (await pool.acquire(SOON)).release(true);

    const news = clients.news();
    expect(news.includes("c1s1 ended")).toBe(!isLentAgain);
    expect(news.includes("c1s2 made")).toBe(!isLentAgain);
    expect(news).not.toContain("c2 made");
  });

  it("is nobody's any more", async () => {
    const clients = new Clients();
    const session = await clients.pool().acquire(SOON);
    session.release(true);

    await expect(use(session)).rejects.toThrow("Invariant broken");
    expect(() => session.release(true)).toThrow("Invariant broken");
  });
});

describe("a connection that was lost", () => {
  it.for<FailureStatus>([
    "TIMED_OUT",
    "GRPC_UNAVAILABLE",
    "GRPC_INTERNAL",
    "GRPC_CANCELLED",
    "GRPC_DEADLINE_EXCEEDED",
  ])("is left after %s, and closed once its last session has ended", async (status) => {
    const clients = new Clients();
    const pool = clients.pool(3);
    const [first, second, third] = await Promise.all([1, 2, 3].map(() => pool.acquire(SOON)));
    third?.release(true);
    clients.executions.push(fails(status));
    clients.news();

    await failureFrom(use(first as Session));
    first?.release(false);
    await setImmediate();
    const whileInUse = clients.news();
    (await pool.acquire(SOON)).release(true);
    second?.release(true);
    await setImmediate();

    expect(whileInUse).toEqual(["c1s1 used", "c1s3 ended", "c1s1 ended"]);
    expect(clients.news()).toEqual(["c2 made", "c2s1 made", "c1s2 ended", "c1 closed"]);
  });

  it("is left once, whoever notices", async () => {
    const clients = new Clients();
    const pool = clients.pool(2);
    const [first, second] = await Promise.all([pool.acquire(SOON), pool.acquire(SOON)]);
    clients.executions.push(fails("GRPC_UNAVAILABLE"), fails("GRPC_UNAVAILABLE"));

    await failureFrom(use(first));
    first.release(false);
    (await pool.acquire(SOON)).release(true);
    await failureFrom(use(second));
    second.release(false);
    (await pool.acquire(SOON)).release(true);

    expect(clients.news().filter((line) => line.startsWith("c2"))).toEqual([
      "c2 made",
      "c2s1 made",
    ]);
  });

  it("is one that rested for long", async () => {
    const clients = new Clients();
    const pool = clients.pool(2);
    const [first, second] = await Promise.all([pool.acquire(SOON), pool.acquire(SOON)]);
    first.release(true);
    second.release(true);
    clients.news();

    await clients.clock.advance(limits.ydbSessionIdleMs - 1);
    (await pool.acquire(10 ** 9)).release(true);
    await clients.clock.advance(1);
    (await pool.acquire(10 ** 9)).release(true);
    const early = clients.news();
    await clients.clock.advance(limits.ydbSessionIdleMs);
    (await pool.acquire(10 ** 9)).release(true);

    expect(early).toEqual([]);
    expect(clients.news().sort()).toEqual([
      "c1 closed",
      "c1s1 ended",
      "c1s2 ended",
      "c2 made",
      "c2s1 made",
    ]);
  });

  it("is not one that is in use, of which old sessions alone are left", async () => {
    const clients = new Clients();
    const pool = clients.pool(2);
    const [first, second] = await Promise.all([pool.acquire(SOON), pool.acquire(SOON)]);
    second.release(true);
    clients.news();

    await clients.clock.advance(limits.ydbSessionIdleMs);
    (await pool.acquire(10 ** 9)).release(true);
    first.release(true);

    expect(clients.news()).toEqual(["c1s2 ended", "c1s3 made"]);
  });

  it.for<FailureStatus>(["BAD_SESSION", "SESSION_EXPIRED"])(
    "is not one whose session is gone by %s: only those that rest are left",
    async (status) => {
      const clients = new Clients();
      const pool = clients.pool(3);
      const [first, second, third] = await Promise.all([1, 2, 3].map(() => pool.acquire(SOON)));
      third?.release(true);
      clients.executions.push(fails(status));
      clients.news();

      await failureFrom(use(first as Session));
      first?.release(false);
      second?.release(true);

      expect(clients.news()).toEqual(["c1s1 used", "c1s3 ended", "c1s1 ended"]);
    },
  );
});

describe("a pool that is closed", () => {
  it("ends its sessions before its client", async () => {
    const clients = new Clients();
    const pool = clients.pool();
    const session = await pool.acquire(SOON);
    session.release(true);
    clients.news();
    const end = Promise.withResolvers<unknown>();
    clients.ends.push(async () => {
      await end.promise;
    });

    const closing = pool.close();
    await setImmediate();
    const before = clients.news();
    end.resolve(undefined);
    await closing;

    expect(before).toEqual(["c1s1 ended"]);
    expect(clients.news()).toEqual(["c1 closed"]);
  });

  it("closes a client that is in use, and ends what comes back", async () => {
    const clients = new Clients();
    const pool = clients.pool();
    const session = await pool.acquire(SOON);
    clients.news();

    await pool.close();
    session.release(true);
    await setImmediate();

    expect(clients.news()).toEqual(["c1 closed", "c1s1 ended"]);
  });

  it("refuses whoever waits, and whoever comes", async () => {
    const clients = new Clients();
    const pool = clients.pool(1);
    const session = await pool.acquire(SOON);
    const waiting = failureFrom(pool.acquire(SOON));

    await pool.close();

    expect((await waiting).status).toBe("CLOSED");
    expect((await failureFrom(pool.acquire(SOON))).status).toBe("CLOSED");
    session.release(true);
    expect(clients.news()).not.toContain("c2 made");
  });

  it("makes no client for whom it let in just before", async () => {
    const clients = new Clients();
    const pool = clients.pool();
    const acquiring = failureFrom(pool.acquire(SOON));

    await pool.close();

    expect((await acquiring).status).toBe("CLOSED");
    expect(clients.news()).toEqual([]);
  });

  it("ends a session that is made while it closes", async () => {
    const clients = new Clients();
    const pool = clients.pool();
    const creation = Promise.withResolvers<unknown>();
    clients.creations.push(async () => {
      await creation.promise;
    });
    const acquiring = failureFrom(pool.acquire(SOON));
    await setImmediate();
    await clients.clock.advance(SOON);

    await pool.close();
    creation.resolve(undefined);
    await setImmediate();

    expect((await acquiring).status).toBe("TIMED_OUT");
    expect(clients.news()).toEqual(["c1 made", "c1 closed", "c1s1 made", "c1s1 ended"]);
  });

  it("may be closed again", async () => {
    const clients = new Clients();
    const pool = clients.pool();
    (await pool.acquire(SOON)).release(true);

    await Promise.all([pool.close(), pool.close()]);
    await pool.close();

    expect(clients.news().filter((line) => line.includes("closed"))).toEqual(["c1 closed"]);
  });
});
