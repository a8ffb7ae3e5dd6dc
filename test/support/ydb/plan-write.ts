import type { Types, WriteStep } from "./plan.ts";
import { badRequest } from "./refusal.ts";
import type { WriteStatement } from "./statement.ts";
import type { TableData } from "./table-data.ts";
import { type Member, showType } from "./value-type.ts";

/** An upsert or a delete of the rows that a list holds. */
export function planWrite(table: TableData, statement: WriteStatement, types: Types): WriteStep {
  const { kind, parameter } = statement;
  const type = types.get(parameter);
  if (type?.kind !== "rows") throw badRequest(`${parameter} is no list of rows`);
  const columns = table.indexesOf(statement.columns);
  checkMembers(table, statement, type.members);
  const key = table.key.map((column) => columns.indexOf(column));
  if (kind === "delete" && columns.join() !== table.key.join()) {
    throw badRequest(`${table.name}: a delete names the columns of the key, in its order`);
  }
  const missing = table.columns.find(
    (column, index) => !column.type.isOptional && !columns.includes(index),
  );
  if (kind === "upsert" && missing !== undefined) {
    throw badRequest(`${table.name}: an upsert supplies ${missing.name}, which is NOT NULL`);
  }
  return { kind, table, columns, key, parameter };
}

/** The rows sent have the columns written and no others; a nullable one may be sent as never null. */
function checkMembers(
  table: TableData,
  { columns, parameter }: WriteStatement,
  members: readonly Member[],
): void {
  const names = members.map(({ name }) => name).join(", ");
  if (names !== columns.join(", ")) {
    throw badRequest(
      `${table.name}: ${parameter} has the members ${names}, not the columns written`,
    );
  }
  for (const { name, type } of members) {
    const expected = table.typeOf(table.indexOf(name));
    const isNullable = type.isOptional && !expected.isOptional;
    if (type.name === expected.name && !isNullable) continue;
    const where = `${table.name}.${name} is ${showType(expected)}`;
    throw badRequest(`${where}, but ${parameter} has ${showType(type)}`);
  }
}
