import { digest } from "../ids.ts";
import { roleIdsThatGive, type AccessBinding, type AccessResource } from "./access.ts";

/** Where a page of bindings ended: at a binding, or at the one whose text has this digest. */
export type BindingCursor =
  | { readonly kind: "binding"; readonly binding: AccessBinding }
  | { readonly kind: "digest"; readonly digest: string };

/** A page token has 100 characters, which carry 75 bytes; its own frame takes some of them. */
const CURSOR_BYTES = 65;
const DIGEST = /^~([0-9a-f]{32})$/;

/**
 * A cursor as text whose JSON fits a page token: the role's place in the order of roles, then the
 * subject. A subject id may have 100 characters, which do not fit: then a digest stands for it.
 */
export function bindingCursorText(binding: AccessBinding, kind: AccessResource["kind"]): string {
  const { type, id } = binding.subject;
  const role = roleIdsThatGive("viewer", kind).indexOf(binding.roleId);
  const text = `${role}${type}:${id}`;
  const bytes = new TextEncoder().encode(JSON.stringify(text)).length - 2;
  return bytes <= CURSOR_BYTES ? text : `~${bindingDigest(binding)}`;
}

export function bindingDigest({ subject, roleId }: AccessBinding): string {
  return digest([subject.type, subject.id, roleId], 32);
}

/** The cursor in a text, or undefined where it is none. */
export function parseBindingCursor(
  text: string,
  kind: AccessResource["kind"],
): BindingCursor | undefined {
  const [, hash] = DIGEST.exec(text) ?? [];
  if (hash !== undefined) return { kind: "digest", digest: hash };
  const [, role, type, id] = /^(\d)([a-zA-Z]+):(.+)$/su.exec(text) ?? [];
  const roleId = roleIdsThatGive("viewer", kind)[Number(role)];
  if (roleId === undefined || type === undefined || id === undefined) return undefined;
  return { kind: "binding", binding: { roleId, subject: { type, id } } };
}
