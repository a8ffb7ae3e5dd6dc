import { defineTable } from "../../../shared/ports/table.ts";
import type { Double, DoubleOptions } from "./double.ts";
import { count, type RawAnswer, type RawClient, rawClient, rowsOf, valued } from "./raw-client.ts";
import { startDouble } from "./start-double.ts";

/** A table with every type of column, and a key of two. */
const things = defineTable(
  "things",
  { owner: "text", rank: "int", note: "text", expire_at: "expiry" },
  ["owner", "rank"],
);

export const DATABASE = "/local";

/** The statements of `things`, as the record layer writes them. */
export const GET =
  "DECLARE $p0 AS Utf8; DECLARE $p1 AS Int64; " +
  "SELECT owner, rank, note, expire_at FROM `things` WHERE owner = $p0 AND rank = $p1;";
export const SCAN =
  "DECLARE $p0 AS Utf8; DECLARE $p1 AS Uint64; SELECT owner, rank, note, expire_at " +
  "FROM `things` WHERE owner = $p0 ORDER BY owner, rank LIMIT $p1;";
export const UPSERT =
  "DECLARE $p0 AS List<Struct<owner:Utf8,rank:Int64,note:Utf8?>>; " +
  "UPSERT INTO `things` (owner, rank, note) SELECT owner, rank, note FROM AS_TABLE($p0);";
export const DELETE =
  "DECLARE $p0 AS List<Struct<owner:Utf8,rank:Int64>>; " +
  "DELETE FROM `things` ON SELECT owner, rank FROM AS_TABLE($p0);";

export const ROW = { owner: "Utf8", rank: "Int64", note: "Utf8?" };
export const KEY = { owner: "Utf8", rank: "Int64" };

/** A transaction on a session of its own; its first statement begins it. */
export interface Tx {
  get(owner: string, rank: bigint): Promise<RawAnswer>;
  scan(owner: string, limit?: number): Promise<RawAnswer>;
  put(owner: string, rank: bigint, note: string): Promise<RawAnswer>;
  remove(owner: string, rank: bigint): Promise<RawAnswer>;
  commit(): Promise<RawAnswer>;
}

/** A double with the table `things`, and a client of it that may say anything. */
export interface World {
  readonly double: Double;
  readonly client: RawClient;
  /** Writes rows (owner, rank, note) in a transaction of its own. */
  put(...rows: readonly (readonly [string, bigint, string])[]): Promise<RawAnswer>;
  /** What `things` holds, as `owner rank note`. */
  rows(): readonly string[];
  begin(mode?: "serializableReadWrite" | "snapshotReadOnly"): Promise<Tx>;
  close(): Promise<void>;
}

export async function openWorld(options: DoubleOptions = {}): Promise<World> {
  const double = await startDouble(options);
  double.createTables(DATABASE, [things]);
  const client = rawClient(double, DATABASE);
  return {
    double,
    client,
    put: async (...rows) =>
      await client.execute({ text: UPSERT, parameters: { $p0: rowsOf(ROW, rows) } }),
    rows: () =>
      double
        .rows(DATABASE, "things")
        .map(({ owner, rank, note }) => [owner, rank, note].map(String).join(" ")),
    begin: async (mode) => txOf(client, await client.session(), mode),
    close: async () => {
      client.close();
      await double.close();
    },
  };
}

function txOf(
  client: RawClient,
  session: string,
  begin: "serializableReadWrite" | "snapshotReadOnly" = "serializableReadWrite",
): Tx {
  let transaction: string | undefined;
  const execute = async (
    text: string,
    parameters: Parameters<RawClient["execute"]>[0]["parameters"] = {},
    commit = false,
  ): Promise<RawAnswer> => {
    const which = transaction === undefined ? { begin } : { transaction };
    const answer = await client.execute({ text, parameters, session, commit, ...which });
    if (answer.transaction !== "") transaction = answer.transaction;
    return answer;
  };
  return {
    get: (owner, rank) => execute(GET, { $p0: valued(owner), $p1: valued(rank) }),
    scan: (owner, limit = 900) => execute(SCAN, { $p0: valued(owner), $p1: count(limit) }),
    put: (owner, rank, note) => execute(UPSERT, { $p0: rowsOf(ROW, [[owner, rank, note]]) }),
    remove: (owner, rank) => execute(DELETE, { $p0: rowsOf(KEY, [[owner, rank]]) }),
    commit: () => execute("SELECT 1;", {}, true),
  };
}
