import type { TypedValue } from "@ydbjs/api/value";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cellValue, count, type RawAnswer, rowsOf, typeOf, valued } from "./raw-client.ts";
import type { Init } from "./wire.ts";
import { DELETE, GET, KEY, openWorld, ROW, SCAN, UPSERT, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
  await world.put(["ada", 1n, "one"]);
});
afterAll(async () => await world.close());

type Parameters = Readonly<Record<string, Init<TypedValue>>>;

async function send(text: string, parameters: Parameters): Promise<RawAnswer> {
  return await world.client.execute({ text, parameters });
}

const ADA = { $p0: valued("ada"), $p1: valued(1n) };
const INT64: Init<TypedValue>["type"] & object = typeOf("Int64");

describe("a value that is sent as it is declared", () => {
  it.each([[0n], [-1n], [2n ** 31n], [2n ** 53n + 1n], [-(2n ** 63n)], [2n ** 63n - 1n]])(
    "keeps Int64 %d exact",
    async (rank) => {
      await world.put(["numbers", rank, ""]);
      const answer = await send(GET, { $p0: valued("numbers"), $p1: valued(rank) });
      expect(answer.results[0]?.rows).toEqual([["numbers", rank, "", null]]);
    },
  );

  it.each(["", "a\0b", "ß😀", '"`$;', "\uffff"])("keeps the text %j", async (owner) => {
    await world.put([owner, 1n, owner]);
    const answer = await send(GET, { $p0: valued(owner), $p1: valued(1n) });
    expect(answer.results[0]?.rows).toEqual([[owner, 1n, owner, null]]);
  });
});

