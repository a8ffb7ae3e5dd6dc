import { createHash, timingSafeEqual } from "node:crypto";
import type { Caller } from "../../core/access/access.ts";
import { OrreryError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Instant } from "../../core/time/instant.ts";
import type { Reader } from "../../ports/store.ts";
import { readToken } from "../../records/token-record.ts";

/** SHA-256 of a token's secret: what is compared and looked up, never the secret itself. */
export function tokenDigest(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

/** What a caller's header is held against. */
export interface KnownTokens {
  readonly reader: Reader;
  /** Of the installation's own token. */
  readonly platformDigest: Buffer;
  readonly now: Instant;
}

const BEARER = new RegExp(`^bearer +([\\x21-\\x7e]{1,${limits.tokenChars}})$`, "i");

/**
 * Whom an `Authorization` header stands for; no header is an anonymous caller. A header that is no
 * `Bearer TOKEN`, and a token that is unknown or has expired, throw `UNAUTHENTICATED`, so that a
 * slip never passes for an anonymous call. A session's token opens one page and is no API token.
 */
export async function authenticate(
  header: string | undefined,
  known: KnownTokens,
): Promise<Caller> {
  if (header === undefined) return { kind: "anonymous" };
  const [, secret] = BEARER.exec(header.trim()) ?? [];
  if (secret === undefined) {
    throw unauthenticated(
      "The authorization header is malformed: send `Authorization: Bearer TOKEN`",
    );
  }
  const digest = tokenDigest(secret);
  // Digests have one length, and comparing them takes one time, whatever the secret is.
  if (timingSafeEqual(digest, known.platformDigest)) return { kind: "platform" };
  const token = await readToken(known.reader, digest.toString("hex"), known.now);
  if (token === undefined || token.session !== undefined) {
    throw unauthenticated(
      "The token is unknown or has expired: ask whoever runs this installation for a new one",
    );
  }
  return { kind: "subject", subject: token.subject };
}

function unauthenticated(message: string): OrreryError {
  return new OrreryError("UNAUTHENTICATED", message);
}
