// Longer than most: what one connection does in each of the situations that it can be in.
import { setImmediate } from "node:timers/promises";
import { createServer, connect as dial, type Socket, type AddressInfo } from "node:net";
import { once } from "node:events";
import { describe, expect, it, vi } from "vitest";
import { ManualClock } from "../../../shared/adapters/manual/manual-clock.ts";
import { givenToken } from "../../../shared/adapters/ydb/given-token.ts";
import { verdictOf } from "../../../shared/adapters/ydb/failure.ts";
import { limits } from "../../../shared/core/limits.ts";
import { MINUTE_MS } from "../../../shared/core/time/duration.ts";
import { instant } from "../../../shared/core/time/instant.ts";
import { keptLog } from "../../support/kept-log.ts";
import type { Closing } from "../../support/opened.ts";
import { realClock } from "../../support/real-clock.ts";
import {
  begins,
  beginsAndCommits,
  connect,
  failureFrom,
  inMs,
  ONE,
  withSession,
} from "./scripted-connection.ts";
import { cuts, done, endpoints, hangs, rows, saysNo, ScriptedServer } from "./scripted-server.ts";

describe("a connection", () => {
  it("opens nothing before a session is wanted", async (test) => {
    const server = await ScriptedServer.start(test, "bare");

    await connect(test, server).close();

    expect(server.calls).toEqual([]);
  });

  it("looks for endpoints once for sessions that are wanted at once", async (test) => {
    const server = await ScriptedServer.start(test);
    const connection = connect(test, server);

    const sessions = await Promise.all([1, 2, 3].map(() => connection.acquire(inMs(10_000))));

    expect(server.calls.map(({ method }) => method)).toEqual([
      "ListEndpoints",
      "CreateSession",
      "CreateSession",
      "CreateSession",
    ]);
    for (const session of sessions) session.release(true);
  });

  it("asks for plans to be kept, and tells the server to end a request before it does", async (test) => {
    const server = await ScriptedServer.start(test);
    server.next("ExecuteDataQuery", () => rows(""));

    await withSession(connect(test, server), (session) =>
      session.execute(ONE, beginsAndCommits, inMs(2_000)),
    );

    const request = server.calls.at(-1)?.request;
    expect(request).toMatchObject({
      sessionId: "s1",
      query: { query: { case: "yqlText", value: "SELECT 1;" } },
      txControl: { txSelector: { case: "beginTx" }, commitTx: true },
      queryCachePolicy: { keepInCache: true },
    });
    const { operationTimeout, cancelAfter } = request?.["operationParams"] as Record<
      string,
      { readonly seconds: bigint; readonly nanos: number }
    >;
    expect(operationTimeout).toEqual(cancelAfter);
    const serverMs =
      Number(operationTimeout?.seconds) * 1_000 + Number(operationTimeout?.nanos) / 1e6;
    expect(serverMs).toBeGreaterThan(1_500);
    expect(serverMs).toBeLessThanOrEqual(1_800);
  });

  it("begins a transaction with the first query and ends it with the last", async (test) => {
    const server = await ScriptedServer.start(test);
    server.next(
      "ExecuteDataQuery",
      () => rows("tx1"),
      () => rows(""),
    );

    const answers = await withSession(connect(test, server), async (session) => {
      const { transaction = "" } = await session.execute(ONE, begins, inMs(2_000));
      const control = { transaction: { id: transaction }, commit: true };
      return [transaction, (await session.execute(ONE, control, inMs(2_000))).transaction];
    });

    expect(answers).toEqual(["tx1", undefined]);
    expect(server.calls.at(-1)?.request).toMatchObject({
      txControl: { txSelector: { case: "txId", value: "tx1" }, commitTx: true },
    });
  });

  it("reads a snapshot where one is asked for", async (test) => {
    const server = await ScriptedServer.start(test);
    server.next("ExecuteDataQuery", () => rows("tx1"));
    const snapshot = { transaction: { begin: "snapshot" }, commit: false } as const;

    await withSession(connect(test, server), (session) =>
      session.execute(ONE, snapshot, inMs(2_000)),
    );

    expect(server.calls.find(({ method }) => method === "ExecuteDataQuery")?.request).toMatchObject(
      {
        txControl: { txSelector: { value: { txMode: { case: "snapshotReadOnly" } } } },
      },
    );
  });

  it("says so where the database begins a transaction and does not name it", async (test) => {
    const server = await ScriptedServer.start(test);
    server.next("ExecuteDataQuery", () => rows(""));

    const failure = await failureFrom(
      withSession(connect(test, server), (session) => session.execute(ONE, begins, inMs(2_000))),
    );

    expect(failure.status).toBe("ANSWER_INVALID");
  });

  it("uses a session again, and ends it when it is closed", async (test) => {
    const server = await ScriptedServer.start(test);
    server.always("ExecuteDataQuery", () => rows(""));
    const connection = connect(test, server);

    for (let use = 0; use < 3; use += 1) {
      await withSession(connection, (session) =>
        session.execute(ONE, beginsAndCommits, inMs(2_000)),
      );
    }
    await connection.close();

    expect(server.count("CreateSession")).toBe(1);
    expect(server.count("DeleteSession")).toBe(1);
  });

  it("opens anew after an opening that failed", async (test) => {
    const server = await ScriptedServer.start(test);
    server.next("ListEndpoints", saysNo("UNAVAILABLE"));
    const connection = connect(test, server);

    const failure = await failureFrom(connection.acquire(inMs(10_000)));
    const session = await connection.acquire(inMs(10_000));

    expect(failure.status).toBe("UNAVAILABLE");
    expect(server.count("ListEndpoints")).toBe(2);
    session.release(true);
  });

  it("says so where the database names no endpoint", async (test) => {
    const server = await ScriptedServer.start(test);
    server.next("ListEndpoints", () => endpoints());
    const connection = connect(test, server);

    const failure = await failureFrom(connection.acquire(inMs(10_000)));

    expect(failure.status).toBe("ANSWER_INVALID");
  });

  it("says at once that an endpoint cannot be reached, and looks for endpoints again", async (test) => {
    const server = await ScriptedServer.start(test);
    const port = await closedPort();
    server.next("ListEndpoints", () => endpoints({ address: "127.0.0.1", port }));
    const connection = connect(test, server);
    const startMs = realClock.monotonicMs();

    const failure = await failureFrom(connection.acquire(inMs(10_000)));
    (await connection.acquire(inMs(10_000))).release(true);

    expect(failure.status).toBe("GRPC_UNAVAILABLE");
    expect(realClock.monotonicMs() - startMs).toBeLessThan(5_000);
  });

  it("leaves a session that the server asks to leave", async (test) => {
    const server = await ScriptedServer.start(test);
    server.next("ExecuteDataQuery", ({ incoming }) => {
      incoming.trailer.set("x-ydb-server-hints", "session-close");
      return rows("");
    });
    const connection = connect(test, server);

    await withSession(connection, (session) => session.execute(ONE, beginsAndCommits, inMs(2_000)));
    (await connection.acquire(inMs(2_000))).release(true);

    expect(server.count("CreateSession")).toBe(2);
  });

  it("ends a session whose rollback failed", async (test) => {
    const server = await ScriptedServer.start(test);
    server.next("ExecuteDataQuery", () => rows("tx1"));
    server.next("RollbackTransaction", saysNo("INTERNAL_ERROR"));
    const connection = connect(test, server);

    await withSession(connection, async (session) => {
      await session.execute(ONE, begins, inMs(2_000));
      await session.rollback("tx1");
    });
    (await connection.acquire(inMs(2_000))).release(true);

    expect(server.count("CreateSession")).toBe(2);
  });

  it("keeps a session after a rollback", async (test) => {
    const server = await ScriptedServer.start(test);
    server.next("ExecuteDataQuery", () => rows("tx1"));
    server.next("RollbackTransaction", () => done());
    const connection = connect(test, server);

    await withSession(connection, async (session) => {
      await session.execute(ONE, begins, inMs(2_000));
      await session.rollback("tx1");
    });
    (await connection.acquire(inMs(2_000))).release(true);

    expect(
      server.calls.find(({ method }) => method === "RollbackTransaction")?.request,
    ).toMatchObject({ sessionId: "s1", txId: "tx1" });
    expect(server.count("CreateSession")).toBe(1);
  });
});

