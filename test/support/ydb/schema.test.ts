import { StatusIds_StatusCode as Code } from "@ydbjs/api/operation";
import { type ListDirectoryResult, ListDirectoryResultSchema } from "@ydbjs/api/scheme";
import { type DescribeTableResult, DescribeTableResultSchema } from "@ydbjs/api/table";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { count, resultOf, rowsOf, statusOf } from "./raw-client.ts";
import { DATABASE, openWorld, UPSERT, type World } from "./world.ts";

let world: World;
let session: string;
let attached: AbortController;
beforeEach(async () => {
  world = await openWorld();
  session = (await world.client.query.createSession({})).sessionId;
  attached = new AbortController();
  await attach(session, attached.signal);
});
afterEach(async () => {
  attached.abort();
  await world.close();
});

/** Opens the stream that keeps the session alive, and resolves once it is open. */
async function attach(sessionId: string, signal: AbortSignal): Promise<Code | undefined> {
  const stream = world.client.query.attachSession({ sessionId }, { signal });
  const first = await stream[Symbol.asyncIterator]().next();
  return first.done === true ? undefined : first.value.status;
}

async function change(text: string, more = {}): Promise<{ status: string; message: string }> {
  const query = { case: "queryContent" as const, value: { text } };
  for await (const part of world.client.query.executeQuery({
    sessionId: session,
    query,
    ...more,
  })) {
    const message = part.issues.map((issue) => issue.message).join();
    return { status: Code[part.status], message };
  }
  throw new Error("The stream ended without a part");
}

async function describeTable(table: string): Promise<DescribeTableResult> {
  const { operation } = await world.client.table.describeTable({
    sessionId: "",
    path: `${DATABASE}/${table}`,
  });
  return resultOf<DescribeTableResult>(DescribeTableResultSchema, operation);
}

const CREATE =
  "CREATE TABLE IF NOT EXISTS `made` (a Utf8 NOT NULL, n Int64 NOT NULL, note Utf8, gone_at Uint64, " +
  "PRIMARY KEY (n, a)) WITH (AUTO_PARTITIONING_BY_SIZE = ENABLED, AUTO_PARTITIONING_BY_LOAD = " +
  "DISABLED, AUTO_PARTITIONING_MIN_PARTITIONS_COUNT = 3, PARTITION_AT_KEYS = (-1, 2), " +
  'TTL = Interval("P1DT1H1M1S") ON gone_at AS MILLISECONDS);';

