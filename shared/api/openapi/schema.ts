import {
  getOption,
  ScalarType,
  type DescEnum,
  type DescField,
  type DescMessage,
} from "@bufbuild/protobuf";
import type { Json } from "../../core/json.ts";
import { exactly_one } from "../../gen/yandex/cloud/validation_pb.ts";
import { fieldRules, type FieldRules, type ValueRules } from "../validation/field-rules.ts";
import { wrapped } from "../rest/field-path.ts";

/** An object of JSON Schema, 2020-12, as OpenAPI 3.1 uses it. */
export type Schema = { readonly [keyword: string]: Json | undefined };

/** What the comments of the protos say, by full name. */
export type Descriptions = Readonly<Record<string, string>>;

/** The schemas of one document: a message or an enum gets its own when something refers to it. */
export class Schemas {
  readonly #descriptions: Descriptions;
  readonly #found = new Map<string, Schema>();

  constructor(descriptions: Descriptions) {
    this.#descriptions = descriptions;
  }

  /** By name, sorted. */
  get all(): Readonly<Record<string, Schema>> {
    return Object.fromEntries([...this.#found].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  describe(name: string): { readonly description?: string } {
    const text = this.#descriptions[name];
    return text === undefined ? {} : { description: text };
  }

  /** The canonical JSON form of a message. */
  message(message: DescMessage): Schema {
    const inside = wrapped(message);
    if (inside !== undefined) return orNull(this.#value(inside, {}, false));
    const known = WELL_KNOWN[message.typeName];
    if (known !== undefined) return known;
    if (!this.#found.has(message.typeName)) {
      // Named first, so that a message that holds itself comes to an end.
      this.#found.set(message.typeName, {});
      this.#found.set(message.typeName, this.object(message, message.fields));
    }
    return reference(message.typeName);
  }

  /** An object of some fields of a message, such as a body without what its path names. */
  object(message: DescMessage, fields: readonly DescField[]): Schema {
    const required = fields.filter((field) => fieldRules(field).isRequired);
    const choices = message.oneofs.filter((oneof) => getOption(oneof, exactly_one));
    return {
      type: "object",
      title: message.name,
      ...this.describe(message.typeName),
      properties: Object.fromEntries(fields.map((field) => [field.jsonName, this.field(field)])),
      ...(required.length === 0 ? {} : { required: required.map(({ jsonName }) => jsonName) }),
      ...(choices.length === 0
        ? {}
        : {
            allOf: choices.map((oneof) => ({
              oneOf: oneof.fields.map(({ jsonName }) => ({ required: [jsonName] })),
            })),
          }),
    };
  }

  /** A field with its rules and what is said of it. */
  field(field: DescField): Schema {
    const rules = fieldRules(field);
    const schema = this.#shape(field, rules);
    const notes = [
      this.describe(`${field.parent.typeName}.${field.name}`).description,
      ...choiceNote(field),
      ...valueNote(field, rules),
    ].filter((note) => note !== undefined);
    return {
      ...schema,
      ...(notes.length === 0 ? {} : { description: notes.join("\n\n") }),
      ...(field.deprecated ? { deprecated: true } : {}),
    };
  }

  #shape(field: DescField, rules: FieldRules): Schema {
    const { minimum, maximum } = rules.size?.bounds ?? {};
    switch (field.fieldKind) {
      case "list":
        return {
          type: "array",
          items: this.#value(field, rules, true),
          ...defined({ minItems: minimum, maxItems: maximum }),
          ...(rules.isUnique ? { uniqueItems: true } : {}),
        };
      case "map":
        return {
          type: "object",
          additionalProperties: this.#value(field, rules, true),
          ...(rules.keys === undefined ? {} : { propertyNames: textRules(rules.keys, true) }),
          ...defined({ minProperties: minimum, maxProperties: maximum }),
        };
      default: {
        const value = this.#value(field, rules, rules.isRequired);
        const isText = rules.isRequired && field.scalar === ScalarType.STRING;
        return isText ? { minLength: 1, ...value } : value;
      }
    }
  }

  /** One value: of the field, an element of its list, or a value of its map. */
  #value(field: ValueField, rules: ValueRules, isPresent: boolean): Schema {
    if (field.message !== undefined) return this.message(field.message);
    if (field.enum !== undefined) return this.#enum(field.enum);
    const scalar = field.scalar ?? ScalarType.STRING;
    if (scalar === ScalarType.STRING) return { type: "string", ...textRules(rules, isPresent) };
    return { ...SCALARS[scalar], ...(isText(scalar) ? {} : rules.value?.bounds) };
  }

  #enum(described: DescEnum): Schema {
    const { typeName, values } = described;
    const notes = values.flatMap(({ name }) => {
      const { description } = this.describe(`${typeName}.${name}`);
      return description === undefined ? [] : [`${name}: ${description}`];
    });
    const text = [this.describe(typeName).description, ...notes].filter(Boolean).join("\n\n");
    this.#found.set(typeName, {
      type: "string",
      title: described.name,
      ...(text === "" ? {} : { description: text }),
      enum: values.map(({ name }) => name),
    });
    return reference(typeName);
  }
}

