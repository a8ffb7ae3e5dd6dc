import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";

/** What a field of a message holds; undefined where it is absent. */
export type FieldReader = (message: Message) => unknown;

/** A field that a dotted path of proto names leads to, and how it is read. */
export interface FoundField {
  readonly field: DescField;
  readonly read: FieldReader;
}

/** How one field is read: members of a oneof share a property with their case. */
export function fieldReader(field: DescField): FieldReader {
  const { localName, oneof } = field;
  if (oneof === undefined) return (message) => (message as unknown as Loose)[localName];
  const oneofName = oneof.localName;
  return (message) => {
    const chosen = (message as unknown as Loose)[oneofName] as Chosen | undefined;
    return chosen?.case === localName ? chosen.value : undefined;
  };
}

/** Follows a path such as `metadata.project_id`; undefined where the message has no such field. */
export function findField(schema: DescMessage, path: string): FoundField | undefined {
  const [name = "", ...rest] = path.split(".");
  const field = schema.fields.find((each) => each.name === name);
  if (field === undefined) return undefined;
  const read = fieldReader(field);
  if (rest.length === 0) return { field, read };
  if (field.fieldKind !== "message") return undefined;
  const inner = findField(field.message, rest.join("."));
  if (inner === undefined) return undefined;
  const readInner = inner.read;
  return {
    field: inner.field,
    read: (message) => {
      const holder = read(message);
      return holder === undefined ? undefined : readInner(holder as Message);
    },
  };
}

type Loose = Readonly<Record<string, unknown>>;

/** A oneof, as a message holds it. */
export interface Chosen {
  readonly case: string | undefined;
  readonly value?: unknown;
}
