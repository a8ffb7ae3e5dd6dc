import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { count, rawClient, rowsOf, valued } from "./raw-client.ts";
import { DELETE, GET, KEY, openWorld, ROW, UPSERT, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
  await world.put(["ada", 1n, "one"], ["ada", 2n, "two"], ["ada", 3n, "three"], ["bob", 1n, "x"]);
});
afterAll(async () => await world.close());

const FIND = "SELECT owner, rank, note FROM `things`";

describe("a text of the record layer's shapes", () => {
  it.each([
    [
      "finds a row by its whole key",
      `DECLARE $p0 AS Utf8; DECLARE $p1 AS Int64; ${FIND} WHERE owner = $p0 AND rank = $p1;`,
      ["ada", 2n],
      [2n],
    ],
    [
      "scans a prefix",
      `DECLARE $p0 AS Utf8; DECLARE $p1 AS Uint64; ${FIND} WHERE owner = $p0 ORDER BY owner, rank LIMIT $p1;`,
      ["ada", 2],
      [1n, 2n],
    ],
    [
      "scans downwards",
      `DECLARE $p0 AS Utf8; DECLARE $p1 AS Uint64; ${FIND} WHERE owner = $p0 ORDER BY owner DESC, rank DESC LIMIT $p1;`,
      ["ada", 2],
      [3n, 2n],
    ],
    [
      "scans the whole table",
      `DECLARE $p0 AS Uint64; ${FIND} ORDER BY owner, rank LIMIT $p0;`,
      [9],
      [1n, 2n, 3n, 1n],
    ],
    [
      "begins at an inclusive bound",
      `DECLARE $p0 AS Utf8; DECLARE $p1 AS Int64; DECLARE $p2 AS Uint64; ${FIND} WHERE owner = $p0 AND rank >= $p1 ORDER BY owner, rank LIMIT $p2;`,
      ["ada", 2n, 9],
      [2n, 3n],
    ],
    [
      "resumes behind a cursor of one column",
      `DECLARE $p0 AS Utf8; DECLARE $p1 AS Int64; DECLARE $p2 AS Uint64; ${FIND} WHERE owner = $p0 AND rank > $p1 ORDER BY owner, rank LIMIT $p2;`,
      ["ada", 2n, 9],
      [3n],
    ],
    [
      "resumes behind a cursor of all columns",
      `DECLARE $p0 AS Utf8; DECLARE $p1 AS Int64; DECLARE $p2 AS Uint64; ${FIND} WHERE (owner, rank) > ($p0, $p1) ORDER BY owner, rank LIMIT $p2;`,
      ["ada", 2n, 9],
      [3n, 1n],
    ],
    [
      "ends at an inclusive bound",
      `DECLARE $p0 AS Utf8; DECLARE $p1 AS Int64; DECLARE $p2 AS Uint64; ${FIND} WHERE owner = $p0 AND rank <= $p1 ORDER BY owner, rank LIMIT $p2;`,
      ["ada", 2n, 9],
      [1n, 2n],
    ],
    [
      "ends at an inclusive bound of the first column",
      `DECLARE $p0 AS Utf8; DECLARE $p1 AS Uint64; ${FIND} WHERE owner <= $p0 ORDER BY owner, rank LIMIT $p1;`,
      ["ada", 9],
      [1n, 2n, 3n],
    ],
    [
      "ends before a cursor",
      `DECLARE $p0 AS Utf8; DECLARE $p1 AS Int64; DECLARE $p2 AS Uint64; ${FIND} WHERE (owner, rank) < ($p0, $p1) ORDER BY owner DESC, rank DESC LIMIT $p2;`,
      ["ada", 3n, 9],
      [2n, 1n],
    ],
    [
      "has a bound on either side",
      `DECLARE $p0 AS Utf8; DECLARE $p1 AS Int64; DECLARE $p2 AS Int64; DECLARE $p3 AS Uint64; ${FIND} WHERE owner = $p0 AND rank > $p1 AND rank <= $p2 ORDER BY owner, rank LIMIT $p3;`,
      ["ada", 1n, 2n, 9],
      [2n],
    ],
  ])("%s", async (_what, text, values, ranks) => {
    const sent = values.map((value) => (typeof value === "number" ? count(value) : valued(value)));
    const parameters = Object.fromEntries(sent.map((value, index) => [`$p${index}`, value]));

    const answer = await world.client.execute({ text, parameters });

    expect(answer.message).toBe("");
    expect(answer.results.map(({ rows }) => rows.map((row) => row[1]))).toEqual([ranks]);
  });

  it("has one result set for each of its reads, in order", async () => {
    const text =
      "DECLARE $p0 AS Utf8; DECLARE $p1 AS Int64; DECLARE $p2 AS Uint64; " +
      "SELECT note FROM `things` WHERE owner = $p0 AND rank = $p1; " +
      "SELECT rank, owner FROM `things` ORDER BY owner, rank LIMIT $p2;";
    const parameters = { $p0: valued("bob"), $p1: valued(9n), $p2: count(1) };

    const { results } = await world.client.execute({ text, parameters });

    expect(results).toEqual([
      { columns: ["note"], rows: [], isTruncated: false },
      { columns: ["rank", "owner"], rows: [[1n, "ada"]], isTruncated: false },
    ]);
  });

  it("writes and deletes in one request", async () => {
    const text =
      "DECLARE $p0 AS List<Struct<owner:Utf8,rank:Int64,note:Utf8?>>; " +
      "DECLARE $p1 AS List<Struct<owner:Utf8,rank:Int64>>; " +
      "UPSERT INTO `things` (owner, rank, note) SELECT owner, rank, note FROM AS_TABLE($p0); " +
      "DELETE FROM `things` ON SELECT owner, rank FROM AS_TABLE($p1);";
    await world.put(["eve", 1n, "gone soon"]);
    const parameters = { $p0: rowsOf(ROW, [["eve", 2n, null]]), $p1: rowsOf(KEY, [["eve", 1n]]) };

    const answer = await world.client.execute({ text, parameters });

    expect(answer).toMatchObject({ status: "SUCCESS", transaction: "", results: [] });
    expect(world.rows().filter((row) => row.startsWith("eve"))).toEqual(["eve 2 null"]);
  });

  it("asks for nothing by SELECT 1", async () => {
    const { results } = await world.client.execute({ text: "SELECT 1;" });

    expect(results).toEqual([{ columns: ["column0"], rows: [[1n]], isTruncated: false }]);
  });

  it("keeps the cells that an upsert does not name, and sets those that it names to NULL", async () => {
    const text =
      "DECLARE $p0 AS List<Struct<owner:Utf8,rank:Int64,expire_at:Uint64?>>; UPSERT INTO `things` " +
      "(owner, rank, expire_at) SELECT owner, rank, expire_at FROM AS_TABLE($p0);";
    const members = { owner: "Utf8", rank: "Int64", expire_at: "Uint64?" };
    await world.put(["kim", 1n, "kept"]);
    await world.client.execute({ text, parameters: { $p0: rowsOf(members, [["kim", 1n, null]]) } });
    expect(world.rows()).toContain("kim 1 kept");

    await world.client.execute({
      text: UPSERT,
      parameters: { $p0: rowsOf(ROW, [["kim", 1n, null]]) },
    });
    expect(world.rows()).toContain("kim 1 null");
  });

  it("writes an empty list, which is nothing", async () => {
    const before = world.rows();
    await world.client.execute({ text: DELETE, parameters: { $p0: rowsOf(KEY, []) } });
    expect(world.rows()).toEqual(before);
  });
});

