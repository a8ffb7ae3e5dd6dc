import {
  getOption,
  hasOption,
  type DescField,
  type DescMessage,
  type DescMethod,
  type Registry,
} from "@bufbuild/protobuf";
import { assert } from "../../core/assert.ts";
import {
  access,
  our_route,
  Resource,
  Role,
  type AccessRule,
} from "../../gen/orrery/options/v1/options_pb.ts";
import { operation as longRunning } from "../../gen/yandex/cloud/api/operation_pb.ts";
import { isLeaf, isTextInJson, wrapped } from "../rest/field-path.ts";
import type { HttpBinding } from "../rest/http-binding.ts";
import type { Schema, Schemas } from "./schema.ts";

/** One route as OpenAPI tells it. */
export function operationOf(
  binding: HttpBinding,
  context: { readonly schemas: Schemas; readonly registry: Registry; readonly id: string },
): Schema {
  const { schemas, registry, id } = context;
  const { method } = binding;
  const rule = getOption(method, access);
  const said = schemas.describe(`${method.parent.typeName}.${method.name}`).description;
  return {
    operationId: id,
    tags: [method.parent.name],
    description: [said, roleText(rule)].filter((text) => text !== undefined).join("\n\n"),
    parameters: parametersOf(binding, schemas, rule.mutates),
    ...bodyOf(binding, schemas),
    responses: {
      "200": { description: "The answer", ...json(answerOf(binding, schemas)) },
      default: { $ref: "#/components/responses/Failure" },
    },
    ...(rule.resource === Resource.OPEN ? { security: [] } : {}),
    ...(method.deprecated ? { deprecated: true } : {}),
    ...longRunningOf(method, schemas, registry),
    ...(getOption(method, our_route) ? { "x-orrery-route": true } : {}),
  };
}

function answerOf({ method, responseBody }: HttpBinding, schemas: Schemas): Schema {
  const whole =
    responseBody === undefined ? schemas.message(method.output) : schemas.field(responseBody);
  return method.methodKind === "server_streaming" ? { type: "array", items: whole } : whole;
}

function bodyOf({ method, body, variables }: HttpBinding, schemas: Schemas): Schema {
  if (body === "none") return {};
  if (body !== "all") return { requestBody: { required: true, ...json(schemas.field(body)) } };
  const inPath = new Set(variables.map(({ fields }) => fields[0]));
  const fields = method.input.fields.filter((field) => !inPath.has(field));
  const schema = schemas.object(method.input, fields);
  return { requestBody: { required: schema["required"] !== undefined, ...json(schema) } };
}

function parametersOf(binding: HttpBinding, schemas: Schemas, mutates: boolean): readonly Schema[] {
  const { method, variables, body } = binding;
  const inPath = variables.map(({ variable, fields }) => {
    const field = fields.at(-1);
    assert(field !== undefined, "a variable has a field");
    const name = variable.path.join(".");
    return { name, in: "path", required: true, schema: schemas.field(field) };
  });
  const bound = new Set(variables.map(({ variable }) => variable.path.join(".")));
  const inQuery = body === "all" ? [] : queryOf({ message: method.input, bound, body }, schemas);
  const once = mutates ? [{ $ref: "#/components/parameters/IdempotencyKey" }] : [];
  return [...inPath, ...inQuery, ...once];
}

interface QueryOf {
  readonly message: DescMessage;
  /** Paths that stand elsewhere, in proto names. */
  readonly bound: ReadonlySet<string>;
  readonly body: HttpBinding["body"];
}

/** Every field that a query can name, messages by their own fields. */
function queryOf(from: QueryOf, schemas: Schemas): readonly Schema[] {
  return leaves(from.message, [])
    .filter(({ at }) => at[0] !== from.body)
    .filter(({ at }) => !from.bound.has(at.map(({ name }) => name).join(".")))
    .map(({ at, field }) => {
      const { description, deprecated, ...schema } = schemas.field(field);
      const required = at.length === 1 && (schemas.object(from.message, [field])["required"] ?? []);
      return {
        name: at.map(({ jsonName }) => jsonName).join("."),
        in: "query",
        ...(description === undefined ? {} : { description }),
        ...(Array.isArray(required) && required.length > 0 ? { required: true } : {}),
        ...(deprecated === undefined ? {} : { deprecated }),
        schema,
      };
    });
}

interface Leaf {
  readonly at: readonly DescField[];
  readonly field: DescField;
}

function leaves(message: DescMessage, above: readonly DescField[]): readonly Leaf[] {
  return message.fields.flatMap((field): readonly Leaf[] => {
    const at = [...above, field];
    if (field.fieldKind === "map") return [];
    const inner = field.message;
    if (inner === undefined || wrapped(inner) !== undefined || isTextInJson(inner)) {
      return [{ at, field }];
    }
    // A list of messages has no form in a query, and a message that holds itself has no end.
    if (field.fieldKind === "list" || isLeaf(inner) || above.includes(field)) return [];
    return leaves(inner, at);
  });
}

function roleText(rule: AccessRule): string {
  switch (rule.resource) {
    case Resource.OPEN:
      return "Needs no token.";
    case Resource.NOTHING:
      return "Shows what the caller may see.";
    case Resource.PLATFORM:
      return "Needs the installation's own token.";
    default: {
      const higher = rule.fieldRoles.map(
        ({ path, role }) => `; to change ${path}, ${roleName(role)}`,
      );
      const kind = nameOf(Resource, rule.resource);
      return `Needs the role ${roleName(rule.role)} on the ${kind} that ${rule.field} names${higher.join("")}.`;
    }
  }
}

function roleName(role: Role): string {
  return nameOf(Role, role);
}

function nameOf(values: Readonly<Record<string, number>>, value: number): string {
  const [name = ""] = Object.entries(values).find(([, each]) => each === value) ?? [];
  return name.toLowerCase();
}

/** The types of the operation that a method answers with. */
function longRunningOf(method: DescMethod, schemas: Schemas, registry: Registry): Schema {
  if (!hasOption(method, longRunning)) return {};
  const { metadata, response } = getOption(method, longRunning);
  const schemaOf = (name: string): Schema => {
    const message =
      registry.getMessage(`${packageOf(method)}.${name}`) ?? registry.getMessage(name);
    assert(message !== undefined, `${name} of ${method.toString()} is a message that is known`);
    return schemas.message(message);
  };
  return {
    "x-operation": {
      ...(metadata === "" ? {} : { metadata: schemaOf(metadata) }),
      ...(response === "" ? {} : { response: schemaOf(response) }),
    },
  };
}

function packageOf(method: DescMethod): string {
  return method.parent.file.proto.package;
}

export function json(schema: Schema): Schema {
  return { content: { "application/json": { schema } } };
}
