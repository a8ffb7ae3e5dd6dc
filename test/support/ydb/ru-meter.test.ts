import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Usage } from "./double.ts";
import { count, rowsOf, valued } from "./raw-client.ts";
import { NO_USAGE, ruOf } from "./ru-meter.ts";
import { DATABASE, DELETE, GET, KEY, openWorld, ROW, SCAN, UPSERT, type World } from "./world.ts";

describe("a request unit", () => {
  it.each<[string, Partial<Usage>, number]>([
    ["nothing, as assumed", {}, 1],
    ["a row", { rowsRead: 1, bytesRead: 100 }, 1],
    ["4 KiB in a row", { rowsRead: 1, bytesRead: 4096 }, 1],
    ["a byte more", { rowsRead: 1, bytesRead: 4097 }, 2],
    ["five small rows", { rowsRead: 5, bytesRead: 500 }, 5],
    ["a row written", { rowsWritten: 1, bytesWritten: 1024 }, 2],
    ["a row of 1,025 bytes", { rowsWritten: 1, bytesWritten: 1025 }, 4],
    ["three rows of 2,048 bytes together", { rowsWritten: 3, bytesWritten: 2048 }, 6],
    ["a row deleted", { rowsDeleted: 1 }, 2],
    ["rows written and deleted", { rowsWritten: 2, bytesWritten: 10, rowsDeleted: 3 }, 10],
    // The example of the published rules: 2 × 1 RU for reads, 3 × 2 RU for writes.
    [
      "two rows read, two written with 2,456 bytes",
      { rowsRead: 2, bytesRead: 16, rowsWritten: 2, bytesWritten: 2456 },
      8,
    ],
  ])("%s", (_what, usage, ru) => {
    expect(ruOf({ ...NO_USAGE, ...usage }, 1)).toBe(ru);
  });

  it("may be none for a request that touches no row", () => {
    expect(ruOf(NO_USAGE, 0)).toBe(0);
  });
});

let world: World;
beforeEach(async () => {
  world = await openWorld();
  // 3 + 8 + 1,200 bytes, and 3 + 8 + 3.
  await world.put(["ada", 1n, "x".repeat(1_200)], ["ada", 2n, "two"]);
});
afterEach(async () => await world.close());

