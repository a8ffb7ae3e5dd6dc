import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence, isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { assert } from "../../core/assert.ts";
import { fieldReader, findField } from "../field-path.ts";
import { listCheck, mapCheck } from "./collection-check.ts";
import type { FieldRules } from "./field-rules.ts";
import { KNOWN_CHECKS, maskCheck } from "./known-types.ts";
import { valueCheck } from "./value-check.ts";
import { pathOf, type Violations } from "./violations.ts";

/** Checks a value that stands at a path. */
export type PlacedCheck = (value: unknown, path: string, violations: Violations) => void;

/** What is checked inside a message of a type. */
export type Inside = (type: DescMessage) => PlacedCheck | undefined;

/** Compiles what a field must keep, given the message it stands in; undefined where it is nothing. */
export function fieldCheck(
  field: DescField,
  rules: FieldRules,
  inside: Inside,
): PlacedCheck | undefined {
  const check = contentCheck(field, rules, inside);
  const { isRequired } = rules;
  if (check === undefined && !isRequired) return undefined;
  const read = fieldReader(field);
  const isAbsent = absence(field);
  const { name } = field;
  return (message, path, violations) => {
    const value = read(message as Message);
    if (isRequired && isEmpty(value)) violations.add(pathOf(path, name), "must be set");
    else if (!isAbsent(value)) check?.(value, pathOf(path, name), violations);
  };
}

function contentCheck(
  field: DescField,
  rules: FieldRules,
  inside: Inside,
): PlacedCheck | undefined {
  switch (field.fieldKind) {
    case "list":
      return listCheck(field, rules, elementCheck(field, rules, inside));
    case "map":
      return mapCheck(field, rules, elementCheck(field, rules, inside));
    default:
      return elementCheck(field, rules, inside);
  }
}

/** What one value of a field must keep: the field's own, an element of its list, a value of its map. */
function elementCheck(
  field: DescField,
  rules: FieldRules,
  inside: Inside,
): PlacedCheck | undefined {
  // A field of its own unwraps `google.protobuf.Int64Value` and the like, a list of them does not.
  const isWrapped =
    field.fieldKind === "message" && field.oneof === undefined && isWrapperDesc(field.message);
  const scalar = isWrapped ? field.message.fields[0].scalar : field.scalar;
  if (scalar !== undefined) {
    const check = valueCheck(scalar, rules, field.toString());
    return (
      check &&
      ((value, path, violations) => {
        for (const description of check(value)) violations.add(path, description);
      })
    );
  }
  const { value, length, bytes, pattern } = rules;
  const isBare = [value, length, bytes, pattern].every((rule) => rule === undefined);
  assert(isBare, `${field.toString()} has no rules but for texts and numbers`);
  if (field.message === undefined) return undefined;
  if (field.message.typeName === "google.protobuf.FieldMask") {
    const { parent } = field;
    return maskCheck((path) => findField(parent, path) !== undefined);
  }
  return KNOWN_CHECKS[field.message.typeName] ?? inside(field.message);
}

/** An empty scalar is absent unless the wire tells the two apart; a list or map is always there. */
function absence(field: DescField): (value: unknown) => boolean {
  return field.presence === FeatureSet_FieldPresence.IMPLICIT &&
    (field.fieldKind === "scalar" || field.fieldKind === "enum")
    ? isEmpty
    : (value) => value === undefined;
}

function isEmpty(value: unknown): boolean {
  if (typeof value !== "object") return EMPTY.has(value);
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0;
  // A map is an object without members; a message always names its type, a Struct may be empty.
  return value === null;
}

const EMPTY: ReadonlySet<unknown> = new Set([undefined, "", 0, 0n, false]);