describe("a parameter is refused that", () => {
  it.each<[string, string, Parameters, string]>([
    ["is missing", GET, { $p0: valued("ada") }, "$p1 is declared and not sent"],
    ["is not declared", GET, { ...ADA, $p2: valued(1n) }, "$p2 is sent and not declared"],
    ["lacks its $", GET, { ...ADA, p0: valued("ada") }, "p0 is sent and not declared"],
    ["has no type", GET, { ...ADA, $p1: { value: cellValue(1n) } }, "without a type"],
    ["has no value", GET, { ...ADA, $p1: { type: INT64 } }, "without a value"],
    [
      "has an empty type",
      GET,
      { ...ADA, $p1: { type: {}, value: cellValue(1n) } },
      "sent as no type",
    ],
    [
      "has a value that is not set",
      GET,
      { ...ADA, $p1: { type: INT64, value: {} } },
      "nothing is set",
    ],
    ["is of another type", GET, { ...ADA, $p1: valued("1") }, "declared as Int64 and sent as UTF8"],
    ["is unsigned", GET, { ...ADA, $p1: count(1) }, "declared as Int64 and sent as UINT64"],
    [
      "may be null",
      GET,
      { ...ADA, $p1: { type: typeOf("Int64?"), value: cellValue(1n) } },
      "sent as INT64?",
    ],
    [
      "is null",
      GET,
      { ...ADA, $p1: { type: INT64, value: cellValue(null) } },
      "nullFlagValue is set",
    ],
    [
      "sets another value than its type",
      GET,
      { ...ADA, $p1: { type: INT64, value: cellValue("1") } },
      "textValue is set",
    ],
    [
      "holds items beside its value",
      GET,
      { ...ADA, $p1: { type: INT64, value: { ...cellValue(1n), items: [{}] } } },
      "not items",
    ],
    [
      "limits by a signed number",
      SCAN,
      { $p0: valued("ada"), $p1: valued(1n) },
      "declared as Uint64 and sent as INT64",
    ],
    ["is one value instead of a list", DELETE, { $p0: valued("ada") }, "declared as List"],
    ["is a list instead of one value", GET, { ...ADA, $p0: rowsOf(KEY, []) }, "sent as listType"],
    ["lacks a member", UPSERT, { $p0: rowsOf(KEY, []) }, "and sent with owner, rank"],
    ["has one member more", DELETE, { $p0: rowsOf(ROW, []) }, "sent with owner, rank, note"],
    [
      "has its members in another order",
      DELETE,
      { $p0: rowsOf({ rank: "Int64", owner: "Utf8" }, []) },
      "sent with rank, owner",
    ],
    [
      "has a nullable key column",
      DELETE,
      { $p0: rowsOf({ owner: "Utf8?", rank: "Int64" }, []) },
      "sent as UTF8?",
    ],
    [
      "has a member that cannot be null",
      UPSERT,
      { $p0: rowsOf({ ...ROW, note: "Utf8" }, []) },
      "declared as Utf8? and sent as UTF8",
    ],
    [
      "has a key column that is null",
      DELETE,
      { $p0: rowsOf(KEY, [["ada", null]]) },
      "[0].rank is Int64, but nullFlagValue",
    ],
    [
      "has a row that is too short",
      DELETE,
      { $p0: rowsOf(KEY, [["ada"]]) },
      "1 values for 2 members",
    ],
    [
      "has a row that is too long",
      DELETE,
      { $p0: rowsOf(KEY, [["ada", 1n, 1n]]) },
      "3 values for 2 members",
    ],
    [
      "has a row of another type",
      DELETE,
      {
        $p0: rowsOf(KEY, [
          ["ada", 1n],
          ["ada", "1"],
        ]),
      },
      "[1].rank is Int64, but textValue",
    ],
    [
      "is a list that is a value",
      DELETE,
      { $p0: { ...rowsOf(KEY, []), value: cellValue("x") } },
      "not as items",
    ],
    [
      "has a key twice",
      DELETE,
      {
        $p0: rowsOf(KEY, [
          ["ada", 1n],
          ["ada", 1n],
        ]),
      },
      "written twice",
    ],
  ])("%s", async (_what, text, parameters, why) => {
    const answer = await send(text, parameters);

    expect(answer.status).toBe("BAD_REQUEST");
    expect(answer.message).toContain(why);
    expect(world.rows()).toContain("ada 1 one");
  });

  it.each([
    [
      "DECLARE $p0 AS Utf8?; DECLARE $p1 AS Int64; SELECT note FROM `things` WHERE owner = $p0 AND rank = $p1;",
    ],
    [
      "DECLARE $p0 AS Utf8; DECLARE $p1 AS Uint64; SELECT note FROM `things` WHERE owner = $p0 AND rank = $p1;",
    ],
    [
      "DECLARE $p0 AS Utf8; DECLARE $p1 AS List<Struct<a:Utf8>>; SELECT note FROM `things` WHERE owner = $p0 AND rank = $p1;",
    ],
    [
      "DECLARE $p0 AS List<Struct<owner:Utf8?,rank:Int64>>; DELETE FROM `things` ON SELECT owner, rank FROM AS_TABLE($p0);",
    ],
    [
      "DECLARE $p0 AS List<Struct<owner:Utf8,rank:Uint64>>; DELETE FROM `things` ON SELECT owner, rank FROM AS_TABLE($p0);",
    ],
    [
      "DECLARE $p0 AS List<Struct<owner:Utf8,rank:Int64,note:Int64?>>; UPSERT INTO `things` (owner, rank, note) SELECT owner, rank, note FROM AS_TABLE($p0);",
    ],
  ])("is declared with a type that its column does not have: %s", async (text) => {
    const { status, message } = await send(text, {});

    expect(status).toBe("BAD_REQUEST");
    // The plan comes before the values, which are not sent at all.
    expect(message).not.toContain("not sent");
  });

  it("is a plain value for a nullable column is none of them: it is just never null", async () => {
    const text =
      "DECLARE $p0 AS List<Struct<owner:Utf8,rank:Int64,note:Utf8>>; " +
      "UPSERT INTO `things` (owner, rank, note) SELECT owner, rank, note FROM AS_TABLE($p0);";
    const rows = rowsOf({ ...ROW, note: "Utf8" }, [["plain", 1n, "x"]]);

    await send(text, { $p0: rows });

    expect(world.rows()).toContain("plain 1 x");
  });
});
