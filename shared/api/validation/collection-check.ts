import { ScalarType, toBinary, type DescField, type Message } from "@bufbuild/protobuf";
import type { PlacedCheck } from "./field-check.ts";
import type { FieldRules } from "./field-rules.ts";
import type { Range } from "./range.ts";
import { valueCheck, type ValueCheck } from "./value-check.ts";
import type { Violations } from "./violations.ts";

type ListField = DescField & { readonly fieldKind: "list" };
type MapField = DescField & { readonly fieldKind: "map" };

/** What a list must keep, its elements included. */
export function listCheck(
  field: ListField,
  rules: FieldRules,
  element: PlacedCheck | undefined,
): PlacedCheck | undefined {
  const { size, isUnique } = rules;
  if (size === undefined && !isUnique && element === undefined) return undefined;
  return (value, path, violations) => {
    const list = value as readonly unknown[];
    checkSize(size, list.length, { path, violations });
    if (isUnique) checkUnique(field, list, { path, violations });
    if (element === undefined) return;
    for (const [index, each] of list.entries()) {
      if (violations.isFull) return;
      element(each, `${path}[${index}]`, violations);
    }
  };
}

/** What a map must keep, its keys and values included. */
export function mapCheck(
  field: MapField,
  rules: FieldRules,
  element: PlacedCheck | undefined,
): PlacedCheck | undefined {
  const { size } = rules;
  const keyCheck = keysCheck(field, rules);
  return (value, path, violations) => {
    const map = value as Readonly<Record<string, unknown>>;
    const keys = Object.keys(map);
    checkSize(size, keys.length, { path, violations });
    for (const key of keys) {
      if (violations.isFull) return;
      const place = `${path}[${key}]`;
      for (const description of keyCheck(key))
        violations.add(place, `has a key that ${description}`);
      element?.(map[key], place, violations);
    }
  };
}

interface Place {
  readonly path: string;
  readonly violations: Violations;
}

function checkSize(size: Range | undefined, count: number, { path, violations }: Place): void {
  if (size === undefined || size.includes(count)) return;
  violations.add(path, `must have ${size.text} elements, has ${count}`);
}

function checkUnique(
  field: ListField,
  list: readonly unknown[],
  { path, violations }: Place,
): void {
  const { message } = field;
  const identityOf = (value: unknown): unknown => {
    if (message !== undefined) return hex(toBinary(message, value as Message));
    return value instanceof Uint8Array ? hex(value) : value;
  };
  const isUnique = new Set(list.map(identityOf)).size === list.length;
  if (!isUnique) violations.add(path, "must have elements that differ");
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Keys of a map come as texts, whatever their type is. */
function keysCheck(field: MapField, rules: FieldRules): ValueCheck {
  const check = valueCheck(field.mapKey, rules.keys ?? {}, field.toString());
  if (check === undefined) return () => [];
  return field.mapKey === ScalarType.STRING
    ? check
    : (key) => check(field.mapKey === ScalarType.BOOL ? key === "true" : BigInt(key as string));
}
