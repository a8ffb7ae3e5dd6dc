import { toBinary, type DescMessage, type Message } from "@bufbuild/protobuf";
import { createHash } from "node:crypto";
import { OrreryError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { OnceKey } from "../usecases/caller-request.ts";

const KEY = new RegExp(`^[\\x21-\\x7e]{1,${limits.idempotencyKeyChars}}$`);

/** What a client's `Idempotency-Key` makes of its request; one that is no key is an error. */
export function onceKeyOf(
  header: string | undefined,
  scope: string,
  request: { readonly schema: DescMessage; readonly message: Message },
): OnceKey | undefined {
  if (header === undefined) return undefined;
  const key = header.trim();
  if (!KEY.test(key)) {
    const description = `must be 1 to ${limits.idempotencyKeyChars} printable characters without spaces, such as a UUID`;
    throw new OrreryError("ARGUMENT_INVALID", `The header Idempotency-Key ${description}`, {
      fields: [{ field: "idempotency-key", description }],
    });
  }
  const bytes = toBinary(request.schema, inKeyOrder(request.message) as Message);
  return { scope, key, digest: createHash("sha256").update(bytes).digest("hex") };
}

/**
 * The same message with the entries of every map in the order of their keys, so that equal requests
 * have equal bytes whatever order a client wrote them in. Fields are written by number anyway.
 */
function inKeyOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inKeyOrder);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, each]) => [name, inKeyOrder(each)]));
}
