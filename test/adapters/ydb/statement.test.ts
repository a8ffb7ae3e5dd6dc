import { describe, expect, it } from "vitest";
import { queryOf, type Statement, statementOf } from "../../../shared/adapters/ydb/statement.ts";
import { limitParameter } from "../../../shared/adapters/ydb/value-codec.ts";
import { limits } from "../../../shared/core/limits.ts";

/** A statement that counts how often a text was made of it. */
function countedStatement(): { readonly statement: Statement; readonly built: () => number } {
  const { types, bytes } = statementOf("SELECT ?;", ["Uint64"]);
  let count = 0;
  const statement = {
    types,
    bytes,
    get text() {
      count += 1;
      return "SELECT ?;";
    },
  };
  return { statement, built: () => count };
}

describe("the text of a request", () => {
  it("numbers the parameters over all of its statements, and declares them in front", () => {
    const one = statementOf("SELECT ?;", ["Uint64"]);
    const two = statementOf("SELECT ?, ?;", ["Int64", "Utf8"]);
    expect(queryOf([two, one], [limitParameter(1), limitParameter(2), limitParameter(3)])).toEqual({
      text: [
        "DECLARE $p0 AS Int64;",
        "DECLARE $p1 AS Utf8;",
        "DECLARE $p2 AS Uint64;",
        "SELECT $p0, $p1;",
        "SELECT $p2;",
      ].join("\n"),
      parameters: { $p0: limitParameter(1), $p1: limitParameter(2), $p2: limitParameter(3) },
    });
  });

  it("is made once, and found ever after", () => {
    const { statement, built } = countedStatement();
    const other = statementOf("SELECT ?;", ["Utf8"]);
    for (let time = 0; time < 3; time += 1) {
      queryOf([statement], []);
      queryOf([other, statement], []);
      queryOf([statement, other], []);
    }
    expect(built()).toBe(3);
  });

  it("is forgotten once there are too many others, and made again", () => {
    const { statement, built } = countedStatement();
    const first = queryOf([statement], []).text;
    for (let other = 0; other < limits.ydbTextsKept; other += 1) {
      queryOf([statementOf(`SELECT ${other};`, [])], []);
    }
    expect(queryOf([statement], []).text).toBe(first);
    expect(built()).toBe(2);
  });

  it("is no longer than its statements said", () => {
    for (const count of [1, 11, 101]) {
      const statement = statementOf("SELECT ?, ?;", ["Int64", "Utf8"]);
      const { text } = queryOf(
        Array.from({ length: count }, () => statement),
        [],
      );
      expect(text.length).toBeLessThanOrEqual(count * statement.bytes);
      expect(text.length).toBeGreaterThan(0.8 * count * statement.bytes);
    }
  });
});
