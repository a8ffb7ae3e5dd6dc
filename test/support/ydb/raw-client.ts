import { type Operation, StatusIds_StatusCode as Code } from "@ydbjs/api/operation";
import { DiscoveryServiceDefinition as Discovery } from "@ydbjs/api/discovery";
import { QueryServiceDefinition as Query } from "@ydbjs/api/query";
import { SchemeServiceDefinition as Scheme } from "@ydbjs/api/scheme";
import {
  type CreateSessionResult,
  CreateSessionResultSchema,
  type ExecuteDataQueryRequest,
  type ExecuteQueryResult,
  ExecuteQueryResultSchema,
  TableServiceDefinition as Table,
} from "@ydbjs/api/table";
import type { ResultSet, Type, TypedValue, Value } from "@ydbjs/api/value";
import { type Client, createChannel, createClient, Metadata } from "nice-grpc";
import type { Cell, Double } from "./double.ts";
import type { StatusName } from "./refusal.ts";
import { TYPE_IDS } from "./value-type.ts";
import { decode, type Init, NULL_VALUE } from "./wire.ts";

/**
 * A client that says whatever it is told to, right or wrong, where an SDK would correct it or could
 * not say it.
 */
export interface RawClient {
  readonly table: Client<typeof TABLE>;
  readonly query: Client<typeof QUERY>;
  readonly scheme: Client<typeof SCHEME>;
  readonly discovery: Client<typeof DISCOVERY>;
  /** A new session of the table service. */
  session(): Promise<string>;
  /** Sends a data query; one that begins and commits a transaction of its own, unless told else. */
  execute(query: RawQuery): Promise<RawAnswer>;
  close(): void;
}

interface RawQuery {
  readonly text: string;
  readonly parameters?: Readonly<Record<string, Init<TypedValue>>>;
  readonly session?: string;
  /** The transaction to go on with. */
  readonly transaction?: string;
  readonly begin?: "serializableReadWrite" | "snapshotReadOnly" | "onlineReadOnly";
  readonly commit?: boolean;
  readonly more?: Init<ExecuteDataQueryRequest>;
}

export interface RawAnswer {
  readonly status: StatusName;
  /** The issues' texts, in one. */
  readonly message: string;
  readonly issueCode: number;
  readonly transaction: string;
  readonly results: readonly RawResult[];
}

interface RawResult {
  readonly rows: readonly (readonly Cell[])[];
  readonly columns: readonly string[];
  readonly isTruncated: boolean;
}

// The generated definitions carry two names besides their methods, which nice-grpc takes for more.
const TABLE = {
  createSession: Table.createSession,
  deleteSession: Table.deleteSession,
  keepAlive: Table.keepAlive,
  executeDataQuery: Table.executeDataQuery,
  beginTransaction: Table.beginTransaction,
  commitTransaction: Table.commitTransaction,
  rollbackTransaction: Table.rollbackTransaction,
  describeTable: Table.describeTable,
  bulkUpsert: Table.bulkUpsert,
};
const QUERY = {
  createSession: Query.createSession,
  attachSession: Query.attachSession,
  executeQuery: Query.executeQuery,
  deleteSession: Query.deleteSession,
};
const SCHEME = { listDirectory: Scheme.listDirectory, describePath: Scheme.describePath };
const DISCOVERY = { listEndpoints: Discovery.listEndpoints };

export function rawClient(
  double: Pick<Double, "port">,
  database: string,
  token?: string,
): RawClient {
  const channel = createChannel(`127.0.0.1:${double.port}`);
  const metadata = Metadata({ "x-ydb-database": database });
  if (token !== undefined) metadata.set("x-ydb-auth-ticket", token);
  const options = { "*": { metadata } };
  const table = createClient(TABLE, channel, options);
  const session = async (): Promise<string> => {
    const { operation } = await table.createSession({});
    return resultOf<CreateSessionResult>(CreateSessionResultSchema, operation).sessionId;
  };
  let own: Promise<string> | undefined;
  return {
    table,
    query: createClient(QUERY, channel, options),
    scheme: createClient(SCHEME, channel, options),
    discovery: createClient(DISCOVERY, channel, options),
    session,
    async execute(query) {
      const sessionId = query.session ?? (await (own ??= session()));
      const { operation } = await table.executeDataQuery({ sessionId, ...requestOf(query) });
      return answerOf(operation);
    },
    close: () => channel.close(),
  };
}