describe("the log", () => {
  it("shows what every request touched and cost", async () => {
    const get = (rank: bigint) => ({
      text: GET,
      parameters: { $p0: valued("ada"), $p1: valued(rank) },
    });
    await world.client.execute(get(1n));
    await world.client.execute(get(9n));
    await world.client.execute({ text: SCAN, parameters: { $p0: valued("ada"), $p1: count(9) } });
    await world.client.execute({
      text: DELETE,
      parameters: {
        $p0: rowsOf(KEY, [
          ["ada", 2n],
          ["ada", 9n],
        ]),
      },
    });
    await world.client.execute({ text: "SELECT 1;" });
    await world.client.execute({ text: "SELECT 2;" });

    const lines = world.double.log
      .filter(({ method }) => method === "ExecuteDataQuery")
      .map((entry) => [
        [entry.rowsRead, entry.bytesRead, entry.rowsWritten, entry.bytesWritten, entry.rowsDeleted],
        entry.ru,
        entry.status,
      ]);
    expect(lines).toEqual([
      [[0, 0, 2, 1_225, 0], 4, "SUCCESS"],
      [[1, 1_211, 0, 0, 0], 1, "SUCCESS"],
      [[0, 0, 0, 0, 0], 1, "SUCCESS"],
      [[2, 1_225, 0, 0, 0], 2, "SUCCESS"],
      [[0, 0, 0, 0, 2], 4, "SUCCESS"],
      [[0, 0, 0, 0, 0], 1, "SUCCESS"],
      [[0, 0, 0, 0, 0], 0, "GENERIC_ERROR"],
    ]);
    expect(world.double.counters.ru).toBe(13);
  });

  it("has the statements without their declarations, and who sent them", async () => {
    const more = {
      queryCachePolicy: { keepInCache: true },
      operationParams: { labels: { label: "tick" } },
    };
    world.double.reset();
    const { transaction } = await world.client.execute({ text: "SELECT 1;", commit: false, more });

    expect(world.double.log).toMatchObject([
      {
        database: DATABASE,
        method: "ExecuteDataQuery",
        label: "tick",
        texts: ["SELECT 1;"],
        transaction,
        commits: false,
        keepsPlan: true,
      },
    ]);
  });

  it("bills no write of a commit that is aborted, and no other call for anything", async () => {
    const session = await world.client.session();
    const read = { text: SCAN, parameters: { $p0: valued("ada"), $p1: count(9) }, commit: false };
    const { transaction } = await world.client.execute({ ...read, session });
    await world.put(["ada", 2n, "theirs"]);
    world.double.reset();

    const rows = rowsOf(ROW, [["ada", 3n, "mine"]]);
    const write = { text: UPSERT, parameters: { $p0: rows } };
    await world.client.execute({ ...write, session, transaction });
    await world.client.session();

    expect(world.double.log.map(({ status, ru }) => [status, ru])).toEqual([
      ["ABORTED", 1],
      ["SUCCESS", 0],
    ]);
    expect(world.double.counters).toMatchObject({ conflicts: 1, commits: 0, ru: 1 });
  });

  it("is kept only where it is wanted; the counters are kept anyway", async () => {
    const quiet = await openWorld({ keepsLog: false, leastRu: 0 });
    await quiet.put(["ada", 1n, "x"]);
    await quiet.client.execute({ text: "SELECT 1;" });
    await quiet.close();

    expect(quiet.double.log).toEqual([]);
    expect(quiet.double.counters).toMatchObject({
      ru: 2,
      rowsWritten: 1,
      bytesWritten: 12,
      commits: 1,
    });
    expect(quiet.double.counters.calls).toEqual(
      new Map([
        ["CreateSession", 1],
        ["ExecuteDataQuery", 2],
      ]),
    );
  });
});

describe("a throttled database", () => {
  const scan = { text: SCAN, parameters: { $p0: valued("ada"), $p1: count(9) } };
  const wake = (rate: number, burst: number, refusal: "OVERLOADED" | "RESOURCE_EXHAUSTED") => {
    let nowMs = 1_000;
    world.double.throttle(DATABASE, { rate, burst, refusal, nowMs: () => nowMs });
    return (ms: number) => (nowMs += ms);
  };

  it("rejects queries once they have taken out what flowed in, and serves them again later", async () => {
    const advance = wake(10, 3, "OVERLOADED");
    const statuses = async (times: number): Promise<readonly string[]> => {
      const found: string[] = [];
      for (let n = 0; n < times; n += 1) found.push((await world.client.execute(scan)).status);
      return found;
    };

    // Two of 2 RU overdraw the 3 RU by one.
    expect(await statuses(3)).toEqual(["SUCCESS", "SUCCESS", "OVERLOADED"]);
    advance(100);
    expect(await statuses(1)).toEqual(["OVERLOADED"]);
    advance(1);
    expect(await statuses(2)).toEqual(["SUCCESS", "OVERLOADED"]);
    advance(1_000_000);
    expect(await statuses(3)).toEqual(["SUCCESS", "SUCCESS", "OVERLOADED"]);
    expect(world.double.counters.throttled).toBe(4);
  });

  it("rejects everything at a limit of zero, before it has any effect", async () => {
    wake(0, 0, "RESOURCE_EXHAUSTED");

    await expect(world.put(["ada", 3n, "x"])).rejects.toMatchObject({
      code: 8,
      details: "Throughput limit exceeded",
    });

    expect(world.rows()).toHaveLength(2);
    expect(world.double.log.at(-1)).toMatchObject({ status: "gRPC 8", ru: 0 });
  });

  it("opens sessions all the same", async () => {
    wake(0, 0, "OVERLOADED");
    expect(await world.client.session()).not.toBe("");
  });
});
