import { createHmac, timingSafeEqual } from "node:crypto";
import type { Instant } from "../../core/time/instant.ts";
import type { Download, Upload } from "../../ports/files.ts";

/** What a signed URL allows: one thing, with one verb. */
export type Grant =
  | { readonly verb: "PUT"; readonly upload: Upload }
  | { readonly verb: "GET"; readonly download: Download };

/** What stands in a URL: a grant and its end. */
type Claims = Grant & { readonly expiresAt: Instant };

/** A signed URL that allows nothing (any more), and why. */
export interface Denied {
  readonly denied: "forged" | "expired";
}

/** `CLAIMS.SIGNATURE`: the claims as JSON, in characters that a URL's path may hold. */
export function signGrant(key: string, grant: Grant, expiresAt: Instant): string {
  const claims = Buffer.from(JSON.stringify({ ...grant, expiresAt } satisfies Claims));
  const text = claims.toString("base64url");
  return `${text}.${signature(key, text)}`;
}

/** The grant in a signed text. Nothing of it is read before its signature is known to be ours. */
export function openGrant(key: string, signed: string, now: Instant): Grant | Denied {
  const [text = "", mark = "", ...more] = signed.split(".");
  // Compared as they are written: of the texts that decode to one signature, one is ours.
  const given = Buffer.from(mark);
  const right = Buffer.from(signature(key, text));
  if (more.length > 0 || given.length !== right.length || !timingSafeEqual(given, right)) {
    return { denied: "forged" };
  }
  const claims = JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as Claims;
  return claims.expiresAt <= now ? { denied: "expired" } : claims;
}

function signature(key: string, text: string): string {
  return createHmac("sha256", key).update(text).digest("base64url");
}
