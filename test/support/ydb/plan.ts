import type { Database } from "./database.ts";
import { planRead } from "./plan-read.ts";
import { planWrite } from "./plan-write.ts";
import type { DataText } from "./statement.ts";
import type { TableData } from "./table-data.ts";
import type { DeclaredType } from "./value-type.ts";

/** A text made ready for the tables of one database: every name found, every type compared. */
export type Plan = readonly Step[];

type Step = ReadStep | WriteStep | { readonly kind: "nothing" };

export interface ReadStep {
  readonly kind: "get" | "scan";
  readonly table: TableData;
  readonly columns: readonly number[];
  /** The parameters that fix the leading key columns. */
  readonly prefix: readonly string[];
  readonly lower: Bound | undefined;
  readonly upper: Bound | undefined;
  readonly isDescending: boolean;
  readonly limit: string | undefined;
}

/** One end of a range behind the prefix. */
interface Bound {
  readonly parameters: readonly string[];
  readonly isInclusive: boolean;
}

export interface WriteStep {
  readonly kind: "upsert" | "delete";
  readonly table: TableData;
  /** The columns of the list's members, in their order. */
  readonly columns: readonly number[];
  /** Where the key columns stand among the members, in key order. */
  readonly key: readonly number[];
  readonly parameter: string;
}

/** What the parameters of a text are declared as. */
export type Types = ReadonlyMap<string, DeclaredType>;

export function planOf(database: Database, text: DataText): Plan {
  const types: Types = new Map(text.declarations.map(({ parameter, type }) => [parameter, type]));
  return text.statements.map((statement): Step => {
    if (statement.kind === "nothing") return statement;
    const table = database.table(statement.table);
    return statement.kind === "select"
      ? planRead(table, statement, types)
      : planWrite(table, statement, types);
  });
}
