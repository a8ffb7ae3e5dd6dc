import { getOption, type DescMessage } from "@bufbuild/protobuf";
import { assert } from "../../core/assert.ts";
import { exactly_one } from "../../gen/yandex/cloud/validation_pb.ts";
import { findField, type Chosen } from "../field-path.ts";
import { fieldCheck, type PlacedCheck } from "./field-check.ts";
import { fieldRules, NO_RULES } from "./field-rules.ts";
import { pathOf, type Violations } from "./violations.ts";

/** Checks of messages that were compiled already, or are being compiled: types may hold themselves. */
type Compiled = Map<DescMessage, PlacedCheck | undefined>;

/**
 * Compiles what a message must keep; undefined where there is nothing. The own rules of the fields
 * at the `skipped` paths are left out, those of what is inside them are not.
 */
export function messageCheck(
  schema: DescMessage,
  skipped: readonly string[],
  compiled: Compiled = new Map(),
): PlacedCheck | undefined {
  if (skipped.length > 0) return compile(schema, skipped, compiled);
  if (compiled.has(schema)) return compiled.get(schema);
  // Met again inside itself, the type is checked by what this will have become by then.
  compiled.set(schema, (message, path, violations) => {
    compiled.get(schema)?.(message, path, violations);
  });
  const check = compile(schema, [], compiled);
  compiled.set(schema, check);
  return check;
}

function compile(
  schema: DescMessage,
  skipped: readonly string[],
  compiled: Compiled,
): PlacedCheck | undefined {
  for (const path of skipped) {
    assert(findField(schema, path) !== undefined, `${schema.toString()} has the field ${path}`);
  }
  const fields = schema.fields.flatMap((field) => {
    const rules = skipped.includes(field.name) ? NO_RULES : fieldRules(field);
    const inside = (type: DescMessage): PlacedCheck | undefined =>
      messageCheck(type, below(skipped, field.name), compiled);
    return fieldCheck(field, rules, inside) ?? [];
  });
  const checks = [...fields, ...oneofChecks(schema)];
  if (checks.length === 0) return undefined;
  return (message, path, violations) => {
    for (const check of checks) {
      if (violations.isFull) return;
      check(message, path, violations);
    }
  };
}

/** Those of the paths that lead into a field, from there on. */
function below(paths: readonly string[], name: string): readonly string[] {
  const prefix = `${name}.`;
  return paths.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
}

function oneofChecks(schema: DescMessage): readonly PlacedCheck[] {
  return schema.oneofs
    .filter((oneof) => getOption(oneof, exactly_one))
    .map(({ name, localName, fields }) => {
      const members = fields.map((field) => field.name).join(", ");
      return (message: unknown, path: string, violations: Violations) => {
        const chosen = (message as Readonly<Record<string, Chosen>>)[localName];
        if (chosen?.case !== undefined) return;
        violations.add(pathOf(path, name), `must have exactly one of ${members}`);
      };
    });
}