/** The status that an operation ended with. */
export function statusOf(operation: Operation | undefined): string {
  return Code[operation?.status ?? Code.STATUS_CODE_UNSPECIFIED];
}

/** The result of an operation that succeeded. */
export function resultOf<Result>(schema: object, operation: Operation | undefined): Result {
  if (operation?.status !== Code.SUCCESS || operation.result === undefined) {
    throw new Error(`The operation is ${statusOf(operation)}: ${messageOf(operation)}`);
  }
  return decode<Result>(schema, operation.result.value);
}

/** A parameter of one value: a text is Utf8, a bigint Int64. */
export function valued(cell: string | bigint): Init<TypedValue> {
  const type = typeof cell === "string" ? "Utf8" : "Int64";
  return { type: primitive(type), value: cellValue(cell) };
}

/** A parameter for a LIMIT. */
export function count(rows: number): Init<TypedValue> {
  const value = { case: "uint64Value" as const, value: BigInt(rows) };
  return { type: primitive("Uint64"), value: { value } };
}

/** A parameter of rows: the members' types by name, such as `{ id: "Utf8", n: "Int64?" }`. */
export function rowsOf(
  members: Readonly<Record<string, string>>,
  rows: readonly (readonly Cell[])[],
): Init<TypedValue> {
  const struct = {
    members: Object.entries(members).map(([name, type]) => ({ name, type: typeOf(type) })),
  };
  const item: Init<Type> = { type: { case: "structType", value: struct } };
  return {
    type: { type: { case: "listType", value: { item } } },
    value: { items: rows.map((row) => ({ items: row.map(cellValue) })) },
  };
}

export function cellValue(cell: Cell): Init<Value> {
  if (cell === null) return NULL_VALUE;
  if (typeof cell === "string") return { value: { case: "textValue", value: cell } };
  return { value: { case: "int64Value", value: cell } };
}

export function typeOf(text: string): Init<Type> {
  if (!text.endsWith("?")) return primitive(text);
  const item = primitive(text.slice(0, -1));
  return { type: { case: "optionalType", value: { item } } };
}

function primitive(name: string): Init<Type> {
  const id = Object.entries(TYPE_IDS).find(([known]) => known === name)?.[1];
  if (id === undefined) throw new Error(`There is no type ${name}`);
  return { type: { case: "typeId", value: id } };
}

function requestOf(query: RawQuery): Init<ExecuteDataQueryRequest> {
  const { text, parameters = {}, transaction, begin = "serializableReadWrite" } = query;
  const commitTx = query.commit ?? true;
  return {
    query: { query: { case: "yqlText", value: text } },
    parameters: { ...parameters },
    txControl: {
      commitTx,
      txSelector:
        transaction === undefined
          ? { case: "beginTx", value: { txMode: { case: begin, value: {} } } }
          : { case: "txId", value: transaction },
    },
    ...query.more,
  };
}

function answerOf(operation: Operation | undefined): RawAnswer {
  const status = statusOf(operation) as StatusName;
  const message = messageOf(operation);
  const issueCode = operation?.issues[0]?.issueCode ?? 0;
  if (status !== "SUCCESS") return { status, message, issueCode, transaction: "", results: [] };
  const result = resultOf<ExecuteQueryResult>(ExecuteQueryResultSchema, operation);
  const transaction = result.txMeta?.id ?? "";
  return { status, message, issueCode, transaction, results: result.resultSets.map(readResult) };
}

function readResult({ columns, rows, truncated }: ResultSet): RawResult {
  return {
    columns: columns.map(({ name }) => name),
    rows: rows.map(({ items }) => items.map(readCell)),
    isTruncated: truncated,
  };
}

function readCell({ value }: Value): Cell {
  switch (value.case) {
    case "textValue":
    case "int64Value":
    case "uint64Value":
      return value.value;
    case "int32Value":
      return BigInt(value.value);
    case "nullFlagValue":
      return null;
    default:
      throw new Error(`A cell is ${value.case ?? "not set"}`);
  }
}

function messageOf(operation: Operation | undefined): string {
  return operation?.issues.map(({ message }) => message).join("; ") ?? "";
}
