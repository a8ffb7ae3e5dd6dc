import type { Ydb } from "ydb-sdk";
import { limits } from "../../core/limits.ts";
import type { TableShape } from "../record/table-shape.ts";
import type { Write, WriteBuffer } from "../record/write-buffer.ts";
import { listed, listProtocolType, listTypeName, quoted } from "./column-type.ts";
import { memoByShape } from "./memo-by-shape.ts";
import type { Query } from "./query.ts";
import { queryOf, type Statement, statementOf } from "./statement.ts";
import { encodeKeyValue, encodeRowValue, type EncodedValue } from "./value-codec.ts";

/** Ends a transaction that wrote nothing: the server then says whether its reads still hold. */
export const COMMIT_ONLY: Query = queryOf([statementOf("SELECT 1;", [])], []);

/**
 * Everything that a body wrote, as one request; none where it wrote nothing. Where text or values
 * are too large for one there are several, and the last one is to carry the commit. Each table has
 * one list of rows to put and one of keys to delete, and the tables stand in the buffer's order: a
 * caller that fixes it has few texts.
 */
export function flushQueries(writes: WriteBuffer): readonly Query[] {
  const requests: Request[] = [];
  let last = emptyRequest();
  for (const { verb, values } of listsOf(writes)) {
    let rows: Ydb.IValue[] | undefined;
    for (const { value, bytes } of values) {
      const isTooMuch =
        (rows === undefined && last.textBytes + verb.statement.bytes > limits.yqlTextBytes) ||
        (last.valueBytes > 0 && last.valueBytes + bytes > limits.ydbFlushBytes);
      if (isTooMuch) {
        requests.push(last);
        last = emptyRequest();
        rows = undefined;
      }
      rows ??= addList(last, verb);
      rows.push(value);
      last.valueBytes += bytes;
    }
  }
  if (last.statements.length > 0) requests.push(last);
  return requests.map(({ statements, lists }) => queryOf(statements, lists));
}

/** One statement over a list, and the type of the list. */
interface Verb {
  readonly statement: Statement;
  readonly type: Ydb.IType;
}

interface Request {
  readonly statements: Statement[];
  readonly lists: Ydb.ITypedValue[];
  textBytes: number;
  valueBytes: number;
}

function emptyRequest(): Request {
  return { statements: [], lists: [], textBytes: 0, valueBytes: 0 };
}

/** Starts a list in the request; what is pushed on it is part of the request. */
function addList(request: Request, { statement, type }: Verb): Ydb.IValue[] {
  const items: Ydb.IValue[] = [];
  request.statements.push(statement);
  request.lists.push({ type, value: { items } });
  request.textBytes += statement.bytes;
  return items;
}

/** What each verb of each table has to write: a verb may have nothing. */
function* listsOf(
  writes: WriteBuffer,
): Iterable<{ readonly verb: Verb; readonly values: readonly EncodedValue[] }> {
  for (const [shape, written] of writes.entries()) {
    const all = [...written];
    const { upsert, remove } = verbsOf(shape);
    yield { verb: upsert, values: all.flatMap((write) => rowOf(shape, write)) };
    yield { verb: remove, values: all.flatMap((write) => goneOf(shape, write)) };
  }
}

function rowOf(shape: TableShape, { row }: Write): readonly EncodedValue[] {
  return row === undefined ? [] : [encodeRowValue(shape, row)];
}

function goneOf(shape: TableShape, { key, row }: Write): readonly EncodedValue[] {
  return row === undefined ? [encodeKeyValue(shape, key)] : [];
}

/**
 * An UPSERT keeps what columns it does not name hold, so it names them all: a put replaces a row.
 * Neither verb reads anything at the server.
 */
const verbsOf = memoByShape((shape): { readonly upsert: Verb; readonly remove: Verb } => {
  const all = listed(shape.columns);
  const key = listed(shape.key);
  return {
    upsert: {
      statement: statementOf(
        `UPSERT INTO ${quoted(shape)} (${all}) SELECT ${all} FROM AS_TABLE(?);`,
        [listTypeName(shape, shape.columns)],
      ),
      type: listProtocolType(shape, shape.columns),
    },
    remove: {
      statement: statementOf(`DELETE FROM ${quoted(shape)} ON SELECT ${key} FROM AS_TABLE(?);`, [
        listTypeName(shape, shape.key),
      ]),
      type: listProtocolType(shape, shape.key),
    },
  };
});
