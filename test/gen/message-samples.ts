import {
  create,
  ScalarType,
  type DescField,
  type DescMessage,
  type Message,
} from "@bufbuild/protobuf";

/** A chance in [0, 1). */
type Draw = () => number;

type Values = Record<string, unknown>;

/** Sets one field, also one inside a oneof. */
export function setField(message: Message, field: DescField, value: unknown): void {
  const values = message as unknown as Values;
  if (field.oneof === undefined) values[field.localName] = value;
  else values[field.oneof.localName] = { case: field.localName, value };
}

/** A value that is not the field's default, with nested messages filled. */
export function sampleField(field: DescField): unknown {
  return fieldValue(field, { draw: () => 0.5, depth: 0 });
}

/** Sets each field by chance, and at most one of each oneof. */
export function fillRandomly(message: Message, desc: DescMessage, draw: Draw, depth = 0): void {
  for (const member of desc.members) {
    if (draw() < 0.3) continue;
    const field =
      member.kind === "field" ? member : member.fields[Math.floor(draw() * member.fields.length)];
    if (field !== undefined) setField(message, field, fieldValue(field, { draw, depth }));
  }
}

interface Making {
  readonly draw: Draw;
  readonly depth: number;
}

function fieldValue(field: DescField, making: Making): unknown {
  const { draw } = making;
  const times = 1 + Math.floor(draw() * 2);
  switch (field.fieldKind) {
    case "scalar":
      return scalar(field.scalar, draw);
    case "enum":
      return anEnum(field.enum.values.length, draw);
    case "message":
      return aMessage(field.message, making);
    case "list":
      return Array.from({ length: times }, () => {
        if (field.listKind === "scalar") return scalar(field.scalar, draw);
        if (field.listKind === "enum") return anEnum(field.enum.values.length, draw);
        return aMessage(field.message, making);
      });
    case "map":
      return Object.fromEntries(
        Array.from({ length: times }, (_, index) => [
          `key-${index}`,
          scalar(ScalarType.STRING, draw),
        ]),
      );
  }
}

function scalar(type: ScalarType, draw: Draw): unknown {
  const number = 1 + Math.floor(draw() * 1_000_000);
  switch (type) {
    case ScalarType.STRING:
      return `text é ${number}`;
    case ScalarType.BOOL:
      return true;
    case ScalarType.BYTES:
      return new Uint8Array([number & 255, 0, 255]);
    case ScalarType.INT64:
    case ScalarType.UINT64:
      return BigInt(number) * 4_000_000_000n;
    case ScalarType.DOUBLE:
      return number + 0.25;
    default:
      return number;
  }
}

function anEnum(count: number, draw: Draw): number {
  return 1 + Math.floor(draw() * (count - 1));
}

/** Timestamps and durations in whole milliseconds: the SDK keeps no more. */
function aMessage(desc: DescMessage, { draw, depth }: Making): unknown {
  const number = 1 + Math.floor(draw() * 1_000_000);
  switch (desc.typeName) {
    case "google.protobuf.Timestamp":
    case "google.protobuf.Duration":
      return create(desc, { seconds: BigInt(number), nanos: 5_000_000 });
    case "google.protobuf.Struct":
      return { name: "value", list: [1, "two", null, { deep: true }] };
    case "google.protobuf.Int64Value":
      // The well-known wrapper is unwrapped in our code.
      return BigInt(number);
    case "google.protobuf.Any":
      return create(desc, {
        typeUrl: "type.googleapis.com/x.Y",
        value: new Uint8Array([8, number & 127]),
      });
    default: {
      const message = create(desc);
      if (depth < 3) {
        for (const member of desc.members) {
          const field = member.kind === "field" ? member : member.fields[0];
          if (field !== undefined)
            setField(message, field, fieldValue(field, { draw, depth: depth + 1 }));
        }
      }
      return message;
    }
  }
}
