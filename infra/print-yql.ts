import { allStatements, sampleRequests } from "../shared/adapters/ydb/all-statements.ts";
import { schemaVersionTable } from "../shared/adapters/ydb/schema-version.ts";
import { tables } from "../shared/records/tables.ts";

/**
 * Prints every statement that a YDB database can get from us, one per line, so that each can be
 * given to a parser of YQL. A few requests of several statements stand at the end.
 */
const ours = [schemaVersionTable, ...tables];
for (const text of [...allStatements(ours), ...sampleRequests(tables)]) {
  process.stdout.write(`${text.replaceAll("\n", " ")}\n`);
}
