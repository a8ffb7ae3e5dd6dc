// Longer than most: every known defect of the SDK has its test here, side by side.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { status as grpc } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ManualClock } from "../../../shared/adapters/manual/manual-clock.ts";
import { parseDatabaseAddress } from "../../../shared/adapters/ydb/database-address.ts";
import { givenToken } from "../../../shared/adapters/ydb/given-token.ts";
import { HOUR_MS } from "../../../shared/core/time/duration.ts";
import { instant } from "../../../shared/core/time/instant.ts";
import { metadataToken } from "../../../shared/adapters/ydb/metadata-token.ts";
import { startMetadataService } from "./metadata-service.ts";
import { rawDriver } from "./raw-sdk.ts";
import { runSdkProcess } from "./run-sdk-process.ts";
import {
  begins,
  beginsAndCommits,
  connect,
  failureFrom,
  inMs,
  ONE,
  withSession,
} from "./scripted-connection.ts";
import {
  breaks,
  done,
  endpoints,
  rows,
  saysNo,
  type ScriptedMethod,
  ScriptedServer,
} from "./scripted-server.ts";
import { realClock } from "../../support/real-clock.ts";

/**
 * What `ydb-sdk` 5.11.1 gets wrong, and that none of it reaches us. Where it costs little, a test
 * shows the defect in the SDK as it comes as well: once that fails, its remedy can go.
 */

describe("defects 1, 8 and 9, all of the query service: a callback that throws leaves a transaction that the next one commits, calls carry an old token, late errors end the process", () => {
  it("do not reach us: reads and writes use the table service alone", async (test) => {
    const server = await ScriptedServer.start(test);
    server.always("ExecuteDataQuery", () => rows("tx"));
    server.always("RollbackTransaction", () => done());

    await withSession(connect(test, server), async (session) => {
      await session.execute(ONE, begins, inMs(2_000));
      await session.rollback("tx");
    });

    const methods = server.calls.map(({ method }) => method);
    expect(methods.filter((method: ScriptedMethod) => method.startsWith("Query."))).toEqual([]);
  });

  it("do not reach us: no source of the store names the query service", async () => {
    const naming = await sourcesNaming(/queryClient|QueryClient|QuerySession|doTx/);

    // A migration's statements have no transaction that could be left, and are sent one by one.
    expect(naming.filter((file) => !file.includes("schema"))).toEqual([]);
  });
});

describe("defect 2: a commit by itself is repeated after a conflict", () => {
  it("is there: a transaction that was aborted seems to have been committed", async (test) => {
    const server = await ScriptedServer.start(test);
    server.next("CommitTransaction", saysNo("ABORTED"), () => done());

    const committing = rawDriver(test, server).tableClient.withSession(async (session) => {
      await session.commitTransaction({ txId: "tx1" });
    }, 0);

    await expect(committing).resolves.toBeUndefined();
    expect(server.count("CommitTransaction")).toBe(2);
  });

  it("does not reach us: a commit rides on a query, and its conflict is told at once", async (test) => {
    const server = await ScriptedServer.start(test);
    server.next("ExecuteDataQuery", saysNo("ABORTED", "Transaction locks invalidated"));

    const failure = await failureFrom(
      withSession(connect(test, server), (session) =>
        session.execute(ONE, beginsAndCommits, inMs(2_000)),
      ),
    );

    expect(failure.status).toBe("ABORTED");
    expect(failure.message).toBe("Transaction locks invalidated");
    expect(server.count("ExecuteDataQuery")).toBe(1);
    expect(server.count("CommitTransaction")).toBe(0);
  });
});

describe("defect 3: the cloud's own form of an address names the database /", () => {
  it("is there", async (test) => {
    const server = await ScriptedServer.start(test);
    const connectionString = `grpc://${server.address.endpoint}/?database=/ru-central1/b1g/etn`;

    await rawDriver(test, server, { connectionString }).ready(10_000);

    expect(server.calls[0]?.request).toMatchObject({ database: "/" });
  });

  it("does not reach us", async (test) => {
    const server = await ScriptedServer.start(test);
    const text = `grpc://${server.address.endpoint}/?database=/ru-central1/b1g/etn`;
    const connection = connect(test, { address: parseDatabaseAddress(text) });

    (await connection.acquire(inMs(10_000))).release(true);

    expect(server.calls[0]?.request).toMatchObject({ database: "/ru-central1/b1g/etn" });
    expect(server.calls.map(({ incoming }) => incoming.database)).toEqual([
      "/ru-central1/b1g/etn",
      "/ru-central1/b1g/etn",
    ]);
  });
});