describe("DDL", () => {
  it("makes a table, once", async () => {
    expect(await change(CREATE)).toEqual({ status: "SUCCESS", message: "" });
    expect(await change(CREATE)).toEqual({ status: "SUCCESS", message: "" });

    expect(world.double.tables(DATABASE)).toEqual(["made", "things"]);
    const { columns, primaryKey, ttlSettings } = await describeTable("made");
    expect(columns.map(({ name, type }) => [name, type?.type.case])).toEqual([
      ["a", "typeId"],
      ["n", "typeId"],
      ["note", "optionalType"],
      ["gone_at", "optionalType"],
    ]);
    expect(primaryKey).toEqual(["n", "a"]);
    expect(ttlSettings?.mode.value).toMatchObject({
      columnName: "gone_at",
      expireAfterSeconds: 90_061,
    });
    expect(world.double.counters.schemaOperations).toBe(2);
  });

  it("makes the tables that `createTables` makes", async () => {
    const text =
      "CREATE TABLE IF NOT EXISTS `same` (owner Utf8 NOT NULL, rank Int64 NOT NULL, note Utf8, " +
      "expire_at Uint64, PRIMARY KEY (owner, rank)) " +
      'WITH (TTL = Interval("PT0S") ON expire_at AS MILLISECONDS);';
    await change(text);

    const [made, given] = [await describeTable("same"), await describeTable("things")];

    expect({ ...made, self: undefined }).toEqual({ ...given, self: undefined });
  });

  it("adds columns, which rows that are there have as NULL", async () => {
    await world.put(["ada", 1n, "old"]);

    const text =
      "ALTER TABLE `things` ADD COLUMN more Utf8, ADD COLUMN due_at Uint64, " +
      'SET (TTL = Interval("PT0S") ON due_at AS MILLISECONDS);';
    expect(await change(text)).toEqual({ status: "SUCCESS", message: "" });

    expect(world.double.rows(DATABASE, "things")).toEqual([
      { owner: "ada", rank: 1n, note: "old", expire_at: null, more: null, due_at: null },
    ]);
    const scan = "DECLARE $p0 AS Uint64; SELECT more FROM `things` ORDER BY owner, rank LIMIT $p0;";
    const { results } = await world.client.execute({ text: scan, parameters: { $p0: count(9) } });
    expect(results[0]?.rows).toEqual([[null]]);
    expect((await describeTable("things")).ttlSettings?.mode.value).toMatchObject({
      columnName: "due_at",
    });
  });

  it("is forgotten by no plan: a text that was understood before means the new table", async () => {
    const text = "DECLARE $p0 AS Uint64; SELECT more FROM `things` ORDER BY owner, rank LIMIT $p0;";
    expect((await world.client.execute({ text })).status).toBe("SCHEME_ERROR");

    await change("ALTER TABLE `things` ADD COLUMN more Utf8;");

    expect((await world.client.execute({ text })).message).toBe("$p0 is declared and not sent");
  });

  it.each([
    ["DROP TABLE `things`;", "expected SELECT"],
    ["SELECT 1;", "table service"],
    ["CREATE TABLE `t` (a Utf8 NOT NULL, PRIMARY KEY (a));", "expected IF"],
    ["CREATE TABLE IF NOT EXISTS t (a Utf8 NOT NULL, PRIMARY KEY (a));", "quoted name"],
    ["CREATE TABLE IF NOT EXISTS `t` (a Utf8 NOT NULL);", "expected ,"],
    ["CREATE TABLE IF NOT EXISTS `t` (a Utf8 NOT NULL, PRIMARY KEY (a))", "expected ;"],
    ["CREATE TABLE IF NOT EXISTS `t` (a Utf8, PRIMARY KEY (a));", "NOT NULL"],
    ["CREATE TABLE IF NOT EXISTS `t` (a Uint64 NOT NULL, PRIMARY KEY (a));", "no Uint64"],
    ["CREATE TABLE IF NOT EXISTS `t` (a Utf8 NOT NULL, PRIMARY KEY (b));", "no column"],
    ["CREATE TABLE IF NOT EXISTS `t` (a Utf8 NOT NULL, PRIMARY KEY (a, a));", "key column twice"],
    ["CREATE TABLE IF NOT EXISTS `t` (a Utf8 NOT NULL, a Utf8, PRIMARY KEY (a));", "column twice"],
    ["CREATE TABLE IF NOT EXISTS `t` (a Json NOT NULL, PRIMARY KEY (a));", "no type Json"],
    [
      "CREATE TABLE IF NOT EXISTS `t` (a Utf8 NOT NULL, PRIMARY KEY (a), INDEX i GLOBAL ON (a));",
      "expected )",
    ],
    [
      "CREATE TABLE IF NOT EXISTS `t` (a Utf8 NOT NULL, PRIMARY KEY (a)) WITH (STORE = COLUMN);",
      "no setting STORE",
    ],
    [
      "CREATE TABLE IF NOT EXISTS `t` (a Utf8 NOT NULL, PRIMARY KEY (a)) WITH (toString = 1);",
      "no setting toString",
    ],
    [
      "CREATE TABLE IF NOT EXISTS `t` (a Utf8 NOT NULL, PRIMARY KEY (a)) WITH (AUTO_PARTITIONING_BY_SIZE = TRUE);",
      "ENABLED",
    ],
    [
      "CREATE TABLE IF NOT EXISTS `t` (a Utf8 NOT NULL, PRIMARY KEY (a)) WITH (AUTO_PARTITIONING_MIN_PARTITIONS_COUNT = 0);",
      "positive",
    ],
    [
      "CREATE TABLE IF NOT EXISTS `t` (a Utf8 NOT NULL, PRIMARY KEY (a)) WITH (PARTITION_AT_KEYS = (1));",
      "first key column",
    ],
    [
      'CREATE TABLE IF NOT EXISTS `t` (a Utf8 NOT NULL, PRIMARY KEY (a)) WITH (PARTITION_AT_KEYS = ("b", "a"));',
      "ascends",
    ],
    [
      'CREATE TABLE IF NOT EXISTS `t` (a Utf8 NOT NULL, e Int64, PRIMARY KEY (a)) WITH (TTL = Interval("PT0S") ON e AS MILLISECONDS);',
      "Uint64",
    ],
    [
      'CREATE TABLE IF NOT EXISTS `t` (a Utf8 NOT NULL, e Uint64, PRIMARY KEY (a)) WITH (TTL = Interval("soon") ON e AS MILLISECONDS);',
      "no interval",
    ],
    [
      'CREATE TABLE IF NOT EXISTS `t` (a Utf8 NOT NULL, e Uint64, PRIMARY KEY (a)) WITH (TTL = Interval("PT0S") ON e);',
      "expected AS",
    ],
    ["ALTER TABLE `things` ADD COLUMN owner Utf8;", "already exists"],
    ["ALTER TABLE `things` ADD COLUMN more Utf8 NOT NULL;", "as nullable"],
    ["ALTER TABLE `things` DROP COLUMN note;", "expected SET"],
    ["ALTER TABLE `nothing` ADD COLUMN more Utf8;", "no table nothing"],
  ])("%s is refused", async (text, why) => {
    const { status, message } = await change(text);

    expect(status).not.toBe("SUCCESS");
    expect(message).toContain(why);
    expect(world.double.tables(DATABASE)).toEqual(["things"]);
  });

  it("runs in no transaction", async () => {
    const txControl = { txSelector: { case: "txId" as const, value: "tx-1" } };
    expect(await change(CREATE, { txControl })).toMatchObject({ status: "BAD_REQUEST" });
  });
});

