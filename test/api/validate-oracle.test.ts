import {
  create,
  createRegistry,
  getOption,
  hasOption,
  ScalarType,
  setExtension,
  type DescField,
  type DescMessage,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import { FieldOptionsSchema, OneofOptionsSchema } from "@bufbuild/protobuf/wkt";
import { createValidator, type Validator } from "@bufbuild/protovalidate";
import {
  field as fieldExtension,
  FieldRulesSchema,
  Ignore,
  oneof as oneofExtension,
  OneofRulesSchema,
} from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { registry } from "../../shared/api/any.ts";
import { compileValidator } from "../../shared/api/validate.ts";
import { assert } from "../../shared/core/assert.ts";
import {
  exactly_one,
  length,
  map_key,
  pattern,
  required,
  size,
  value,
} from "../../shared/gen/yandex/cloud/validation_pb.ts";
import { arbitraryMessage } from "./a-message.ts";

/**
 * A second interpreter of the same options: they are rewritten, in memory, as rules of
 * `buf.validate`, and its own library must find the same fields wrong.
 */

type Rules = MessageInitShape<typeof FieldRulesSchema>;

/** `a-b`, `>=n`, `<=n` and `>n`, of whole numbers: what our protos use. */
function bounds(text: string): { min?: bigint; max?: bigint } {
  const between = /^(\d+)-(\d+)$/.exec(text);
  if (between !== null) return { min: BigInt(between[1] ?? ""), max: BigInt(between[2] ?? "") };
  const bound = /^(>=|<=|>)(\d+)$/.exec(text);
  assert(bound !== null, `the bridge knows ${text}`);
  const limit = BigInt(bound[2] ?? "");
  if (bound[1] === ">") return { min: limit + 1n };
  return bound[1] === ">=" ? { min: limit } : { max: limit };
}

const whole = (source: string): string => `^(?:${source})$`;

function textRules(rules: { length?: string; pattern?: string }): Rules {
  const { min, max } = rules.length === undefined ? {} : bounds(rules.length);
  return {
    type: {
      case: "string",
      value: {
        ...(min === undefined ? {} : { minLen: min }),
        ...(max === undefined ? {} : { maxLen: max }),
        ...(rules.pattern === undefined ? {} : { pattern: whole(rules.pattern) }),
      },
    },
  };
}

function numberRules(type: ScalarType | undefined, text: string): Rules {
  const { min, max } = bounds(text);
  if (type === ScalarType.INT32) {
    return {
      type: {
        case: "int32",
        value: {
          ...(min === undefined ? {} : { greaterThan: { case: "gte", value: Number(min) } }),
          ...(max === undefined ? {} : { lessThan: { case: "lte", value: Number(max) } }),
        },
      },
    };
  }
  assert(type === ScalarType.INT64, "the bridge knows whole numbers with a sign");
  return {
    type: {
      case: "int64",
      value: {
        ...(min === undefined ? {} : { greaterThan: { case: "gte", value: min } }),
        ...(max === undefined ? {} : { lessThan: { case: "lte", value: max } }),
      },
    },
  };
}

function elementRules(field: DescField): Rules | undefined {
  if (hasOption(field, value)) return numberRules(field.scalar, getOption(field, value));
  const isText = hasOption(field, length) || hasOption(field, pattern);
  if (!isText) return undefined;
  return textRules({
    ...(hasOption(field, length) ? { length: getOption(field, length) } : {}),
    ...(hasOption(field, pattern) ? { pattern: getOption(field, pattern) } : {}),
  });
}

function rulesOf(field: DescField): Rules {
  const isRequired = { required: getOption(field, required) };
  const element = elementRules(field);
  const { min, max } = hasOption(field, size) ? bounds(getOption(field, size)) : {};
  switch (field.fieldKind) {
    case "list": {
      const items = element === undefined ? {} : { items: element };
      const counts = {
        ...(min === undefined ? {} : { minItems: min }),
        ...(max === undefined ? {} : { maxItems: max }),
      };
      return { ...isRequired, type: { case: "repeated", value: { ...counts, ...items } } };
    }
    case "map": {
      const key = hasOption(field, map_key) ? getOption(field, map_key) : undefined;
      const keys = key && textRules({ length: key.length, pattern: key.pattern });
      const counts = {
        ...(min === undefined ? {} : { minPairs: min }),
        ...(max === undefined ? {} : { maxPairs: max }),
      };
      const values = element === undefined ? {} : { values: element };
      return {
        ...isRequired,
        type: {
          case: "map",
          value: { ...counts, ...values, ...(keys === undefined ? {} : { keys }) },
        },
      };
    }
    default:
      // An empty scalar is absent: only `required` speaks of it.
      return { ...isRequired, ...element, ignore: Ignore.IF_ZERO_VALUE };
  }
}

/** Rewrites the options of a type and of every type inside it; descriptors are this process's own. */
function bridge(schema: DescMessage, done: Set<DescMessage>): void {
  if (done.has(schema)) return;
  done.add(schema);
  for (const field of schema.fields) {
    const options = (field.proto.options ??= create(FieldOptionsSchema));
    setExtension(options, fieldExtension, create(FieldRulesSchema, rulesOf(field)));
    if (field.message !== undefined) bridge(field.message, done);
  }
  for (const oneof of schema.oneofs.filter((each) => getOption(each, exactly_one))) {
    const options = (oneof.proto.options ??= create(OneofOptionsSchema));
    setExtension(options, oneofExtension, create(OneofRulesSchema, { required: true }));
  }
}

function requestsWithRules(): readonly DescMessage[] {
  const requests = [...registry].filter(
    (each): each is DescMessage => each.kind === "message" && each.name.endsWith("Request"),
  );
  const states = (schema: DescMessage, seen: Set<DescMessage>): boolean => {
    if (seen.has(schema)) return false;
    seen.add(schema);
    return (
      schema.oneofs.some((oneof) => hasOption(oneof, exactly_one)) ||
      schema.fields.some(
        (field) =>
          hasOption(field, required) ||
          [pattern, value, size, length].some((each) => hasOption(field, each)) ||
          (field.message !== undefined && states(field.message, seen)),
      )
    );
  };
  return requests.filter((schema) => states(schema, new Set()));
}

function pathsBy(validator: Validator, schema: DescMessage, message: never): readonly string[] {
  const { violations = [] } = validator.validate(schema, message);
  return violations.map(({ field }) =>
    field
      .map((part) => {
        switch (part.kind) {
          case "field":
          case "oneof":
            return `.${part.name}`;
          case "list_sub":
            return `[${part.index}]`;
          case "map_sub":
            return `[${String(part.key)}]`;
          default:
            return "";
        }
      })
      .join("")
      .slice(1),
  );
}

describe("the rules of the protos", () => {
  const requests = requestsWithRules();
  const validator = createValidator({ registry: createRegistry(...registry) });
  const done = new Set<DescMessage>();
  for (const request of requests) bridge(request, done);

  it("stand in many requests", () => {
    expect(requests.length).toBeGreaterThan(60);
  });

  it.each(requests.map((request) => [request.typeName, request] as const))(
    "mean for %s what another interpreter reads in them",
    (_name, schema) => {
      const violationsOf = compileValidator(schema);
      const property = fc.property(arbitraryMessage(schema), (message) => {
        const ours = violationsOf(message).map(({ field }) => field);
        const theirs = pathsBy(validator, schema, message as never);

        expect([...new Set(ours)].toSorted()).toEqual([...new Set(theirs)].toSorted());
      });

      fc.assert(property, { numRuns: 60 });
    },
  );
});
