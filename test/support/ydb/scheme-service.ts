import {
  type DescribePathResult,
  DescribePathResultSchema,
  Entry_Type as EntryType,
  type Entry,
  type ListDirectoryResult,
  ListDirectoryResultSchema,
  SchemeServiceDefinition as Scheme,
} from "@ydbjs/api/scheme";
import {
  type DescribeTableResult,
  DescribeTableResultSchema,
  type TtlSettings,
  ValueSinceUnixEpochModeSettings_Unit as Unit,
} from "@ydbjs/api/table";
import type { Database } from "./database.ts";
import { addMethod } from "./operation-method.ts";
import type { GrpcServer } from "./grpc-server.ts";
import { type OperationReply, succeeded } from "./operation-reply.ts";
import { schemeError } from "./refusal.ts";
import { wireType } from "./result-set.ts";
import type { ServerState } from "./server-state.ts";
import type { TtlSetting } from "./statement.ts";
import type { TableData } from "./table-data.ts";
import type { Init } from "./wire.ts";

/** Serves what there is in a database: its tables, which have no folders. */
export function addSchemeService(server: GrpcServer, state: ServerState): void {
  addMethod(server, state, {
    method: "ListDirectory",
    definition: Scheme.listDirectory,
    run: (request, incoming) => {
      const database = state.database(incoming.database);
      const path = request.path.replace(/\/+$/, "");
      if (path !== database.path) throw schemeError(`${path} is no directory of ${database.path}`);
      return succeeded<ListDirectoryResult>(ListDirectoryResultSchema, {
        self: entryOf(database.path, EntryType.DATABASE),
        children: database.tables.map(({ name }) => entryOf(name, EntryType.TABLE)),
      });
    },
  });
  addMethod(server, state, {
    method: "DescribePath",
    definition: Scheme.describePath,
    run: (request, incoming) => {
      const database = state.database(incoming.database);
      const path = request.path.replace(/\/+$/, "");
      const self =
        path === database.path
          ? entryOf(path, EntryType.DATABASE)
          : entryOf(tableAt(database, path).name, EntryType.TABLE);
      return succeeded<DescribePathResult>(DescribePathResultSchema, { self });
    },
  });
}

/** The table as a server describes it; an unknown one is SCHEME_ERROR. */
export function describeTable(database: Database, path: string): OperationReply {
  const table = tableAt(database, path);
  const { ttl } = table;
  return succeeded<DescribeTableResult>(DescribeTableResultSchema, {
    self: entryOf(table.name, EntryType.TABLE),
    columns: table.columns.map(({ name, type }) => ({ name, type: wireType(type) })),
    primaryKey: table.key.map((index) => table.columns[index]?.name ?? ""),
    ...(ttl === undefined ? {} : { ttlSettings: settingsOf(ttl) }),
  });
}

function settingsOf({ column, afterMs }: TtlSetting): Init<TtlSettings> {
  const value = {
    columnName: column,
    columnUnit: Unit.MILLISECONDS,
    expireAfterSeconds: afterMs / 1000,
  };
  return { mode: { case: "valueSinceUnixEpoch", value } };
}

function tableAt(database: Database, path: string): TableData {
  const prefix = `${database.path}/`;
  if (!path.startsWith(prefix)) throw schemeError(`${path} is outside of ${database.path}`);
  return database.table(path.slice(prefix.length));
}

function entryOf(name: string, type: EntryType): Init<Entry> {
  return { name, type, owner: "double" };
}
