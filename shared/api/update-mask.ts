import { clone, type DescField, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { reflect, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import type { FieldMask } from "@bufbuild/protobuf/wkt";
import { OrreryError, type WrongField } from "../core/errors.ts";

/**
 * The paths of an update. Without a mask, or with an empty one, they are all that may be updated. A
 * path is one of those or leads into one; any other is `ARGUMENT_INVALID`, which names each.
 */
export function updatePaths(
  schema: DescMessage,
  mask: FieldMask | undefined,
  updatable: readonly string[],
): readonly string[] {
  const paths = mask?.paths ?? [];
  if (paths.length === 0) return updatable;
  const fields = paths.flatMap((path) => wrongPath(schema, path, updatable));
  if (fields.length === 0) return paths;
  const told = fields.map(({ description }) => description).join("; ");
  throw new OrreryError("ARGUMENT_INVALID", `${maskName(schema)}: ${told}`, { fields });
}

/**
 * The target with each path as the source has it: a field that is unset there is reset. A path that
 * is a whole message, list or map replaces it. Both messages have the paths' fields by the same
 * names and types; neither is changed.
 */
export function withMasked<Target extends DescMessage, Source extends DescMessage>(
  target: { readonly schema: Target; readonly message: MessageShape<Target> },
  source: { readonly schema: Source; readonly message: MessageShape<Source> },
  paths: readonly string[],
): MessageShape<Target> {
  const copy = clone(target.schema, target.message);
  const into = reflect(target.schema, copy);
  const from = reflect(source.schema, source.message);
  for (const path of paths) copyPath(into, from, path.split("."));
  return copy;
}

function copyPath(
  into: ReflectMessage,
  from: ReflectMessage | undefined,
  path: readonly string[],
): void {
  const [name = "", ...rest] = path;
  const field = fieldOf(into.desc, name);
  const theirs = from && fieldOf(from.desc, name);
  if (field === undefined) return;
  if (rest.length > 0 && field.fieldKind === "message") {
    const isThere = from !== undefined && theirs !== undefined && from.isSet(theirs);
    const inner: ReflectMessage = into.get(field);
    copyPath(inner, isThere ? (from.get(theirs) as ReflectMessage) : undefined, rest);
    into.set(field, inner);
  } else if (from === undefined || theirs === undefined || !from.isSet(theirs)) {
    into.clear(field);
  } else {
    into.set(field, from.get(theirs));
  }
}

function wrongPath(
  schema: DescMessage,
  path: string,
  updatable: readonly string[],
): readonly WrongField[] {
  const isUpdatable = updatable.some((each) => path === each || path.startsWith(`${each}.`));
  if (isUpdatable && leadsSomewhere(schema, path)) return [];
  const allowed = updatable.join(", ");
  const description = leadsSomewhere(schema, path)
    ? `${path} cannot be changed; these can: ${allowed}`
    : `${JSON.stringify(path.slice(0, 100))} is no field of a ${schema.name}; these can be changed: ${allowed}`;
  return [{ field: maskName(schema), description }];
}

/** What a request calls its mask: `update_mask` nearly everywhere. */
function maskName(schema: DescMessage): string {
  const isMask = (field: DescField): boolean =>
    field.message?.typeName === "google.protobuf.FieldMask";
  return schema.fields.find(isMask)?.name ?? "update_mask";
}

/** Whether the message has such a field; lists, maps and wrapped numbers have nothing inside. */
function leadsSomewhere(schema: DescMessage, path: string): boolean {
  const [name = "", ...rest] = path.split(".");
  const field = fieldOf(schema, name);
  if (field === undefined) return false;
  if (rest.length === 0) return true;
  const isOurs = field.fieldKind === "message" && !field.message.file.name.startsWith("google/");
  return isOurs && leadsSomewhere(field.message, rest.join("."));
}

function fieldOf(schema: DescMessage, name: string): DescField | undefined {
  return schema.fields.find((field) => field.name === name);
}
