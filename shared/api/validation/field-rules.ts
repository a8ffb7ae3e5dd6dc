import { getOption, hasOption, type DescField } from "@bufbuild/protobuf";
import { assert } from "../../core/assert.ts";
import {
  bytes,
  length,
  map_key,
  pattern,
  required,
  size,
  unique,
  value,
} from "../../gen/yandex/cloud/validation_pb.ts";
import { parseRange, type Range } from "./range.ts";

/** Rules for one value: an element of a list and a value of a map have them too. */
export interface ValueRules {
  readonly value?: Range;
  readonly length?: Range;
  readonly bytes?: Range;
  readonly pattern?: Pattern;
}

/** A regular expression for a whole text, and as the option writes it. */
export interface Pattern {
  readonly source: string;
  readonly matches: RegExp;
}

/** What the options of a field say. */
export interface FieldRules extends ValueRules {
  readonly isRequired: boolean;
  readonly isUnique: boolean;
  readonly size?: Range;
  readonly keys?: ValueRules;
}

export const NO_RULES: FieldRules = { isRequired: false, isUnique: false };

/** Reads the options of a field; one that cannot be read, or does not suit the field, throws. */
export function fieldRules(field: DescField): FieldRules {
  const range = (option: typeof value): Range | undefined =>
    hasOption(field, option) ? rangeOf(field, getOption(field, option)) : undefined;
  const rules: FieldRules = {
    isRequired: getOption(field, required),
    isUnique: getOption(field, unique),
    ...present({
      value: range(value),
      length: range(length),
      bytes: range(bytes),
      size: range(size),
      pattern: hasOption(field, pattern) ? patternOf(field, getOption(field, pattern)) : undefined,
      keys: hasOption(field, map_key) ? keyRules(field) : undefined,
    }),
  };
  const isList = field.fieldKind === "list";
  const isMap = field.fieldKind === "map";
  assert(rules.size === undefined || isList || isMap, `${field.toString()} has elements to count`);
  assert(!rules.isUnique || isList, `${field.toString()} has elements to compare`);
  assert(rules.keys === undefined || isMap, `${field.toString()} has keys`);
  return rules;
}

function keyRules(field: DescField): ValueRules {
  const spec = getOption(field, map_key);
  const range = (text: string): Range | undefined =>
    text === "" ? undefined : rangeOf(field, text);
  return present({
    value: range(spec.value),
    length: range(spec.length),
    pattern: spec.pattern === "" ? undefined : patternOf(field, spec.pattern),
  });
}

function rangeOf(field: DescField, text: string): Range {
  const range = parseRange(text);
  assert(range !== undefined, `${field.toString()} has a range that can be read, not ${text}`);
  return range;
}

function patternOf(field: DescField, source: string): Pattern {
  try {
    return { source, matches: new RegExp(`^(?:${source})$`, "u") };
  } catch {
    assert(false, `${field.toString()} has a pattern that can be read, not ${source}`);
  }
}

type Present<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** Drops the members that are undefined. */
function present<T extends object>(members: T): Present<T> {
  const entries = Object.entries(members).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries) as Present<T>;
}