describe("defect 4: a server that cannot be reached ends the process", () => {
  it("is there", async () => {
    const { unhandled } = await runSdkProcess("raw: open", "127.0.0.1:1");

    expect(unhandled).toEqual(["GRPC_UNAVAILABLE"]);
  });

  it("does not reach us", async () => {
    const { result, unhandled } = await runSdkProcess("ours: acquire", "127.0.0.1:1");

    expect(result).toBe("GRPC_UNAVAILABLE");
    expect(unhandled).toEqual([]);
  });

  it("does not reach us: no session is made that nobody asked for", async (test) => {
    const server = await ScriptedServer.start(test);
    const connection = connect(test, server);

    (await connection.acquire(inMs(10_000))).release(true);

    expect(server.count("CreateSession")).toBe(1);
  });
});

describe("defect 5: a broken session that cannot be deleted ends the process", () => {
  const breaking = (server: ScriptedServer): void => {
    server.always("ExecuteDataQuery", saysNo("BAD_SESSION"));
    server.always("DeleteSession", saysNo("BAD_SESSION"));
  };

  it("is there", async (test) => {
    const server = await ScriptedServer.start(test);
    breaking(server);

    const { unhandled } = await runSdkProcess("raw: break", server.address.endpoint);

    expect(unhandled).toContain("BAD_SESSION");
  });

  it("does not reach us", async (test) => {
    const server = await ScriptedServer.start(test);
    breaking(server);

    const { result, unhandled } = await runSdkProcess("ours: use", server.address.endpoint);

    expect(result).toBe("BAD_SESSION");
    expect(unhandled).toEqual([]);
  });
});

