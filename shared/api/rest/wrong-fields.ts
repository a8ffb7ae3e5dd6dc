import {
  fromJson,
  ScalarType,
  type DescEnum,
  type DescField,
  type DescMessage,
  type JsonValue,
  type Registry,
} from "@bufbuild/protobuf";
import type { WrongField } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import { limits } from "../../core/limits.ts";
import { fieldNamed, isLeaf, wrapped } from "./field-path.ts";
import { isObject } from "./query-json.ts";

/**
 * Which fields of a request the codec refuses, at most `limits.apiViolations` of them. The codec
 * names one field without its path; this decodes the parts one by one to find every path. It runs
 * only for a request that was refused.
 */
export function wrongFields(
  message: DescMessage,
  json: Json,
  registry: Registry,
): readonly WrongField[] {
  const search: Search = { registry, found: [] };
  searchMessage(search, message, json, "");
  return search.found.slice(0, limits.apiViolations);
}

interface Search {
  readonly registry: Registry;
  readonly found: WrongField[];
}

function searchMessage(search: Search, message: DescMessage, json: Json, path: string): void {
  if (isLeaf(message) || !isObject(json)) {
    search.found.push({
      field: path,
      description: `expected ${formOf(message)}, found ${shown(json)}`,
    });
    return;
  }
  const seen = new Set<DescField>();
  for (const [name, value = null] of Object.entries(json)) {
    if (search.found.length >= limits.apiViolations) return;
    const field = fieldNamed(message, name);
    if (field === undefined) {
      search.found.push({
        field: below(path, name),
        description: `${message.name} has no such field`,
      });
    } else if (seen.has(field)) {
      search.found.push({
        field: below(path, field.name),
        description: "is there in two spellings",
      });
    } else {
      seen.add(field);
      if (!decodes(search, message, field, value))
        searchField(search, message, field, { value, path });
    }
  }
  for (const oneof of message.oneofs) {
    const members = oneof.fields.filter((field) => seen.has(field)).map(({ name }) => name);
    if (members.length < 2) continue;
    const description = `takes one of its fields, found ${members.join(" and ")}`;
    search.found.push({ field: below(path, oneof.name), description });
  }
}

function searchField(
  search: Search,
  message: DescMessage,
  field: DescField,
  at: { readonly value: Json; readonly path: string },
): void {
  const { value } = at;
  const path = below(at.path, field.name);
  if (field.fieldKind === "message") {
    searchMessage(search, field.message, value, path);
  } else if (field.fieldKind === "list" && Array.isArray(value)) {
    for (const [index, element] of (value as readonly Json[]).entries()) {
      if (search.found.length >= limits.apiViolations) return;
      if (decodes(search, message, field, [element])) continue;
      searchElement(search, field, element, `${path}[${index}]`);
    }
  } else if (field.fieldKind === "map" && isObject(value)) {
    for (const [key, element = null] of Object.entries(value)) {
      if (search.found.length >= limits.apiViolations) return;
      if (decodes(search, message, field, { [key]: element })) continue;
      searchElement(search, field, element, `${path}[${key}]`);
    }
  } else {
    search.found.push({
      field: path,
      description: `expected ${formOfField(field)}, found ${shown(value)}`,
    });
  }
}

function searchElement(
  search: Search,
  field: DescField & { readonly fieldKind: "list" | "map" },
  element: Json,
  path: string,
): void {
  if (field.message !== undefined) searchMessage(search, field.message, element, path);
  else {
    const description = `expected ${formOfValue(field)}, found ${shown(element)}`;
    search.found.push({ field: path, description });
  }
}

function decodes(
  { registry }: Search,
  message: DescMessage,
  field: DescField,
  value: Json,
): boolean {
  try {
    fromJson(message, { [field.jsonName]: value as JsonValue }, { registry });
    return true;
  } catch {
    return false;
  }
}

function below(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

/** What stands in a refused place, short enough for a sentence and never a long text of the client's. */
function shown(json: Json): string {
  if (Array.isArray(json)) return "a list";
  if (typeof json === "object" && json !== null) return "an object";
  const text = JSON.stringify(json);
  return text.length <= SHOWN_CHARS ? text : `${text.slice(0, SHOWN_CHARS)}…`;
}

const SHOWN_CHARS = 60;

function formOfField(field: DescField): string {
  if (field.fieldKind === "list") return "a list";
  if (field.fieldKind === "map") return "an object";
  return formOfValue(field);
}

function formOfValue(field: {
  readonly scalar?: ScalarType | undefined;
  readonly enum?: DescEnum | undefined;
}): string {
  if (field.enum !== undefined) {
    return `one of ${field.enum.values.map(({ name }) => name).join(", ")}`;
  }
  return field.scalar === undefined ? "an object" : SCALAR_FORMS[field.scalar];
}

/** The JSON form of a message, in words. */
function formOf(message: DescMessage): string {
  const inside = wrapped(message);
  if (inside !== undefined) return `${formOfValue(inside)} or null`;
  return WELL_KNOWN_FORMS[message.typeName] ?? `an object of ${message.name}`;
}

const WELL_KNOWN_FORMS: Readonly<Record<string, string>> = {
  "google.protobuf.Timestamp": 'a time such as "2027-01-15T00:00:00Z"',
  "google.protobuf.Duration": 'a duration such as "1800s"',
  "google.protobuf.FieldMask": 'paths such as "name,settings.subnetId"',
  "google.protobuf.Any": "an object with a known @type",
  "google.protobuf.Struct": "an object",
  "google.protobuf.ListValue": "a list",
};

const INTEGER_32 = "an integer of 32 bits";
const INTEGER_64 = 'an integer of 64 bits, such as "1000"';
const NUMBER = "a number";

const SCALAR_FORMS: Readonly<Record<ScalarType, string>> = {
  [ScalarType.DOUBLE]: NUMBER,
  [ScalarType.FLOAT]: NUMBER,
  [ScalarType.INT32]: INTEGER_32,
  [ScalarType.SINT32]: INTEGER_32,
  [ScalarType.UINT32]: INTEGER_32,
  [ScalarType.FIXED32]: INTEGER_32,
  [ScalarType.SFIXED32]: INTEGER_32,
  [ScalarType.INT64]: INTEGER_64,
  [ScalarType.SINT64]: INTEGER_64,
  [ScalarType.UINT64]: INTEGER_64,
  [ScalarType.FIXED64]: INTEGER_64,
  [ScalarType.SFIXED64]: INTEGER_64,
  [ScalarType.BOOL]: "true or false",
  [ScalarType.STRING]: "a text",
  [ScalarType.BYTES]: "bytes in base64",
};
