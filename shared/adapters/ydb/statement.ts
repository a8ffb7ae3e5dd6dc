import type { Ydb } from "ydb-sdk";
import { assert } from "../../core/assert.ts";
import { limits } from "../../core/limits.ts";
import type { Query } from "./query.ts";

/**
 * One statement as it stands in a request. Its text has a `?` for each parameter, because the
 * parameters are numbered over the whole request. It follows from table and verb alone, is made
 * once, and is the same object ever after: texts are found by it.
 */
export interface Statement {
  readonly text: string;
  /** The type of each parameter, in the order of their places. */
  readonly types: readonly string[];
  /** What it adds to a request's text at most, its declarations included. */
  readonly bytes: number;
}

/** Throws where not even a request of its own could hold the statement. */
export function statementOf(text: string, types: readonly string[]): Statement {
  // Names are ASCII, so characters are bytes.
  const declared = types.map((type) => declaration(LONGEST_NAME, type).length + 1);
  const bytes = declared.reduce((sum, length) => sum + length + LONGEST_NAME.length, text.length);
  assert(
    bytes < limits.yqlTextBytes,
    `a statement fits a text of ${limits.yqlTextBytes} bytes, got ${bytes}: ${text.slice(0, 60)}`,
  );
  return { text, types, bytes: bytes + 1 };
}

/** These statements as one request, with a value for each parameter of each. */
export function queryOf(
  statements: readonly Statement[],
  values: readonly Ydb.ITypedValue[],
): Query {
  const parameters: Record<string, Ydb.ITypedValue> = {};
  for (const [index, value] of values.entries()) parameters[parameterName(index)] = value;
  return { text: requestText(statements), parameters };
}

/** The name of a request's parameter. */
function parameterName(index: number): string {
  return (names[index] ??= `$p${index}`);
}

const names: string[] = [];

/** A request of 9,000 bytes has fewer than a thousand parameters. */
const LONGEST_NAME = "$p999";

function declaration(name: string, type: string): string {
  return `DECLARE ${name} AS ${type};`;
}

/** The text made of one statement after another: the statements so far lead to it. */
interface Node {
  text?: string;
  readonly next: WeakMap<Statement, Node>;
}

const emptyNode = (): Node => ({ next: new WeakMap() });

let root = emptyNode();
let kept = 0;

/** Declarations first, as the server wants them. Found, not built, after the first time. */
function requestText(statements: readonly Statement[]): string {
  let node = root;
  for (const statement of statements) {
    let next = node.next.get(statement);
    if (next === undefined) node.next.set(statement, (next = emptyNode()));
    node = next;
  }
  return (node.text ??= keptText(statements));
}

function keptText(statements: readonly Statement[]): string {
  kept += 1;
  if (kept > limits.ydbTextsKept) {
    root = emptyNode();
    kept = 0;
  }
  return buildText(statements);
}

function buildText(statements: readonly Statement[]): string {
  const types = statements.flatMap((statement) => statement.types);
  const declarations = types.map((type, index) => declaration(parameterName(index), type));
  let count = 0;
  const numbered = statements.map(({ text }) => text.replace(/\?/g, () => parameterName(count++)));
  return [...declarations, ...numbered].join("\n");
}
