import {
  create,
  ScalarType,
  type DescField,
  type DescMessage,
  type Message,
} from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";

/** Deep enough for every rule of the protos, and it keeps types that hold themselves finite. */
const DEPTH = 4;

/** Random messages of a type: values around what its rules allow, and around nothing at all. */
export function arbitraryMessage(schema: DescMessage, depth = DEPTH): fc.Arbitrary<Message> {
  const members: Record<string, fc.Arbitrary<unknown>> = {};
  for (const field of schema.fields) {
    if (field.oneof === undefined) members[field.localName] = arbitraryField(field, depth);
  }
  for (const oneof of schema.oneofs) {
    const cases = oneof.fields.map((field) =>
      fc.record({ case: fc.constant(field.localName), value: present(field, depth) }),
    );
    const unset: fc.Arbitrary<unknown> = fc.constant({ case: undefined });
    members[oneof.localName] = fc.oneof(unset, ...cases);
  }
  return fc.record(members).map((init) => create(schema, init as never));
}

function arbitraryField(field: DescField, depth: number): fc.Arbitrary<unknown> {
  switch (field.fieldKind) {
    case "list":
      return fc.array(element(field, depth), { maxLength: 3 });
    case "map":
      return fc.dictionary(keys(field.mapKey), element(field, depth), { maxKeys: 3 });
    case "message":
      return fc.option(present(field, depth), { nil: undefined });
    default:
      return present(field, depth);
  }
}

function present(field: DescField, depth: number): fc.Arbitrary<unknown> {
  if (field.fieldKind === "message" && field.oneof === undefined && isWrapperDesc(field.message)) {
    return scalar(field.message.fields[0].scalar);
  }
  return element(field, depth);
}

function element(field: DescField, depth: number): fc.Arbitrary<unknown> {
  if (field.scalar !== undefined) return scalar(field.scalar);
  if (field.enum !== undefined) {
    return fc.constantFrom(...field.enum.values.map(({ number }) => number));
  }
  const { message } = field;
  if (message.typeName === "google.protobuf.Struct") return fc.constant({ a: ["x", 1] });
  const isWhole = message.typeName.startsWith("google.protobuf.") || depth === 0;
  return isWhole ? fc.constant(create(message)) : arbitraryMessage(message, depth - 1);
}

const keys = (type: ScalarType): fc.Arbitrary<string> =>
  type === ScalarType.STRING ? texts : fc.nat(9).map(String);

/** Texts of the lengths that rules speak of, of letters that patterns know and others. */
const texts = fc.oneof(
  fc.constantFrom(
    "",
    "a",
    "demo",
    "stdout",
    "userAccount",
    "pending",
    "A b",
    "ЁжА",
    "-",
    "a_b-c9",
    "🜚",
  ),
  fc
    .record({
      unit: fc.constantFrom("a", "Ё", "🜚", "-", "0", "Z"),
      length: fc.constantFrom(49, 50, 51, 62, 63, 64, 65, 100, 101, 200, 201, 256, 257, 1000, 1001),
    })
    .map(({ unit, length }) => unit.repeat(length)),
  fc.string({ maxLength: 8 }).map((text) => text.replaceAll("\0", "")),
);

function scalar(type: ScalarType): fc.Arbitrary<unknown> {
  switch (type) {
    case ScalarType.STRING:
      return texts;
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.BYTES:
      return fc.uint8Array({ maxLength: 4 });
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return fc.constantFrom(0, 1.5, -2);
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return fc.constantFrom(0n, 1n, 899n, 900n, 901n, 999n, 1000n, 1001n, 9_999n, 10_000n);
    default:
      return fc.constantFrom(0, 1, 7, 1000, 1001);
  }
}