describe("a connection that rests", () => {
  it("goes on where a later look for endpoints fails, and logs it without a token", async (test) => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    test.onTestFinished(() => void vi.useRealTimers());
    const server = await ScriptedServer.start(test);
    const log = keptLog();
    const tokens = givenToken("secret", "a test");
    const connection = connect(test, server, { log, tokens });
    (await connection.acquire(inMs(10_000))).release(true);

    server.next("ListEndpoints", saysNo("UNAVAILABLE", "not now"));
    vi.advanceTimersByTime(MINUTE_MS);
    await vi.waitUntil(() => log.entries.length > 0);
    (await connection.acquire(inMs(10_000))).release(true);

    expect(log.entries.map(({ level, name }) => `${level} ${name}`)).toEqual([
      "warn ydb.discovery_failed",
    ]);
    expect(JSON.stringify(log.entries)).toContain("UNAVAILABLE: not now");
    expect(JSON.stringify(log.entries)).not.toContain("secret");
    expect(server.count("CreateSession")).toBe(1);
  });

  it("ends a later look for endpoints that is not answered", async (test) => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    test.onTestFinished(() => void vi.useRealTimers());
    const server = await ScriptedServer.start(test);
    const log = keptLog();
    const clock = new ManualClock(START);
    const connection = connect(test, server, { log, clock });
    (await connection.acquire(60_000)).release(true);
    server.next("ListEndpoints", hangs());

    const arrival = server.arrival("ListEndpoints");
    vi.advanceTimersByTime(MINUTE_MS);
    await arrival;
    await clock.advance(limits.ydbRequestMs);

    await vi.waitUntil(() => log.entries.length > 0);
    expect(log.entries.map(({ name }) => name)).toEqual(["ydb.discovery_failed"]);
  });

  it("asks no session whether it lives", async (test) => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    test.onTestFinished(() => void vi.useRealTimers());
    const server = await ScriptedServer.start(test);
    const connection = connect(test, server);
    (await connection.acquire(inMs(10_000))).release(true);

    const arrival = server.arrival("ListEndpoints");
    vi.advanceTimersByTime(MINUTE_MS);
    await arrival;

    expect(server.count("ListEndpoints")).toBe(2);
    expect(server.count("KeepAlive")).toBe(0);
  });
});

