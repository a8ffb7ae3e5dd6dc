import { openSqliteStore } from "../../shared/adapters/sqlite/sqlite-store.ts";
import type { Store } from "../../shared/ports/store.ts";
import { tables } from "../../shared/records/tables.ts";
import type { Double } from "./ydb/double.ts";

/**
 * The store that test worlds stand on: a file of SQLite, or, where `TEST_STORE` is `ydb`, a database
 * of the YDB double under the same name. Every use case test runs on both.
 */
const engine = process.env["TEST_STORE"] === "ydb" ? await startEngine() : undefined;

export function openTestStore(path: string): Store {
  return engine === undefined ? openSqliteStore({ path, tables }) : engine(path);
}

async function startEngine(): Promise<(path: string) => Store> {
  const { startDouble } = await import("./ydb/start-double.ts");
  const { openDoubleStore } = await import("./ydb-store.ts");
  const double: Double = await startDouble({ keepsLog: false });
  return (path) => openDoubleStore(double, path, tables);
}
