import { type DescEnum, type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import type { WrongField } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import { fieldsOnPath, isTextInJson, pathText, wrapped } from "./field-path.ts";

/** A JSON object that is still being put together. */
export interface JsonObject {
  [name: string]: Json;
}

/** What a text from a path or a query stands for in JSON, or what would have been right. */
export type TextRead =
  { readonly ok: true; readonly json: Json } | { readonly ok: false; readonly expected: string };

/** Query parameters as the members of a request that they set. */
export interface QueryRead {
  readonly json: JsonObject;
  readonly wrong: readonly WrongField[];
}

/**
 * Reads query parameters against a request: names in either spelling, dots into messages, a name
 * repeated for each element of a list. Every wrong one is reported.
 */
export function readQuery(
  message: DescMessage,
  query: readonly (readonly [string, string])[],
): QueryRead {
  const json: JsonObject = {};
  const wrong: WrongField[] = [];
  const seen = new Set<string>();
  for (const [name, text] of query) {
    const fields = fieldsOnPath(message, name.split("."));
    const field = fields?.at(-1);
    if (fields === undefined || field === undefined) {
      wrong.push({ field: name, description: `${message.name} has no such field` });
      continue;
    }
    const path = pathText(fields);
    const read = readText(field, text);
    if (!read.ok) {
      wrong.push({ field: path, description: read.expected });
    } else if (field.fieldKind === "list") {
      appendAt(json, fields, read.json);
    } else if (seen.has(path)) {
      wrong.push({ field: path, description: "is there twice: it takes one value" });
    } else {
      setAt(json, fields, read.json);
    }
    seen.add(path);
  }
  return { json, wrong };
}

/** Reads the text of one value. What JSON writes as a string is passed on for the codec to judge. */
export function readText(field: DescField, text: string): TextRead {
  switch (field.fieldKind) {
    case "scalar":
      return scalarText(field.scalar, text);
    case "enum":
      return enumText(field.enum, text);
    case "message":
      return messageText(field.message, text);
    case "list":
      if (field.listKind === "scalar") return scalarText(field.scalar, text);
      if (field.listKind === "enum") return enumText(field.enum, text);
      return messageText(field.message, text);
    case "map":
      return { ok: false, expected: "a map has no form in a query" };
  }
}

function scalarText(scalar: ScalarType, text: string): TextRead {
  if (scalar !== ScalarType.BOOL) return { ok: true, json: text };
  if (text === "true" || text === "false") return { ok: true, json: text === "true" };
  return { ok: false, expected: `expected true or false, found ${JSON.stringify(text)}` };
}

function enumText(described: DescEnum, text: string): TextRead {
  if (/^-?\d{1,10}$/.test(text)) return { ok: true, json: Number(text) };
  if (described.values.some(({ name }) => name === text)) return { ok: true, json: text };
  const names = described.values.map(({ name }) => name).join(", ");
  return { ok: false, expected: `expected one of ${names}, found ${JSON.stringify(text)}` };
}

function messageText(message: DescMessage, text: string): TextRead {
  const inside = wrapped(message);
  if (inside !== undefined) return readText(inside, text);
  if (isTextInJson(message)) return { ok: true, json: text };
  return { ok: false, expected: "a message has no form in a query: name one of its fields" };
}

/** Sets a value behind a path of fields; what stands there in either spelling is replaced. */
export function setAt(json: JsonObject, fields: readonly DescField[], value: Json): void {
  const [field, ...inner] = fields;
  if (field === undefined) return;
  const before = json[field.jsonName] ?? json[field.name];
  // Both are the same property where a name has one spelling.
  Reflect.deleteProperty(json, field.name);
  if (inner.length === 0) {
    json[field.jsonName] = value;
    return;
  }
  const child: JsonObject = isObject(before) ? { ...before } : {};
  setAt(child, inner, value);
  json[field.jsonName] = child;
}

function appendAt(json: JsonObject, fields: readonly DescField[], value: Json): void {
  const before = getAt(json, fields);
  setAt(json, fields, [...(Array.isArray(before) ? (before as readonly Json[]) : []), value]);
}

function getAt(json: JsonObject, fields: readonly DescField[]): Json | undefined {
  let at: Json | undefined = json;
  for (const field of fields) at = isObject(at) ? at[field.jsonName] : undefined;
  return at;
}

export function isObject(json: Json | undefined): json is { readonly [name: string]: Json } {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
