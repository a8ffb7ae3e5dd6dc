import { type BeginTransactionResult, BeginTransactionResultSchema } from "@ydbjs/api/table";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rawClient, resultOf, statusOf, valued } from "./raw-client.ts";
import { DATABASE, GET, openWorld, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld({ limits: { sessions: 12, transactionsPerSession: 3 } });
});
afterEach(async () => await world.close());

const NOBODY = { $p0: valued("nobody"), $p1: valued(1n) };

describe("a session", () => {
  it("serves one call at a time", async () => {
    const session = await world.client.session();
    const call = { session, text: GET, parameters: NOBODY };

    const answers = await Promise.all([world.client.execute(call), world.client.execute(call)]);

    expect(answers.map(({ status }) => status).sort()).toEqual(["SESSION_BUSY", "SUCCESS"]);
    expect((await world.client.execute(call)).status).toBe("SUCCESS");
  });

  it("says while it is busy that it is", async () => {
    const session = await world.client.session();
    const fault = world.double.fault({
      method: "ExecuteDataQuery",
      when: "before",
      outcome: "hang",
    });
    const first = world.client.execute({ session, text: "SELECT 1;" });
    await fault.hit;

    const second = await world.client.execute({ session, text: "SELECT 1;" });
    fault.release();

    expect([(await first).status, second.status]).toEqual(["SUCCESS", "SESSION_BUSY"]);
  });

  it("that nobody knows is refused by every method", async () => {
    const { table } = world.client;
    const none = { sessionId: "ydb://session/3?node_id=1&id=99", txId: "tx-1" };

    const { status } = await world.client.execute({ session: none.sessionId, text: "SELECT 1;" });
    const replies = await Promise.all([
      table.keepAlive(none),
      table.deleteSession(none),
      table.beginTransaction({ ...none, txSettings: SERIALIZABLE }),
      table.commitTransaction(none),
      table.rollbackTransaction(none),
    ]);

    const statuses = replies.map(({ operation }) => statusOf(operation));
    expect([status, ...statuses]).toEqual(Array(6).fill("BAD_SESSION"));
  });

  it("belongs to its database", async () => {
    const other = rawClient(world.double, "/other");
    const session = await other.session();

    const { status } = await world.client.execute({ session, text: "SELECT 1;" });

    other.close();
    expect(status).toBe("BAD_SESSION");
    expect([world.double.openSessions("/other"), world.double.openSessions(DATABASE)]).toEqual([
      1, 0,
    ]);
  });

  it("takes its open transactions with it", async () => {
    const session = await world.client.session();
    const { transaction } = await world.client.execute({
      session,
      text: GET,
      parameters: NOBODY,
      commit: false,
    });
    expect(world.double.openTransactions(DATABASE)).toBe(1);

    await world.client.table.deleteSession({ sessionId: session });

    expect(world.double.openTransactions(DATABASE)).toBe(0);
    const after = await world.client.execute({ session, transaction, text: "SELECT 1;" });
    expect(after.status).toBe("BAD_SESSION");
  });

  it("keeps few transactions open", async () => {
    const session = await world.client.session();
    const call = { session, text: "SELECT 1;", commit: false };
    for (let open = 0; open < 3; open += 1) await world.client.execute(call);

    const { status, message } = await world.client.execute(call);

    expect(status).toBe("BAD_SESSION");
    expect(message).toBe("Too many transactions, current active: 3, MaxTxPerSession: 3");
  });

  it("is one of so many in its database", async () => {
    for (let open = 0; open < 12; open += 1) await world.client.session();

    const { operation } = await world.client.table.createSession({});

    expect(statusOf(operation)).toBe("OVERLOADED");
  });

  it("is gone when the server ended it, and its transactions with it", async () => {
    const session = await world.client.session();
    await world.client.execute({ session, text: "SELECT 1;", commit: false });
    const other = rawClient(world.double, "/other");
    await other.session();

    expect(world.double.killSessions(DATABASE)).toBe(1);

    expect((await world.client.execute({ session, text: "SELECT 1;" })).status).toBe("BAD_SESSION");
    expect(world.double.openTransactions(DATABASE)).toBe(0);
    expect(world.double.killSessions()).toBe(1);
    other.close();
  });
});

const SERIALIZABLE = { txMode: { case: "serializableReadWrite" as const, value: {} } };

describe("a transaction", () => {
  it("is known to its own session alone, and not at all once it has ended", async () => {
    const [mine, other] = [await world.client.session(), await world.client.session()];
    const { transaction } = await world.client.execute({
      session: mine,
      text: "SELECT 1;",
      commit: false,
    });
    expect(transaction).not.toBe("");

    const foreign = await world.client.execute({ session: other, transaction, text: "SELECT 1;" });
    const last = await world.client.execute({ session: mine, transaction, text: "SELECT 1;" });
    const again = await world.client.execute({ session: mine, transaction, text: "SELECT 1;" });

    expect([foreign, last, again].map(({ status }) => status)).toEqual([
      "NOT_FOUND",
      "SUCCESS",
      "NOT_FOUND",
    ]);
    expect([last.transaction, again.message]).toEqual([
      "",
      `Transaction not found: ${transaction}`,
    ]);
  });

  it("ends with any error of a statement", async () => {
    const session = await world.client.session();
    const { transaction } = await world.client.execute({
      session,
      text: "SELECT 1;",
      commit: false,
    });

    const wrong = await world.client.execute({
      session,
      transaction,
      text: "SELECT 2;",
      commit: false,
    });
    const next = await world.client.execute({ session, transaction, text: "SELECT 1;" });

    expect([wrong.status, next.status]).toEqual(["GENERIC_ERROR", "NOT_FOUND"]);
    expect(world.double.openTransactions(DATABASE)).toBe(0);
  });

  it("may be begun, committed and rolled back by calls of its own", async () => {
    const sessionId = await world.client.session();
    const { table } = world.client;
    const begin = async (): Promise<string> => {
      const { operation } = await table.beginTransaction({ sessionId, txSettings: SERIALIZABLE });
      const result = resultOf<BeginTransactionResult>(BeginTransactionResultSchema, operation);
      return result.txMeta?.id ?? "";
    };
    const first = { sessionId, txId: await begin() };
    const second = { sessionId, txId: await begin() };

    const ends = [
      await table.commitTransaction(first),
      await table.rollbackTransaction(second),
      await table.commitTransaction(second),
    ];

    expect(ends.map(({ operation }) => statusOf(operation))).toEqual([
      "SUCCESS",
      "SUCCESS",
      "NOT_FOUND",
    ]);
  });

  it.each(["onlineReadOnly"] as const)("is never %s", async (begin) => {
    const { status } = await world.client.execute({ text: "SELECT 1;", begin });
    expect(status).toBe("BAD_REQUEST");
  });

  it.each([
    ["names none and begins none", { txControl: { commitTx: true } }],
    ["is left out", { txControl: {} }],
    [
      "begins one of no mode",
      { txControl: { txSelector: { case: "beginTx" as const, value: {} } } },
    ],
    ["has a prepared text", { query: { query: { case: "id" as const, value: "1" } } }],
    ["has no text", { query: {} }],
  ])("is needed: a request that %s is refused", async (_what, more) => {
    const { status } = await world.client.execute({ text: "SELECT 1;", more });
    expect(status).toBe("BAD_REQUEST");
  });
});

describe("a method that the record layer does not use", () => {
  it("answers UNIMPLEMENTED", async () => {
    await expect(world.client.table.bulkUpsert({})).rejects.toMatchObject({ code: 12 });
  });
});