describe("a request that is not answered", () => {
  it("fails when its time is over, and its session is left", async (test) => {
    const server = await ScriptedServer.start(test);
    const clock = new ManualClock(START);
    server.next("ExecuteDataQuery", hangs());
    const connection = connect(test, server, { clock });
    const session = await connection.acquire(clock.monotonicMs() + 60_000);
    const arrival = server.arrival("ExecuteDataQuery");
    const failing = failureFrom(session.execute(ONE, begins, 60_000));
    await arrival;

    await clock.advance(limits.ydbRequestMs - 1);
    const isEarly = await isSettled(failing);
    await clock.advance(1);

    expect(isEarly).toBe(false);
    expect((await failing).status).toBe("TIMED_OUT");
    session.release(true);
    (await connection.acquire(clock.monotonicMs() + 60_000)).release(true);
    expect(server.count("CreateSession")).toBe(2);
    expect(server.count("ListEndpoints")).toBe(2);
  });

  it("fails at the deadline where that is earlier", async (test) => {
    const server = await ScriptedServer.start(test);
    const clock = new ManualClock(START);
    server.next("ExecuteDataQuery", hangs());
    const session = await connect(test, server, { clock }).acquire(1_000);
    const arrival = server.arrival("ExecuteDataQuery");
    const failing = failureFrom(session.execute(ONE, begins, 300));
    await arrival;

    await clock.advance(300);

    expect((await failing).status).toBe("TIMED_OUT");
    session.release(false);
  });

  it("is not sent at all after the deadline", async (test) => {
    const server = await ScriptedServer.start(test);
    const session = await connect(test, server).acquire(inMs(10_000));

    const failure = await failureFrom(session.execute(ONE, beginsAndCommits, inMs(-1)));

    expect(failure.status).toBe("DEADLINE_PASSED");
    expect(server.count("ExecuteDataQuery")).toBe(0);
    session.release(true);
  });

  it("is not heard of again when its answer comes late", async (test) => {
    const server = await ScriptedServer.start(test);
    const clock = new ManualClock(START);
    const answer = Promise.withResolvers<undefined>();
    server.next("ExecuteDataQuery", async () => {
      await answer.promise;
      return rows("late");
    });
    const session = await connect(test, server, { clock }).acquire(1_000);
    const arrival = server.arrival("ExecuteDataQuery");
    const failing = failureFrom(session.execute(ONE, begins, 300));
    await arrival;
    await clock.advance(300);

    const { status } = await failing;
    answer.resolve(undefined);
    await nextTurns();

    expect(status).toBe("TIMED_OUT");
    session.release(true);
  });

  it("is not waited for by the end of its session", async (test) => {
    const server = await ScriptedServer.start(test);
    server.next("DeleteSession", hangs());
    const connection = connect(test, server);
    const session = await connection.acquire(inMs(10_000));

    session.release(false);
    (await connection.acquire(inMs(10_000))).release(true);

    expect(server.count("CreateSession")).toBe(2);
  });
});

