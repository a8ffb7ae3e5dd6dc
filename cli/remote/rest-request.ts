import { toJson, type JsonValue, type Message, type Registry } from "@bufbuild/protobuf";
import type { HttpBinding } from "../../shared/api/rest/http-binding.ts";
import type { PathTemplate } from "../../shared/api/rest/path-template.ts";
import { assert } from "../../shared/core/assert.ts";

/** A request as it goes over HTTP. */
export interface HttpRequest {
  readonly method: string;
  /** Percent-encoded, with its query. */
  readonly path: string;
  /** JSON; absent where the route reads none. */
  readonly body?: string;
}

type JsonObject = Record<string, JsonValue>;

/**
 * Writes a message as the request of a route: what the path names stands there, the body has what
 * the route takes there, and all else is query parameters.
 * Source: google/api/http.proto, "HTTP transcoding rules".
 */
export function httpRequestOf(
  binding: HttpBinding,
  message: Message,
  registry: Registry,
): HttpRequest {
  const { method, httpMethod, template, variables, body: takes } = binding;
  const json = toJson(method.input, message, { registry });
  // A message whose JSON is no object, such as Empty's sisters, has nothing to spread.
  const rest: JsonObject = isObject(json) ? { ...json } : {};
  const taken = variables.map(({ variable, fields }) => {
    const text = takeAt(
      rest,
      fields.map(({ jsonName }) => jsonName),
    );
    assert(text !== "", `${fields.map(({ name }) => name).join(".")} has a value for its path`);
    return { variable, text };
  });
  const path = pathOf(template, taken);
  if (takes === "all") return { method: httpMethod, path, body: JSON.stringify(rest) };
  if (takes === "none") return { method: httpMethod, path: withQuery(path, rest) };
  const { [takes.jsonName]: body = {}, ...others } = rest;
  return { method: httpMethod, path: withQuery(path, others), body: JSON.stringify(body) };
}

/** Takes a value out of an object and answers with its text; empty where there is none. */
function takeAt(json: JsonObject, [name = "", ...inner]: readonly string[]): string {
  const value = json[name];
  if (inner.length > 0) {
    if (!isObject(value)) return "";
    const child = { ...value };
    json[name] = child;
    return takeAt(child, inner);
  }
  Reflect.deleteProperty(json, name);
  return value === undefined || value === null || typeof value === "object" ? "" : String(value);
}

function pathOf(
  { segments, verb }: PathTemplate,
  taken: readonly {
    readonly variable: PathTemplate["variables"][number];
    readonly text: string;
  }[],
): string {
  const parts: string[] = [];
  for (let at = 0; at < segments.length;) {
    const found = taken.find(({ variable }) => variable.from === at);
    if (found === undefined) {
      const segment = segments[at];
      assert(segment?.kind === "literal", "a wildcard of a route belongs to a variable");
      parts.push(segment.text);
      at += 1;
    } else {
      const { variable, text } = found;
      const isOne = variable.spans === "one";
      parts.push(
        isOne ? encodeURIComponent(text) : text.split("/").map(encodeURIComponent).join("/"),
      );
      at = variable.to;
    }
  }
  return `/${parts.join("/")}${verb === undefined ? "" : `:${verb}`}`;
}

function withQuery(path: string, json: JsonObject): string {
  const query = new URLSearchParams([...parametersOf(json)]);
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

/** Dots into messages, a name repeated for each element of a list. */
function parametersOf(json: JsonObject, before = ""): readonly [string, string][] {
  return Object.entries(json).flatMap(([name, value]) => {
    const at = `${before}${name}`;
    if (isObject(value)) return parametersOf(value, `${at}.`);
    const values = Array.isArray(value) ? value : [value];
    return values.map((each): [string, string] => {
      const isPlain = each === null || typeof each !== "object";
      assert(isPlain, `a list of messages, as ${at}, has no form in a query`);
      return [at, String(each)];
    });
  });
}

function isObject(json: JsonValue | undefined): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
