import type { DescField, DescMessage } from "@bufbuild/protobuf";

/** The field with this name, in the spelling of the proto or of its JSON form. */
export function fieldNamed(message: DescMessage, name: string): DescField | undefined {
  return message.fields.find((field) => field.name === name || field.jsonName === name);
}

/** The fields that a dotted path leads through, or undefined where it leads nowhere. */
export function fieldsOnPath(
  message: DescMessage,
  path: readonly string[],
): readonly DescField[] | undefined {
  const found: DescField[] = [];
  let at: DescMessage | undefined = message;
  for (const name of path) {
    const field: DescField | undefined = at && fieldNamed(at, name);
    if (field === undefined) return undefined;
    found.push(field);
    at = field.fieldKind === "message" && !isLeaf(field.message) ? field.message : undefined;
  }
  return found;
}

/** A path as messages and violations write it: in the proto's spelling. */
export function pathText(fields: readonly DescField[]): string {
  return fields.map(({ name }) => name).join(".");
}

const WRAPPED =
  /^google\.protobuf\.(Bool|String|Bytes|Int32|Int64|UInt32|UInt64|Float|Double)Value$/;
const AS_TEXT = /^google\.protobuf\.(Timestamp|Duration|FieldMask)$/;
const AS_ANY_JSON = /^google\.protobuf\.(Any|Struct|Value|ListValue)$/;

/** The field inside a wrapper, whose JSON form is the bare value. */
export function wrapped(message: DescMessage): DescField | undefined {
  return WRAPPED.test(message.typeName) ? message.fields[0] : undefined;
}

/** Whether the JSON form of a message is one string. */
export function isTextInJson(message: DescMessage): boolean {
  return AS_TEXT.test(message.typeName);
}

/** Whether no field of a message shows in its JSON form. */
export function isLeaf(message: DescMessage): boolean {
  return (
    wrapped(message) !== undefined || isTextInJson(message) || AS_ANY_JSON.test(message.typeName)
  );
}
