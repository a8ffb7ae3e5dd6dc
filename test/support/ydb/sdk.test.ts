import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  Driver,
  ExecuteQuerySettings,
  OperationParams,
  StatusCode,
  TokenAuthService,
  type TableSession,
  TypedValues,
  Types,
  type Ydb,
  YdbError,
} from "ydb-sdk";
import { DATABASE, DELETE, GET, openWorld, SCAN, UPSERT, type World } from "./world.ts";

let world: World;
let driver: Driver;
beforeEach(async () => {
  world = await openWorld();
  driver = driverOf("token");
  await driver.ready(10_000);
});
afterEach(async () => {
  await driver.destroy();
  await world.close();
});

/** The SDK as its users have it: nothing in it is replaced. */
function driverOf(token: string): Driver {
  const authService = new TokenAuthService(token);
  return new Driver({ connectionString: world.double.url(DATABASE), authService });
}

const ROW_TYPE = Types.struct({
  owner: Types.UTF8,
  rank: Types.INT64,
  note: Types.optional(Types.UTF8),
});

function rows(...values: readonly unknown[]): Ydb.ITypedValue {
  return TypedValues.fromNative(Types.list(ROW_TYPE), [...values] as never);
}

const BEGIN = { beginTx: { serializableReadWrite: {} }, commitTx: false };

async function put(session: TableSession, note: string, txId?: string): Promise<void> {
  const control = txId === undefined ? undefined : { txId, commitTx: true };
  await session.executeQuery(
    UPSERT,
    { $p0: rows({ owner: "ada", rank: "9007199254740993", note }) },
    control,
  );
}

const ADA = { $p0: TypedValues.utf8("ada"), $p1: TypedValues.int64("9007199254740993" as never) };