describe("a thaw after a freeze", () => {
  it("finds its session gone, and those that rested longer are not tried", async (test) => {
    const server = await ScriptedServer.start(test);
    const connection = connect(test, server);
    const before = await Promise.all([1, 2, 3].map(() => connection.acquire(inMs(10_000))));
    for (const session of before) session.release(true);
    server.next("ExecuteDataQuery", saysNo("BAD_SESSION"), () => rows(""));

    const first = await connection.acquire(inMs(10_000));
    const failure = await failureFrom(first.execute(ONE, beginsAndCommits, inMs(2_000)));
    first.release(false);
    await withSession(connection, (second) => second.execute(ONE, beginsAndCommits, inMs(2_000)));

    expect(verdictOf(failure, "read")).toEqual({
      retry: "at once",
      committed: "no",
      session: "drop",
    });
    expect(server.count("CreateSession")).toBe(4);
    expect(server.count("ListEndpoints")).toBe(1);
  });

  it("finds its connection cut, and the next request has a new one", async (test) => {
    const server = await ScriptedServer.start(test);
    const connection = connect(test, server);
    const session = await connection.acquire(inMs(10_000));
    server.next("ExecuteDataQuery", cuts(), () => rows(""));

    const failure = await failureFrom(session.execute(ONE, begins, inMs(2_000)));
    session.release(false);
    await withSession(connection, (second) => second.execute(ONE, beginsAndCommits, inMs(2_000)));

    expect(verdictOf(failure, "commit")).toEqual({
      retry: "at once",
      committed: "unknown",
      session: "drop",
    });
  });

  it("finds its connection swallowing requests, and the next one has a new connection", async (test) => {
    const server = await ScriptedServer.start(test);
    server.always("ExecuteDataQuery", () => rows(""));
    const proxy = await startProxy(test, server.address.endpoint);
    server.always("ListEndpoints", () => endpoints({ address: "127.0.0.1", port: proxy.port }));
    const clock = new ManualClock(START);
    const address = { ...server.address, endpoint: `127.0.0.1:${proxy.port}` };
    const connection = connect(test, { address }, { clock });
    const session = await connection.acquire(60_000);
    proxy.swallow();

    const failing = failureFrom(session.execute(ONE, begins, 60_000));
    await nextTurns();
    await clock.advance(limits.ydbRequestMs);
    const { status } = await failing;
    session.release(false);
    const next = await connection.acquire(60_000);
    const answer = await next.execute(ONE, beginsAndCommits, 60_000);
    next.release(true);
    const closing = connection.close();
    await clock.advance(2 * limits.ydbEndMs);
    await closing;

    expect(status).toBe("TIMED_OUT");
    expect(answer.transaction).toBeUndefined();
  });

  it("leaves a connection that rested for too long", async (test) => {
    const server = await ScriptedServer.start(test);
    const clock = new ManualClock(START);
    const connection = connect(test, server, { clock });
    (await connection.acquire(60_000)).release(true);

    await clock.advance(limits.ydbSessionIdleMs);
    (await connection.acquire(clock.monotonicMs() + 60_000)).release(true);

    expect(server.count("ListEndpoints")).toBe(2);
    expect(server.count("CreateSession")).toBe(2);
  });
});

