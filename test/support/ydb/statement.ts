import type { CellType, DeclaredType, Member } from "./value-type.ts";

/** What a text says, before anybody has looked at a table. */

export interface Declaration {
  readonly parameter: string;
  readonly type: DeclaredType;
}

/** `column = $p`, or with `>=`, `>`, `<=`, `<`, or with tuples on both sides. */
export interface Condition {
  readonly columns: readonly string[];
  readonly operator: "=" | ">=" | ">" | "<=" | "<";
  readonly parameters: readonly string[];
}

interface Order {
  readonly columns: readonly string[];
  readonly isDescending: boolean;
  readonly limit: string;
}

export interface SelectStatement {
  readonly kind: "select";
  readonly table: string;
  readonly columns: readonly string[];
  readonly conditions: readonly Condition[];
  readonly order: Order | undefined;
}

export interface WriteStatement {
  readonly kind: "upsert" | "delete";
  readonly table: string;
  readonly columns: readonly string[];
  readonly parameter: string;
}

/** `SELECT 1;` */
interface NothingStatement {
  readonly kind: "nothing";
}

export type DataStatement = SelectStatement | WriteStatement | NothingStatement;

export interface DataText {
  readonly kind: "data";
  readonly declarations: readonly Declaration[];
  readonly statements: readonly DataStatement[];
  /** The statements' own texts, in order. */
  readonly texts: readonly string[];
}

export interface TtlSetting {
  readonly column: string;
  readonly afterMs: number;
}

export interface CreateTable {
  readonly kind: "create table";
  readonly table: string;
  readonly columns: readonly Member[];
  readonly key: readonly string[];
  readonly partitionAt: readonly (string | bigint)[];
  readonly ttl: TtlSetting | undefined;
}

export interface AlterTable {
  readonly kind: "alter table";
  readonly table: string;
  readonly added: readonly { readonly name: string; readonly type: CellType }[];
  readonly ttl: TtlSetting | undefined;
}

export interface SchemaText {
  readonly kind: "schema";
  readonly statements: readonly (CreateTable | AlterTable)[];
  readonly texts: readonly string[];
}