describe("the methods of the SDK that are mended", () => {
  it("are there, in the SDK as it comes", async () => {
    const file = fileURLToPath(import.meta.resolve("ydb-sdk"));
    const pool = await readFile(join(file, "../table/table-session-pool.js"), "utf8");
    const endpoint = await readFile(join(file, "../discovery/endpoint.js"), "utf8");

    expect(pool).toMatch(/^ {4}prepopulateSessions\(\) \{/m);
    expect(pool).toMatch(/^ {4}deleteSession\(session\) \{/m);
    expect(endpoint).toMatch(/^ {4}toString\(\) \{/m);
  });
});

describe("defect 6: one token that could not be had is never asked for again", () => {
  it("does not reach us: the next call asks again", async (test) => {
    const service = await startMetadataService(test);
    service.next({ status: 503 }, { token: "t1", expiresIn: 3_600 });
    const tokens = metadataToken({ clock: realClock, url: service.url });

    const failure = await failureFrom(tokens.token());

    expect(failure.status).toBe("TOKEN_UNAVAILABLE");
    expect(await tokens.token()).toBe("t1");
  });
});

describe("defect 7: a process that lives long ends with an expired token", () => {
  it("does not reach us: a token is renewed as often as it takes", async (test) => {
    const service = await startMetadataService(test);
    const clock = new ManualClock(instant(Date.UTC(2027, 0, 15)));
    const tokens = metadataToken({ clock, url: service.url });
    const seen: string[] = [];

    for (const hour of [1, 2, 3, 4]) {
      service.next({ token: `t${hour}`, expiresIn: 12 * 3_600 });
      seen.push(await tokens.token());
      await clock.advance(HOUR_MS);
    }

    expect(seen).toEqual(["t1", "t2", "t3", "t4"]);
  });
});

describe("defect 10: the variable YDB_ENDPOINT redirects every session", () => {
  it("is there", async (test) => {
    const server = await ScriptedServer.start(test);

    const { result } = await runSdkProcess("raw: YDB_ENDPOINT", server.address.endpoint);

    expect(result).toBe("GRPC_UNAVAILABLE");
    expect(server.count("CreateSession")).toBe(0);
  });

  it("does not reach us, and jobs still see the variable", async (test) => {
    const server = await ScriptedServer.start(test);

    const { result } = await runSdkProcess("ours: YDB_ENDPOINT", server.address.endpoint);

    expect(result).toBe("127.0.0.1:1");
    expect(server.count("CreateSession")).toBe(1);
  });
});

describe("defect 11: an answer over 4 MB is refused, with the code of a throttled database", () => {
  const large = [{ columns: [], rows: [{ value: textOf(5 * 1024 * 1024) }] }];

  it("is there", async (test) => {
    const server = await ScriptedServer.start(test);
    server.next("ExecuteDataQuery", () => rows("", large));

    const reading = rawDriver(test, server).tableClient.withSession(
      async (session) => await session.executeQuery("SELECT 1;"),
      0,
    );

    await expect(reading).rejects.toMatchObject({ code: grpc.RESOURCE_EXHAUSTED });
  });

  it("does not reach us", async (test) => {
    const server = await ScriptedServer.start(test);
    server.next("ExecuteDataQuery", () => rows("", large));

    const { resultSets } = await withSession(connect(test, server), (session) =>
      session.execute(ONE, beginsAndCommits, inMs(5_000)),
    );

    expect(resultSets[0]?.rows).toHaveLength(1);
  });

  it("does not reach us: an answer that is still too large is not taken for throttling", async (test) => {
    const server = await ScriptedServer.start(test);
    const details = "Received message larger than max (67108865 vs 67108864)";
    server.next("ExecuteDataQuery", breaks(grpc.RESOURCE_EXHAUSTED, details));

    const failure = await failureFrom(
      withSession(connect(test, server), (session) =>
        session.execute(ONE, beginsAndCommits, inMs(5_000)),
      ),
    );

    expect(failure.status).toBe("ANSWER_TOO_LARGE");
  });
});

describe("defect 12: a result that was cut off raises nothing", () => {
  const cutOff = [{ columns: [], rows: [], truncated: true }];

  it("is there", async (test) => {
    const server = await ScriptedServer.start(test);
    server.next("ExecuteDataQuery", () => rows("", cutOff));

    const reading = rawDriver(test, server).tableClient.withSession(
      async (session) => await session.executeQuery("SELECT 1;"),
      0,
    );

    await expect(reading).resolves.toBeDefined();
  });

  it("does not reach us", async (test) => {
    const server = await ScriptedServer.start(test);
    server.next("ExecuteDataQuery", () => rows("", [{ columns: [], rows: [] }, ...cutOff]));

    const failure = await failureFrom(
      withSession(connect(test, server), (session) => session.execute(ONE, begins, inMs(2_000))),
    );

    expect(failure.status).toBe("TRUNCATED");
  });
});

describe("defect 13: the pool makes a session more than it may", () => {
  it("is there", async (test) => {
    const server = await ScriptedServer.start(test);
    const poolSettings = { minLimit: 1, maxLimit: 2 };
    const { tableClient } = rawDriver(test, server, { poolSettings });
    const gate = Promise.withResolvers<undefined>();

    const lent = [1, 2, 3].map(async () => {
      await tableClient.withSession(async () => await gate.promise, 0);
    });
    await vi.waitUntil(() => server.count("CreateSession") === 3);

    gate.resolve(undefined);
    await Promise.all(lent);
    expect(server.count("CreateSession")).toBe(3);
  });

  it("does not reach us: who asks for more waits", async (test) => {
    const server = await ScriptedServer.start(test);
    const connection = connect(test, server, { sessions: 2 });
    const lent = [await connection.acquire(inMs(5_000)), await connection.acquire(inMs(5_000))];

    const failure = await failureFrom(connection.acquire(inMs(50)));
    const waiting = connection.acquire(inMs(5_000));
    lent[0]?.release(true);
    (await waiting).release(true);
    lent[1]?.release(true);

    expect(failure.status).toBe("NO_SESSION");
    expect(server.count("CreateSession")).toBe(2);
  });
});

describe("defect 14: any failure keeps an endpoint from being chosen for a minute", () => {
  it("is there", async (test) => {
    const server = await ScriptedServer.start(test);
    server.next("ExecuteDataQuery", saysNo("ABORTED"));

    const isAvoided = await rawDriver(test, server).tableClient.withSession(async (session) => {
      await session.executeQuery("SELECT 1;").catch(() => undefined);
      return session.endpoint.pessimized;
    }, 0);

    expect(isAvoided).toBe(true);
  });

  it("does not reach us: with the one endpoint avoided, sessions are made as before", async (test) => {
    const server = await ScriptedServer.start(test);
    server.next("ExecuteDataQuery", saysNo("ABORTED"), () => rows(""));
    const connection = connect(test, server);
    const first = await connection.acquire(inMs(5_000));

    await failureFrom(first.execute(ONE, beginsAndCommits, inMs(2_000)));
    const second = await connection.acquire(inMs(5_000));
    await second.execute(ONE, beginsAndCommits, inMs(2_000));

    first.release(true);
    second.release(true);
    expect(server.count("CreateSession")).toBe(2);
  });
});

describe("defect 15: a callback that throws leaves its transaction open", () => {
  it("is there: the session is lent on with it", async (test) => {
    const server = await ScriptedServer.start(test);
    server.always("ExecuteDataQuery", () => rows("tx1"));
    const { tableClient } = rawDriver(test, server);

    const throwing = tableClient.withSession(async (session) => {
      await session.executeQuery("SELECT 1;", {}, { beginTx: {}, commitTx: false });
      throw new Error("of the callback");
    }, 0);
    await expect(throwing).rejects.toThrow("of the callback");
    await tableClient.withSession(async () => await Promise.resolve(), 0);

    expect(server.count("RollbackTransaction")).toBe(0);
    expect(server.count("DeleteSession")).toBe(0);
  });

  it("does not reach us: a session with an open transaction is ended", async (test) => {
    const server = await ScriptedServer.start(test);
    server.always("ExecuteDataQuery", () => rows("tx1"));
    const connection = connect(test, server);

    await withSession(connection, (session) => session.execute(ONE, begins, inMs(2_000)));
    (await connection.acquire(inMs(5_000))).release(true);

    expect(server.count("CreateSession")).toBe(2);
    await vi.waitUntil(() => server.count("DeleteSession") === 1);
  });
});

describe("calls are repeated behind our back, for minutes where the database throttles", () => {
  it.for([
    ["status OVERLOADED", saysNo("OVERLOADED"), "OVERLOADED"],
    ["status UNAVAILABLE", saysNo("UNAVAILABLE"), "UNAVAILABLE"],
    ["gRPC 8", breaks(grpc.RESOURCE_EXHAUSTED), "GRPC_RESOURCE_EXHAUSTED"],
    ["gRPC 14", breaks(grpc.UNAVAILABLE), "GRPC_UNAVAILABLE"],
  ] as const)("does not reach us: %s is told at once", async ([, answer, status], test) => {
    const server = await ScriptedServer.start(test);
    server.always("CreateSession", answer);
    const connection = connect(test, server);

    const failure = await failureFrom(connection.acquire(inMs(10_000)));

    expect(failure.status).toBe(status);
    expect(server.count("CreateSession")).toBe(1);
  });
});

describe("a token that fails in the middle of a call leaves the call open for good, and ends the process", () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  beforeAll(() => process.on("unhandledRejection", note));
  afterAll(() => process.off("unhandledRejection", note));

  it.for([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])(
    "does not reach us where the %s. asking for a token fails",
    async (failing, test) => {
      const server = await ScriptedServer.start(test);
      server.always("ExecuteDataQuery", () => rows(""));
      let asked = 0;
      const token = async (): Promise<string> => {
        asked += 1;
        if (asked === failing) throw new Error("no token this time");
        return await Promise.resolve("t1");
      };
      const tokens = { token, invalidate: () => undefined };
      const connection = connect(test, server, { tokens });

      const using = withSession(connection, (session) =>
        session.execute(ONE, beginsAndCommits, inMs(1_000)),
      );
      const [outcome] = await Promise.allSettled([using]);
      await connection.close();

      expect(asked).toBeGreaterThanOrEqual(failing);
      expect(outcome.status === "fulfilled" || isNoToken(outcome.reason)).toBe(true);
      expect(unhandled).toEqual([]);
    },
  );
});

describe("a token", () => {
  it("goes with every call, the newest each time", async (test) => {
    const server = await ScriptedServer.start(test);
    server.always("ExecuteDataQuery", () => rows(""));
    let current = "t1";
    const tokens = {
      token: async () => await Promise.resolve(current),
      invalidate: () => undefined,
    };

    await withSession(connect(test, server, { tokens }), async (session) => {
      await session.execute(ONE, beginsAndCommits, inMs(2_000));
      current = "t2";
      await session.execute(ONE, beginsAndCommits, inMs(2_000));
    });

    expect(server.calls.map(({ method, incoming }) => [method, incoming.token])).toEqual([
      ["ListEndpoints", "t1"],
      ["CreateSession", "t1"],
      ["ExecuteDataQuery", "t1"],
      ["ExecuteDataQuery", "t2"],
    ]);
  });

  it("that the database refuses is refused for good where there is no other", async (test) => {
    const server = await ScriptedServer.start(test);
    server.next("ListEndpoints", breaks(grpc.UNAUTHENTICATED));
    const tokens = givenToken("t1", "a test");
    const connection = connect(test, server, { tokens });

    const first = await failureFrom(connection.acquire(inMs(5_000)));
    const second = await failureFrom(connection.acquire(inMs(5_000)));

    expect(first.status).toBe("GRPC_UNAUTHENTICATED");
    expect(second.status).toBe("TOKEN_REFUSED");
    expect(`${first.message}${first.stack ?? ""}${second.message}`).not.toContain("t1 ");
    expect(server.count("ListEndpoints")).toBe(1);
  });

  it("that the database refuses is given up for another, as often as that one was let in", async (test) => {
    const server = await ScriptedServer.start(test);
    const all = ["t1", "t2", "t3"];
    const tokens = {
      token: async () => await Promise.resolve(all[0] ?? ""),
      invalidate: (refused: string) =>
        void all.splice(0, all.length, ...all.filter((t) => t !== refused)),
    };
    const refuses = breaks(grpc.UNAUTHENTICATED);
    server.next(
      "ExecuteDataQuery",
      refuses,
      () => rows(""),
      refuses,
      () => rows(""),
    );

    const statuses = await withSession(connect(test, server, { tokens }), async (session) => {
      const seen: string[] = [];
      for (let turn = 0; turn < 2; turn += 1) {
        seen.push((await failureFrom(session.execute(ONE, beginsAndCommits, inMs(2_000)))).status);
        await session.execute(ONE, beginsAndCommits, inMs(2_000));
      }
      return seen;
    });

    expect(statuses).toEqual(["GRPC_UNAUTHENTICATED", "GRPC_UNAUTHENTICATED"]);
    const sent = server.calls.filter(({ method }) => method === "ExecuteDataQuery");
    expect(sent.map(({ incoming }) => incoming.token)).toEqual(["t1", "t2", "t2", "t3"]);
  });

  it("is not sent to another machine unencrypted, whatever discovery says", async (test) => {
    const server = await ScriptedServer.start(test);
    server.always("ListEndpoints", () => endpoints({ address: "db.example", port: 2136 }));
    const tokens = givenToken("secret", "a test");
    const connection = connect(test, server, { tokens });

    await expect(connection.acquire(inMs(5_000))).rejects.toMatchObject({
      code: "STORE_ADDRESS_INVALID",
      message: expect.not.stringContaining("secret") as string,
    });
  });

  it("is not sent to another machine unencrypted at all", (test) => {
    const address = { endpoint: "db.example:2136", database: "/local", tls: false };
    const tokens = givenToken("secret", "a test");

    expect(() => connect(test, { address }, { tokens })).toThrow(/unencrypted to db\.example:2136/);
    expect(() => connect(test, { address })).not.toThrow();
    expect(() => connect(test, { address: { ...address, tls: true } }, { tokens })).not.toThrow();
  });
});

function isNoToken(error: unknown): boolean {
  return error instanceof Error && error.message.includes("no token this time");
}

function textOf(chars: number): { readonly case: "textValue"; readonly value: string } {
  return { case: "textValue", value: "x".repeat(chars) };
}

/** The sources of the store that match, by their names. */
async function sourcesNaming(pattern: RegExp): Promise<readonly string[]> {
  const folder = fileURLToPath(new URL("../../../shared/adapters/ydb/", import.meta.url));
  const naming: string[] = [];
  for (const name of await readdir(folder)) {
    if (pattern.test(await readFile(join(folder, name), "utf8"))) naming.push(name);
  }
  return naming;
}