describe("the unmodified SDK", () => {
  it("reads, writes and commits in two requests", async () => {
    const txIds = await driver.tableClient.withSession(async (session) => {
      const read = await session.executeQuery(GET, ADA, BEGIN);
      await put(session, "new", read.txMeta?.id ?? "");
      return read.txMeta?.id;
    });

    expect(txIds).toMatch(/^tx-/);
    expect(world.rows()).toEqual(["ada 9007199254740993 new"]);
  });

  it("gets every value back that it wrote", async () => {
    const { resultSets } = await driver.tableClient.withSession(async (session) => {
      await put(session, "ß😀");
      return await session.executeQuery(SCAN, { $p0: ADA.$p0, $p1: TypedValues.uint64(9) });
    });

    expect(resultSets[0]?.columns?.map(({ name }) => name)).toEqual([
      "owner",
      "rank",
      "note",
      "expire_at",
    ]);
    const [owner, rank, note, expireAt] = resultSets[0]?.rows?.[0]?.items ?? [];
    expect([owner?.textValue, String(rank?.int64Value), note?.textValue]).toEqual([
      "ada",
      "9007199254740993",
      "ß😀",
    ]);
    expect(expireAt?.nullFlagValue).toBe(0);
    expect(resultSets[0]?.truncated).toBe(false);
  });

  it("meets a conflict as its own kind of error", async () => {
    const error = await driver.tableClient.withSession(async (session) => {
      const read = await session.executeQuery(GET, ADA, BEGIN);
      await world.put(["ada", 9_007_199_254_740_993n, "theirs"]);
      return await put(session, "mine", read.txMeta?.id ?? "").catch((cause: unknown) => cause);
    });

    expect(error).toBeInstanceOf(YdbError);
    expect((error as YdbError).constructor).toHaveProperty("status", StatusCode.ABORTED);
    expect((error as YdbError).issues).toMatchObject([{ issueCode: 2001 }]);
  });

  it("deletes, and commits nothing by SELECT 1", async () => {
    const type = Types.list(Types.struct({ owner: Types.UTF8, rank: Types.INT64 }));
    await world.put(["ada", 1n, "x"]);

    await driver.tableClient.withSession(async (session) => {
      const keys = TypedValues.fromNative(type, [{ owner: "ada", rank: 1 }] as never);
      await session.executeQuery(DELETE, { $p0: keys });
      await session.executeQuery("SELECT 1;", {});
    });

    expect(world.rows()).toEqual([]);
  });

  it("is refused where it sends a bigint, which it encodes as zero in a type of its own making", async () => {
    // The text says Int64; what is sent says so too, and is 0: only the value is wrong, so it is found.
    const answer = await driver.tableClient.withSession(
      async (session) =>
        await session.executeQuery(UPSERT, { $p0: rows({ owner: "a", rank: 5n, note: "" }) }),
    );

    expect(answer.resultSets).toEqual([]);
    expect(world.rows()).toEqual(["a 0 "]);
  });

  it("is refused where it leaves a value unset", async () => {
    const call = driver.tableClient.withSession(
      async (session) =>
        await session.executeQuery(UPSERT, { $p0: rows({ owner: "a", rank: null, note: "" }) }),
    );

    await expect(call).rejects.toThrow("[0].rank is Int64, but nothing is set");
  });

  it("changes the schema by text through its query client, and describes it", async () => {
    const text =
      "CREATE TABLE IF NOT EXISTS `made` (id Utf8 NOT NULL, body Utf8, PRIMARY KEY (id)) " +
      "WITH (AUTO_PARTITIONING_BY_SIZE = ENABLED);";
    await driver.queryClient.do({ fn: async (session) => await session.execute({ text }) });

    const described = await driver.tableClient.withSession(
      async (session) => await session.describeTable("made"),
    );
    const listed = await driver.schemeClient.listDirectory("");

    expect(described.primaryKey).toEqual(["id"]);
    expect(listed.children.map(({ name }) => name)).toEqual(["made", "things"]);
  });

  it("meets a mistake in DDL as an error", async () => {
    const text = "ALTER TABLE `nothing` ADD COLUMN more Utf8;";
    const call = driver.queryClient.do({ fn: async (session) => await session.execute({ text }) });

    await expect(call).rejects.toThrow("no table nothing");
  });

  it("drops a session when the server hints that it should", async () => {
    world.double.fault({
      method: "ExecuteDataQuery",
      when: "after",
      outcome: "session-close hint",
    });

    const first = await driver.tableClient.withSession(async (session) => {
      await session.executeQuery("SELECT 1;");
      return session.sessionId;
    });

    await expect
      .poll(() => world.double.log.some(({ method }) => method === "DeleteSession"))
      .toBe(true);
    const deleted = world.double.log.find(({ method }) => method === "DeleteSession");
    expect(deleted?.session).toBe(first);
  });

  it("reads what a query cost from the trailer, and may name the query", async () => {
    let units: unknown;
    const settings = new ExecuteQuerySettings()
      .withKeepInCache(true)
      .withOperationParams(new OperationParams().withLabels({ label: "tick" }));
    settings.onResponseMetadata = (metadata) => (units = metadata.get("x-ydb-consumed-units"));

    await driver.tableClient.withSession(async (session) => {
      await session.executeQuery(
        UPSERT,
        { $p0: rows({ owner: "a", rank: 1, note: "x" }) },
        undefined,
        settings,
      );
    });

    expect(units).toEqual(["2"]);
    expect(world.double.log.at(-1)).toMatchObject({ label: "tick", keepsPlan: true, ru: 2 });
  });

  it("meets a lost connection as the error of its transport, and goes on afterwards", async () => {
    world.double.fault({ method: "ExecuteDataQuery", when: "after", outcome: "drop connection" });
    const call = async (): Promise<void> => {
      await driver.tableClient.withSession(async (session) => await put(session, "kept"));
    };

    await expect(call()).rejects.toMatchObject({ code: 14 });

    expect(world.rows()).toEqual(["ada 9007199254740993 kept"]);
    await expect
      .poll(
        async () =>
          await call().then(
            () => "served",
            () => "refused",
          ),
      )
      .toBe("served");
  });
});