interface ValueField {
  readonly scalar?: ScalarType | undefined;
  readonly enum?: DescEnum | undefined;
  readonly message?: DescMessage | undefined;
}

function reference(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

/** A text that is empty is absent: only `required` speaks of it. */
function textRules({ length, pattern }: ValueRules, isPresent: boolean): Schema {
  const { minimum, maximum } = length?.bounds ?? {};
  return defined({
    minLength: isPresent ? (minimum ?? undefined) : undefined,
    maxLength: maximum,
    pattern: pattern && (isPresent ? `^(?:${pattern.source})$` : `^(?:${pattern.source})?$`),
  });
}

function choiceNote(field: DescField): readonly string[] {
  const { oneof } = field;
  if (oneof === undefined || oneof.fields.length < 2) return [];
  const names = oneof.fields.map(({ jsonName }) => jsonName).join(", ");
  return [`${getOption(oneof, exactly_one) ? "Exactly" : "At most"} one of: ${names}.`];
}

/** JSON Schema has no bounds for a number that is written as text. */
function valueNote(field: DescField, { value, bytes }: FieldRules): readonly string[] {
  const notes = bytes === undefined ? [] : [`Has ${bytes.text} bytes.`];
  const isLong = field.scalar !== undefined && isText(field.scalar);
  return value !== undefined && isLong ? [...notes, `Is ${value.text}.`] : notes;
}

function isText(scalar: ScalarType): boolean {
  return SCALARS[scalar]["type"] === "string";
}

/** What may also be null, where nothing is meant. */
function orNull(schema: Schema): Schema {
  return { ...schema, type: [schema["type"] ?? "string", "null"] };
}

function defined(members: Schema): Schema {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

const INTEGER: Schema = { type: "integer", format: "int32" };
const LONG: Schema = { type: "string", format: "int64" };

const SCALARS: Readonly<Record<ScalarType, Schema>> = {
  [ScalarType.DOUBLE]: { type: "number", format: "double" },
  [ScalarType.FLOAT]: { type: "number", format: "float" },
  [ScalarType.INT32]: INTEGER,
  [ScalarType.SINT32]: INTEGER,
  [ScalarType.SFIXED32]: INTEGER,
  [ScalarType.UINT32]: { type: "integer", minimum: 0 },
  [ScalarType.FIXED32]: { type: "integer", minimum: 0 },
  [ScalarType.INT64]: LONG,
  [ScalarType.SINT64]: LONG,
  [ScalarType.SFIXED64]: LONG,
  [ScalarType.UINT64]: { type: "string", format: "uint64" },
  [ScalarType.FIXED64]: { type: "string", format: "uint64" },
  [ScalarType.BOOL]: { type: "boolean" },
  [ScalarType.STRING]: { type: "string" },
  [ScalarType.BYTES]: { type: "string", contentEncoding: "base64" },
};

const WELL_KNOWN: Readonly<Record<string, Schema>> = {
  "google.protobuf.Timestamp": { type: "string", format: "date-time" },
  "google.protobuf.Duration": { type: "string", pattern: String.raw`^-?\d+(\.\d{1,9})?s$` },
  "google.protobuf.FieldMask": {
    type: "string",
    description: "Paths in camelCase, separated by commas.",
  },
  "google.protobuf.Struct": { type: "object", additionalProperties: true },
  "google.protobuf.ListValue": { type: "array", items: {} },
  "google.protobuf.Value": {},
  "google.protobuf.Empty": { type: "object" },
  "google.protobuf.Any": {
    type: "object",
    properties: { "@type": { type: "string" } },
    required: ["@type"],
    additionalProperties: true,
  },
};
