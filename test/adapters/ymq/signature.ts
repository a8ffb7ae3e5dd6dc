import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** A key that a service knows. */
export interface Key {
  readonly id: string;
  readonly secret: string;
}

/**
 * Checks a request's signature as a service does, by its own reading of AWS's "Signature Version 4".
 * Returns the code that the service refuses it with; undefined where it is right.
 */
export function refusalOf(request: IncomingMessage, body: Buffer, key: Key): string | undefined {
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8}\/[\w-]+\/sqs\/aws4_request), SignedHeaders=([\w;-]+), Signature=([0-9a-f]{64})$/.exec(
      request.headers.authorization ?? "",
    );
  if (parts === null) return "MissingAuthenticationToken";
  const [, id, scope = "", signed = "", signature = ""] = parts;
  if (id !== key.id) return "InvalidClientTokenId";
  const headers = signed
    .split(";")
    .map((name) => `${name}:${String(request.headers[name]).trim()}\n`);
  const url = new URL(request.url ?? "/", "http://host");
  const canonical = [
    request.method,
    url.pathname,
    url.search.slice(1),
    headers.join(""),
    signed,
    sha256(body),
  ].join("\n");
  const at = String(request.headers["x-amz-date"]);
  const text = ["AWS4-HMAC-SHA256", at, scope, sha256(Buffer.from(canonical))].join("\n");
  const signingKey = scope
    .split("/")
    .reduce<Buffer | string>((before, part) => hmac(before, part), `AWS4${key.secret}`);
  const right = hmac(signingKey, text);
  return timingSafeEqual(right, Buffer.from(signature, "hex"))
    ? undefined
    : "SignatureDoesNotMatch";
}

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
const hmac = (key: Buffer | string, text: string): Buffer =>
  createHmac("sha256", key).update(text).digest();
