import { fromJson, type JsonValue, type Message, type Registry } from "@bufbuild/protobuf";
import { Code } from "../code.ts";
import { ApiError } from "../api-error.ts";
import type { WrongField } from "../../core/errors.ts";
import { messageOf } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import { limits } from "../../core/limits.ts";
import { pathText } from "./field-path.ts";
import type { HttpBinding } from "./http-binding.ts";
import { valueOf } from "./path-template.ts";
import { isObject, readQuery, readText, setAt, type JsonObject } from "./query-json.ts";
import { invalidRequest } from "./rest-error.ts";
import type { RestRequest } from "./rest-message.ts";
import { wrongFields } from "./wrong-fields.ts";

/**
 * Makes the message of a call from its path, query and body: one JSON object, decoded once. What
 * the path says beats the body; fields stand in either spelling. Throws `INVALID_ARGUMENT` with
 * every wrong field it can name.
 */
export function readRequest(
  binding: HttpBinding,
  segments: readonly string[],
  request: RestRequest,
  registry: Registry,
): Message {
  const { input } = binding.method;
  const json = readBody(binding, request);
  const wrong: WrongField[] = [];
  if (binding.body === "all") {
    for (const name of new Set(request.query.map(([each]) => each))) {
      wrong.push({ field: name, description: "belongs in the body: this route reads no query" });
    }
  } else {
    const query = readQuery(input, request.query);
    wrong.push(...query.wrong, ...merge(json, query.json));
  }
  wrong.push(...readPath(json, binding, segments));
  if (wrong.length > 0) throw invalidRequest(wrong);
  try {
    return fromJson(input, json as JsonValue, { registry });
  } catch (error) {
    const found = wrongFields(input, json, registry);
    throw invalidRequest(found.length > 0 ? found : [{ field: "", description: messageOf(error) }]);
  }
}

function readPath(
  json: JsonObject,
  { variables, template }: HttpBinding,
  segments: readonly string[],
): readonly WrongField[] {
  const wrong: WrongField[] = [];
  for (const { variable, fields } of variables) {
    const field = fields.at(-1);
    const text = valueOf(variable, template, segments);
    const path = pathText(fields);
    if (field === undefined || text === undefined) {
      wrong.push({ field: path, description: "the path is not percent-encoded UTF-8" });
      continue;
    }
    const read = readText(field, text);
    if (read.ok) setAt(json, fields, read.json);
    else wrong.push({ field: path, description: read.expected });
  }
  return wrong;
}

function readBody({ body: takes }: HttpBinding, request: RestRequest): JsonObject {
  const { body } = request;
  if (body.length === 0) return {};
  if (body.length > limits.apiMessageBytes) {
    const most = `at most ${limits.apiMessageBytes} are read`;
    throw new ApiError(Code.RESOURCE_EXHAUSTED, `The body has ${body.length} bytes: ${most}`);
  }
  const json = parseBody(body);
  if (takes === "none") {
    // Some clients always send an object, though there is nothing to say.
    if (isObject(json) && Object.keys(json).length === 0) return {};
    throw invalidRequest([{ field: "", description: "this route reads no body" }]);
  }
  if (takes !== "all") return { [takes.jsonName]: json };
  if (!isObject(json)) {
    throw invalidRequest([{ field: "", description: "the body is not a JSON object" }]);
  }
  return json;
}

function parseBody(body: Uint8Array): Json {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) as Json;
  } catch (error) {
    const description = `the body is not JSON in UTF-8: ${messageOf(error)}`;
    throw invalidRequest([{ field: "", description }]);
  }
}

function merge(json: JsonObject, query: JsonObject): readonly WrongField[] {
  return Object.entries(query).flatMap(([name, value]) => {
    if (Object.hasOwn(json, name)) return [{ field: name, description: "is the body already" }];
    json[name] = value;
    return [];
  });
}
