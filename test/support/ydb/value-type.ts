import {
  Type_PrimitiveTypeId as Id,
  type Type,
  type TypedValue,
  type Value,
} from "@ydbjs/api/value";
import { badRequest } from "./refusal.ts";
import type { Cell } from "./double.ts";

/** The types that columns and parameters have here, in the server's own words. */
export type PrimitiveName = "Utf8" | "Int64" | "Uint64";

export interface CellType {
  readonly name: PrimitiveName;
  readonly isOptional: boolean;
}

export interface Member {
  readonly name: string;
  readonly type: CellType;
}

/** What a parameter is declared as: one value, or `List<Struct<…>>`. */
export type DeclaredType =
  | { readonly kind: "cell"; readonly cell: CellType }
  | { readonly kind: "rows"; readonly members: readonly Member[] };

/** A parameter's value: a cell, or rows with their cells in the order of the members. */
export type Bound =
  | { readonly kind: "cell"; readonly cell: Cell }
  | { readonly kind: "rows"; readonly rows: readonly (readonly Cell[])[] };

export const TYPE_IDS: Readonly<Record<PrimitiveName, Id>> = {
  Utf8: Id.UTF8,
  Int64: Id.INT64,
  Uint64: Id.UINT64,
};

const CASES = { Utf8: "textValue", Int64: "int64Value", Uint64: "uint64Value" } as const;

/** Whether a name in a text is one of a type that is used here. */
export function isPrimitive(name: string): name is PrimitiveName {
  return Object.hasOwn(TYPE_IDS, name);
}

export function showType({ name, isOptional }: CellType): string {
  return isOptional ? `${name}?` : name;
}

/** The value of a parameter that has this type on the wire too; refuses any other. */
export function bind(parameter: string, declared: DeclaredType, sent: TypedValue): Bound {
  if (sent.type === undefined) throw badRequest(`${parameter} is sent without a type`);
  if (sent.value === undefined) throw badRequest(`${parameter} is sent without a value`);
  if (declared.kind === "cell") {
    checkCellType(parameter, declared.cell, sent.type);
    return { kind: "cell", cell: cellOf(parameter, declared.cell, sent.value) };
  }
  checkListType(parameter, declared.members, sent.type);
  return { kind: "rows", rows: rowsOf(parameter, declared.members, sent.value) };
}

function checkCellType(where: string, declared: CellType, sent: Type): void {
  if (sameCell(declared, sent)) return;
  throw badRequest(`${where} is declared as ${showType(declared)} and sent as ${showWire(sent)}`);
}

function sameCell(declared: CellType, sent: Type): boolean {
  const { type } = sent;
  if (!declared.isOptional) return type.case === "typeId" && type.value === TYPE_IDS[declared.name];
  if (type.case !== "optionalType" || type.value.item === undefined) return false;
  return sameCell({ name: declared.name, isOptional: false }, type.value.item);
}

function checkListType(where: string, members: readonly Member[], sent: Type): void {
  const item = sent.type.case === "listType" ? sent.type.value.item?.type : undefined;
  if (item?.case !== "structType") {
    throw badRequest(`${where} is declared as List<Struct<…>> and sent as ${showWire(sent)}`);
  }
  const names = item.value.members.map(({ name }) => name).join(", ");
  const declared = members.map(({ name }) => name).join(", ");
  if (names !== declared) {
    throw badRequest(`${where} is declared with the members ${declared}, and sent with ${names}`);
  }
  for (const [index, { name, type }] of members.entries()) {
    const wire = item.value.members[index]?.type;
    if (wire === undefined) throw badRequest(`${where}.${name} is sent without a type`);
    checkCellType(`${where}.${name}`, type, wire);
  }
}

function rowsOf(
  where: string,
  members: readonly Member[],
  list: Value,
): readonly (readonly Cell[])[] {
  checkNested(where, list);
  return list.items.map((struct, index) => {
    const at = `${where}[${index}]`;
    checkNested(at, struct);
    if (struct.items.length !== members.length) {
      throw badRequest(`${at} has ${struct.items.length} values for ${members.length} members`);
    }
    return members.map(({ name, type }, place) =>
      cellOf(`${at}.${name}`, type, struct.items[place]),
    );
  });
}

/** A list and a struct hold items, and nothing else. */
function checkNested(where: string, value: Value): void {
  if (value.value.case !== undefined || value.pairs.length > 0) {
    throw badRequest(`${where} is sent as ${value.value.case ?? "pairs"}, not as items`);
  }
}

function cellOf(where: string, type: CellType, sent: Value | undefined): Cell {
  if (sent === undefined || sent.items.length > 0 || sent.pairs.length > 0) {
    throw badRequest(`${where} is one value of ${showType(type)}, not items`);
  }
  const { value } = sent;
  if (value.case === "nullFlagValue" && type.isOptional) return null;
  if (value.case !== CASES[type.name]) {
    throw badRequest(`${where} is ${showType(type)}, but ${value.case ?? "nothing"} is set`);
  }
  return value.value;
}

function showWire({ type }: Type): string {
  switch (type.case) {
    case "typeId":
      return Id[type.value];
    case "optionalType":
      return type.value.item === undefined ? "OPTIONAL" : `${showWire(type.value.item)}?`;
    case undefined:
      return "no type";
    default:
      return type.case;
  }
}