describe("a session of the query service", () => {
  it("needs its stream, and ends with it", async () => {
    const { sessionId } = await world.client.query.createSession({});
    session = sessionId;
    expect(await change(CREATE)).toMatchObject({ status: "BAD_SESSION" });

    const stream = new AbortController();
    expect(await attach(sessionId, stream.signal)).toBe(Code.SUCCESS);
    expect(await change(CREATE)).toMatchObject({ status: "SUCCESS" });

    const gone = world.double.openSessions(DATABASE) - 1;
    stream.abort();
    await expect.poll(() => world.double.openSessions(DATABASE)).toBe(gone);
    expect(await change(CREATE)).toMatchObject({ status: "BAD_SESSION" });
  });

  it("has its stream ended when it is killed, and is not one of the table service", async () => {
    const { sessionId } = await world.client.query.createSession({});
    const stream = world.client.query.attachSession({ sessionId });
    const parts = stream[Symbol.asyncIterator]();
    await parts.next();
    const wrong = await world.client.execute({ session: sessionId, text: "SELECT 1;" });

    world.double.killSessions();

    expect(await parts.next()).toMatchObject({ done: true });
    expect(wrong.status).toBe("BAD_SESSION");
  });

  it("is deleted by its own method", async () => {
    const { query } = world.client;

    const ends = [
      await query.deleteSession({ sessionId: session }),
      await query.deleteSession({ sessionId: session }),
    ];

    expect(ends.map(({ status }) => Code[status])).toEqual(["SUCCESS", "BAD_SESSION"]);
  });
});

describe("the scheme", () => {
  it("lists the tables of a database, and describes its paths", async () => {
    await change(CREATE);
    const { scheme } = world.client;

    const listed = await scheme.listDirectory({ path: DATABASE });
    const { children } = resultOf<ListDirectoryResult>(ListDirectoryResultSchema, listed.operation);
    const described = await Promise.all(
      [DATABASE, `${DATABASE}/made`, `${DATABASE}/nothing`, "/other/made"].map((path) =>
        scheme.describePath({ path }),
      ),
    );

    expect(children.map(({ name }) => name)).toEqual(["made", "things"]);
    expect(described.map(({ operation }) => statusOf(operation))).toEqual([
      "SUCCESS",
      "SUCCESS",
      "SCHEME_ERROR",
      "SCHEME_ERROR",
    ]);
  });

  it("knows no folders, and no table that there is not", async () => {
    const listed = await world.client.scheme.listDirectory({ path: `${DATABASE}/things` });
    const path = `${DATABASE}/nothing`;
    const described = await world.client.table.describeTable({ sessionId: "", path });

    expect([statusOf(listed.operation), statusOf(described.operation)]).toEqual([
      "SCHEME_ERROR",
      "SCHEME_ERROR",
    ]);
  });
});

describe("a row whose TTL has passed", () => {
  const text =
    "DECLARE $p0 AS List<Struct<owner:Utf8,rank:Int64,expire_at:Uint64?>>; UPSERT INTO `things` " +
    "(owner, rank, expire_at) SELECT owner, rank, expire_at FROM AS_TABLE($p0);";

  async function expire(rank: bigint, at: bigint | null): Promise<void> {
    const rows = rowsOf({ owner: "Utf8", rank: "Int64", expire_at: "Uint64?" }, [
      ["ada", rank, null],
    ]);
    const cell = rows.value?.items?.[0]?.items?.[2];
    if (cell !== undefined && at !== null) cell.value = { case: "uint64Value", value: at };
    await world.client.execute({ text, parameters: { $p0: rows } });
  }

  it("stays until it is swept", async () => {
    await expire(1n, 1_000n);
    await expire(2n, 1_001n);
    await expire(3n, null);
    expect(world.rows()).toHaveLength(3);

    expect(world.double.sweep(999)).toBe(0);
    expect(world.double.sweep(1_000)).toBe(1);

    expect(world.rows()).toEqual(["ada 2 null", "ada 3 null"]);
  });

  it("conflicts with who read it, like any row that goes", async () => {
    await expire(1n, 1_000n);
    const tx = await world.begin();
    await tx.get("ada", 1n);
    await tx.put("ada", 2n, "still there");
    world.double.sweep(1_000);

    expect((await tx.commit()).status).toBe("ABORTED");
    expect(UPSERT).not.toBe(text);
  });
});