describe("a closed connection", () => {
  it("refuses to lend", async (test) => {
    const server = await ScriptedServer.start(test);
    const connection = connect(test, server);
    (await connection.acquire(inMs(10_000))).release(true);

    await connection.close();

    expect((await failureFrom(connection.acquire(inMs(10_000)))).status).toBe("CLOSED");
    expect(server.count("ListEndpoints")).toBe(1);
  });

  it("sends nothing more, for those either who have a session", async (test) => {
    const server = await ScriptedServer.start(test);
    const connection = connect(test, server);
    const session = await connection.acquire(inMs(10_000));

    await connection.close();
    const failure = await failureFrom(session.execute(ONE, begins, inMs(2_000)));

    expect(failure.status).toBe("CLOSED");
    expect(server.count("ExecuteDataQuery")).toBe(0);
    session.release(false);
  });

  it("ends a request that is under way", async (test) => {
    const server = await ScriptedServer.start(test);
    server.next("ExecuteDataQuery", hangs());
    const connection = connect(test, server);
    const session = await connection.acquire(inMs(10_000));
    const arrival = server.arrival("ExecuteDataQuery");
    const failing = failureFrom(session.execute(ONE, begins, inMs(10_000)));
    await arrival;

    await connection.close();

    expect((await failing).status).toBe("CLOSED");
    session.release(false);
  });

  it("ends an opening that is under way", async (test) => {
    const server = await ScriptedServer.start(test);
    server.next("ListEndpoints", hangs());
    const connection = connect(test, server);
    const arrival = server.arrival("ListEndpoints");
    const failing = failureFrom(connection.acquire(inMs(10_000)));
    await arrival;

    await connection.close();

    expect((await failing).status).toBe("CLOSED");
  });

  it("does not wait for a server that no longer answers", async (test) => {
    const server = await ScriptedServer.start(test);
    server.always("DeleteSession", hangs());
    const connection = connect(test, server);
    (await connection.acquire(inMs(10_000))).release(true);
    const startMs = realClock.monotonicMs();

    await connection.close();

    expect(realClock.monotonicMs() - startMs).toBeLessThan(3 * limits.ydbEndMs);
  });

  it("leaves no socket open, and had one for discovery and sessions alike", async (test) => {
    const server = await ScriptedServer.start(test);
    const proxy = await startProxy(test, server.address.endpoint);
    server.always("ListEndpoints", () => endpoints({ address: "127.0.0.1", port: proxy.port }));
    const address = { ...server.address, endpoint: `127.0.0.1:${proxy.port}` };
    const connection = connect(test, { address });
    (await connection.acquire(inMs(10_000))).release(true);
    const openBefore = proxy.open();

    await connection.close();
    await vi.waitUntil(() => proxy.open() === 0);

    expect(openBefore).toBe(1);
  });

  it("does not mind that the server is gone", async (test) => {
    const server = await ScriptedServer.start(test);
    const connection = connect(test, server);
    (await connection.acquire(inMs(10_000))).release(true);
    await server.close();

    await expect(connection.close()).resolves.toBeUndefined();
  });
});

/** A port that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

const START = instant(Date.UTC(2027, 0, 15));

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const settled = promise.then(
    () => true,
    () => true,
  );
  return await Promise.race([settled, nextTurns().then(() => false)]);
}

/** Lets sockets on this machine do what they have to do. */
async function nextTurns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await setImmediate();
}

/** Passes bytes on until it is told to swallow those of the connections that it has. */
async function startProxy(
  closing: Closing,
  endpoint: string,
): Promise<{ readonly port: number; swallow(): void; open(): number }> {
  const pairs: [Socket, Socket][] = [];
  const server = createServer((near) => {
    const far = dial(Number(endpoint.split(":")[1]), "127.0.0.1");
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on("error", () => undefined);
    pairs.push([near, far]);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.onTestFinished(() => {
    for (const socket of pairs.flat()) socket.destroy();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    open: () => pairs.filter(([near]) => !near.destroyed).length,
    swallow: () => {
      for (const [near, far] of pairs) {
        near.unpipe(far);
        far.unpipe(near);
        near.resume();
      }
    },
  };
}