describe("any other text is refused", () => {
  const OWNER = "DECLARE $p0 AS Utf8;";
  const BOTH = "DECLARE $p0 AS Utf8; DECLARE $p1 AS Int64;";
  const LIMITED = "DECLARE $p0 AS Utf8; DECLARE $p1 AS Uint64;";
  it.each([
    ["", "empty"],
    ["SELECT 1", "expected ;"],
    ["select 1;", "expected SELECT"],
    ["SELECT 2;", "expected a word"],
    ["SELECT 1; SELECT 1;", "alone"],
    ["SELECT * FROM `things`;", "Unexpected *"],
    ["SELECT owner FROM things;", "expected a quoted name"],
    ["SELECT owner FROM `things`;", "ORDER BY and LIMIT"],
    ["SELECT owner FROM `things` -- all of them\n;", "expected ;"],
    ["INSERT INTO `things` (owner) SELECT owner FROM AS_TABLE($p0);", "expected SELECT"],
    ["DELETE FROM `things`;", "expected ON"],
    ["DELETE FROM `things` WHERE owner = $p0;", "expected ON"],
    ["UPDATE `things` SET note = NULL;", "expected SELECT"],
    [`${OWNER} SELECT owner FROM \`things\` WHERE owner = $p0;`, "ORDER BY and LIMIT"],
    [
      `${OWNER} SELECT owner FROM \`things\` WHERE owner = "ada" ORDER BY owner, rank LIMIT $p0;`,
      "expected a parameter",
    ],
    [
      `${OWNER} SELECT owner FROM \`things\` WHERE owner = $p0 ORDER BY owner, rank LIMIT 5;`,
      "expected a parameter",
    ],
    [`${OWNER} SELECT owner FROM \`things\` ORDER BY owner, rank LIMIT $p0;`, "Uint64 belongs"],
    [
      `${LIMITED} SELECT owner FROM \`things\` WHERE owner = $p0 ORDER BY rank LIMIT $p1;`,
      "the whole key",
    ],
    [
      `${LIMITED} SELECT owner FROM \`things\` WHERE owner = $p0 ORDER BY owner DESC, rank LIMIT $p1;`,
      "one way",
    ],
    [
      `${LIMITED} SELECT owner FROM \`things\` WHERE owner = $p0 ORDER BY owner ASC, rank ASC LIMIT $p1;`,
      "expected LIMIT",
    ],
    [
      `${LIMITED} SELECT owner FROM \`things\` WHERE note = $p0 ORDER BY owner, rank LIMIT $p1;`,
      "leading ones",
    ],
    [
      `${LIMITED} SELECT owner FROM \`things\` WHERE owner > $p0 ORDER BY owner, rank LIMIT $p1;`,
      "no place",
    ],
    [
      `${LIMITED} SELECT owner FROM \`things\` WHERE owner != $p0 ORDER BY owner, rank LIMIT $p1;`,
      "Unexpected !",
    ],
    [
      `${LIMITED} SELECT owner FROM \`things\` WHERE owner <= $p0 AND owner >= $p0 ORDER BY owner, rank LIMIT $p1;`,
      "no place",
    ],
    [
      `${LIMITED} SELECT owner FROM \`things\` WHERE owner = $p0 OR owner = $p0 ORDER BY owner, rank LIMIT $p1;`,
      "expected ;",
    ],
    [
      `${LIMITED} SELECT owner FROM \`things\` VIEW v WHERE owner = $p0 ORDER BY owner, rank LIMIT $p1;`,
      "expected ;",
    ],
    [
      `${LIMITED} SELECT owner, owner FROM \`things\` WHERE owner = $p0 ORDER BY owner, rank LIMIT $p1;`,
      "twice",
    ],
    [`${BOTH} SELECT owner FROM \`things\` WHERE rank = $p1 AND owner = $p0;`, "leading ones"],
    [`${BOTH} SELECT owner FROM \`things\` WHERE (owner, rank) = ($p0, $p1);`, "leading ones"],
    [`${BOTH} SELECT owner FROM \`things\` WHERE (owner, rank) > ($p0);`, "as many parameters"],
    [`${BOTH} SELECT owner FROM \`things\` WHERE (owner) > ($p0);`, "two columns"],
    [`${BOTH} SELECT owner FROM \`things\` WHERE owner = $p1 AND rank = $p0;`, "belongs"],
    [
      `${BOTH} SELECT owner FROM \`things\` WHERE owner = $p0 AND rank = $p1 ORDER BY owner, rank LIMIT $p1;`,
      "a get has no ORDER BY",
    ],
    [
      `${BOTH} SELECT owner FROM \`things\` WHERE owner = $p0 AND rank = $p1; DECLARE $p2 AS Utf8;`,
      "expected SELECT",
    ],
    [
      "DECLARE $p0 AS List<Struct<owner:Utf8>>; DELETE FROM `things` ON SELECT owner FROM AS_TABLE($p0);",
      "columns of the key",
    ],
    [
      "DECLARE $p0 AS List<Struct<rank:Int64,owner:Utf8>>; DELETE FROM `things` ON SELECT rank, owner FROM AS_TABLE($p0);",
      "columns of the key",
    ],
    [
      "DECLARE $p0 AS List<Struct<owner:Utf8,note:Utf8?>>; UPSERT INTO `things` (owner, note) SELECT owner, note FROM AS_TABLE($p0);",
      "supplies rank",
    ],
    [
      "DECLARE $p0 AS List<Struct<owner:Utf8,rank:Int64>>; UPSERT INTO `things` (owner, rank) SELECT rank, owner FROM AS_TABLE($p0);",
      "that it names",
    ],
    [
      "DECLARE $p0 AS List<Struct<owner:Utf8,rank:Int64,note:Utf8>>; UPSERT INTO `things` (owner, rank) SELECT owner, rank FROM AS_TABLE($p0);",
      "members",
    ],
    [
      "DECLARE $p0 AS List<Struct<owner:Utf8,rank:Int64>>; UPSERT INTO `things` SELECT * FROM AS_TABLE($p0);",
      "Unexpected *",
    ],
    [
      "DECLARE $p0 AS Utf8; UPSERT INTO `things` (owner, rank) SELECT owner, rank FROM AS_TABLE($p0);",
      "no list",
    ],
    ["DECLARE $p0 AS Json; SELECT 1;", "no type Json"],
    ["DECLARE $x AS Utf8; SELECT 1;", "$p0, not of $x"],
    ["DECLARE $p1 AS Utf8; SELECT 1;", "$p0, not of $p1"],
    ["DECLARE $p0 AS Utf8; SELECT 1;", "not used"],
    ["SELECT owner FROM `things` ORDER BY owner, rank LIMIT $p0;", "not declared"],
    ["CREATE TABLE IF NOT EXISTS `t` (a Utf8 NOT NULL, PRIMARY KEY (a));", "changes no schema"],
    ["ALTER TABLE `things` ADD COLUMN more Utf8;", "changes no schema"],
  ])("%s", async (text, why) => {
    const answer = await world.client.execute({ text });

    expect(["BAD_REQUEST", "GENERIC_ERROR"]).toContain(answer.status);
    expect(answer.message).toContain(why);
  });

  it.each([
    ["SELECT owner FROM `nothing` ORDER BY owner LIMIT $p0;", "no table nothing"],
    ["SELECT weight FROM `things` ORDER BY owner, rank LIMIT $p0;", "no column weight"],
    [
      "SELECT owner FROM `things` WHERE weight <= $p0 ORDER BY owner, rank LIMIT $p0;",
      "no column weight",
    ],
    ["SELECT owner FROM `things` ORDER BY owner, weight LIMIT $p0;", "no column weight"],
  ])("%s names what there is not", async (text, why) => {
    const answer = await world.client.execute({ text: `DECLARE $p0 AS Uint64; ${text}` });

    expect(answer).toMatchObject({ status: "SCHEME_ERROR" });
    expect(answer.message).toContain(why);
  });

  it("and so is a table that another database has", async () => {
    const parameters = { $p0: valued("ada"), $p1: valued(1n) };
    const other = rawClient(world.double, "/other");

    const here = await world.client.execute({ text: GET, parameters });
    const there = await other.execute({ text: GET, parameters });

    other.close();
    expect([here.status, there.status]).toEqual(["SUCCESS", "SCHEME_ERROR"]);
  });
});
