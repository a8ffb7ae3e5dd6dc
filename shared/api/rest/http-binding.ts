import { getOption, hasOption, type DescField, type DescMethod } from "@bufbuild/protobuf";
import { assert } from "../../core/assert.ts";
import { http } from "../../gen/google/api/annotations_pb.ts";
import type { HttpRule } from "../../gen/google/api/http_pb.ts";
import { fieldNamed, fieldsOnPath, wrapped } from "./field-path.ts";
import { parseTemplate, type PathTemplate, type TemplateVariable } from "./path-template.ts";

/** One way to call a method over HTTP. */
export interface HttpBinding {
  readonly method: DescMethod;
  /** In capitals. */
  readonly httpMethod: string;
  readonly template: PathTemplate;
  /** In the order of the template. */
  readonly variables: readonly BoundVariable[];
  /** `all`: the body is the request without what the path names; `none`: there is no body. */
  readonly body: "all" | "none" | DescField;
  /** Absent where the answer is the whole response. */
  readonly responseBody?: DescField;
}

/** A variable of the path and the request's field that it sets. */
interface BoundVariable {
  readonly variable: TemplateVariable;
  readonly fields: readonly DescField[];
}

/** The HTTP routes of a method, the principal one first. A client stream can have none. */
export function bindingsOf(method: DescMethod): readonly HttpBinding[] {
  if (!hasOption(method, http)) return [];
  const rule = getOption(method, http);
  const streams =
    method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
  assert(!streams, `${methodText(method)} streams its requests, which HTTP has no form for`);
  return [rule, ...rule.additionalBindings].map((each) => bindingOf(method, each));
}

function bindingOf(method: DescMethod, rule: HttpRule): HttpBinding {
  const { httpMethod, path } = patternOf(method, rule);
  const template = parseTemplate(path);
  const variables = template.variables.map((variable) => {
    const fields = fieldsOnPath(method.input, variable.path);
    const isBound = fields !== undefined && takesText(fields.at(-1));
    assert(isBound, `${variable.path.join(".")} of ${path} is a field of one value`);
    return { variable, fields };
  });
  const responseBody =
    rule.responseBody === "" ? undefined : fieldNamed(method.output, rule.responseBody);
  assert(
    (responseBody === undefined) === (rule.responseBody === ""),
    `${rule.responseBody} is a field of ${method.output.typeName}`,
  );
  return {
    method,
    httpMethod,
    template,
    variables,
    body: bodyOf(method, rule),
    ...(responseBody === undefined ? {} : { responseBody }),
  };
}

function bodyOf(method: DescMethod, rule: HttpRule): HttpBinding["body"] {
  if (rule.body === "") return "none";
  if (rule.body === "*") return "all";
  const field = fieldNamed(method.input, rule.body);
  assert(field !== undefined, `${rule.body} is a field of ${method.input.typeName}`);
  return field;
}

function patternOf(
  method: DescMethod,
  { pattern }: HttpRule,
): { readonly httpMethod: string; readonly path: string } {
  assert(pattern.case !== undefined, `a route of ${methodText(method)} has a path`);
  if (pattern.case === "custom")
    return { httpMethod: pattern.value.kind, path: pattern.value.path };
  return { httpMethod: pattern.case.toUpperCase(), path: pattern.value };
}

function takesText(field: DescField | undefined): boolean {
  if (field?.fieldKind === "message") return wrapped(field.message) !== undefined;
  return field?.fieldKind === "scalar" || field?.fieldKind === "enum";
}

function methodText(method: DescMethod): string {
  return `${method.parent.typeName}.${method.name}`;
}
