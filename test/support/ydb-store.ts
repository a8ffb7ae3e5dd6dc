import { openConnection } from "../../shared/adapters/ydb/connection.ts";
import { parseDatabaseAddress } from "../../shared/adapters/ydb/database-address.ts";
import { withWriter } from "../../shared/adapters/ydb/written-by.ts";
import { createYdbStore } from "../../shared/adapters/ydb/ydb-store.ts";
import { systemRandom } from "../../shared/adapters/system/system-random.ts";
import type { AnyTable, Store } from "../../shared/ports/store.ts";
import { realClock } from "./real-clock.ts";
import type { Double } from "./ydb/double.ts";

/** A store on a database as it is: whoever opens it knows that its tables are there. */
export function openYdbAt(url: string, tables: readonly AnyTable[]): Store {
  const clock = realClock;
  const connection = openConnection({ address: parseDatabaseAddress(url), clock });
  const checkSchema = async (): Promise<void> => await Promise.resolve();
  return createYdbStore({ connection, tables, clock, random: systemRandom, checkSchema });
}

/** A store on a database of the double, with its tables; `database` is a path of any name. */
export function openDoubleStore(
  double: Double,
  database: string,
  tables: readonly AnyTable[],
): Store {
  double.createTables(database, tables.map(withWriter));
  return openYdbAt(double.url(database), tables);
}
