import type { ReadStep, Types } from "./plan.ts";
import { badRequest } from "./refusal.ts";
import type { Condition, SelectStatement } from "./statement.ts";
import type { TableData } from "./table-data.ts";
import { type CellType, showType } from "./value-type.ts";

/** A SELECT that is being made sense of: conditions leave the list as they find their place. */
interface Reading {
  readonly table: TableData;
  readonly types: Types;
  readonly conditions: Condition[];
}

/** A get or a scan, with every condition in its place. */
export function planRead(table: TableData, statement: SelectStatement, types: Types): ReadStep {
  const reading: Reading = { table, types, conditions: [...statement.conditions] };
  const columns = table.indexesOf(statement.columns);
  const prefix = takePrefix(reading);
  const open = table.key.slice(prefix.length);
  const lower = takeBound(reading, open, { inclusive: ">=", cursor: ">" });
  const upper = takeBound(reading, open, { inclusive: "<=", cursor: "<" });
  const [left] = reading.conditions;
  if (left !== undefined) {
    throw badRequest(
      `${table.name}: (${left.columns.join(", ")}) ${left.operator} fits no place behind the key's ` +
        "leading columns: equal ones first, then a lower bound, then an upper one",
    );
  }
  const isGet = open.length === 0;
  if (isGet && statement.order !== undefined) {
    throw badRequest(`${table.name}: a get has no ORDER BY`);
  }
  const order = isGet ? undefined : orderOf(reading, statement);
  const { isDescending = false, limit } = order ?? {};
  const kind = isGet ? "get" : "scan";
  return { kind, table, columns, prefix, lower, upper, isDescending, limit };
}

/** Takes the conditions that fix the leading key columns, in the order of the key. */
function takePrefix(reading: Reading): readonly string[] {
  const { table, conditions } = reading;
  const prefix: string[] = [];
  while (conditions[0]?.operator === "=") {
    const { columns, parameters } = conditions[0];
    const index = table.key[prefix.length];
    const [parameter] = parameters;
    const isNext = columns.length === 1 && table.indexesOf(columns)[0] === index;
    if (!isNext || index === undefined || parameter === undefined) {
      throw badRequest(`${table.name}: equal columns are the leading ones of the key, in order`);
    }
    checkCompared(reading, index, parameter);
    prefix.push(parameter);
    conditions.shift();
  }
  return prefix;
}

/**
 * Takes the next condition where it is a bound of this side: inclusive on the next key column, or
 * exclusive, which is a cursor, on all that are left.
 */
function takeBound(
  reading: Reading,
  open: readonly number[],
  side: { readonly inclusive: Condition["operator"]; readonly cursor: Condition["operator"] },
): ReadStep["lower"] {
  const { table, conditions } = reading;
  const [condition] = conditions;
  if (condition === undefined) return undefined;
  const { columns, operator, parameters } = condition;
  if (operator !== side.inclusive && operator !== side.cursor) return undefined;
  const isInclusive = operator === side.inclusive;
  const bounded = isInclusive ? open.slice(0, 1) : open;
  if (table.indexesOf(columns).join() !== bounded.join()) return undefined;
  for (const [place, parameter] of parameters.entries()) {
    checkCompared(reading, bounded[place] ?? 0, parameter);
  }
  conditions.shift();
  return { parameters, isInclusive };
}

/** A key column is compared with a value of its own type: nothing is converted, nothing is null. */
function checkCompared({ table, types }: Reading, column: number, parameter: string): void {
  checkParameter(table.typeOf(column), types, parameter);
}

function checkParameter(expected: CellType, types: Types, parameter: string): void {
  const type = types.get(parameter);
  const declared = type?.kind === "cell" ? showType(type.cell) : "a list";
  if (declared !== showType(expected)) {
    throw badRequest(`${parameter} stands where ${showType(expected)} belongs, and is ${declared}`);
  }
}

/** A scan is ordered by the whole key and has a limit. */
function orderOf({ table, types }: Reading, { order }: SelectStatement): SelectStatement["order"] {
  if (order === undefined) throw badRequest(`${table.name}: a scan has ORDER BY and LIMIT`);
  if (table.indexesOf(order.columns).join() !== table.key.join()) {
    throw badRequest(`${table.name}: a scan is ordered by the whole key`);
  }
  checkParameter({ name: "Uint64", isOptional: false }, types, order.limit);
  return order;
}
