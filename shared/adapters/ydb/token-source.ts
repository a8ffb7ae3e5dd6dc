import { limits } from "../../core/limits.ts";
import { plusMs, type Instant } from "../../core/time/instant.ts";

/** Where the tokens come from that tell the database who calls. No error or log carries one. */
export interface TokenSource {
  /**
   * A token that is valid for as long as a transaction may take. Asked several times in every
   * request, so it answers from memory wherever it can. Rejects with a `YdbFailure`
   * (`TOKEN_UNAVAILABLE`), and a failure is not kept: the next call asks again.
   */
  token(): Promise<string>;
  /** The database refused this token: it is not given out again where another can be had. */
  invalidate(token: string): void;
}

/** Whether the text can be a token: what is not printable ASCII cannot even travel in a header. */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

/** A token and how long it is good. */
export interface HeldToken {
  readonly token: string;
  /** From here on a new one is fetched, if it can be had. */
  readonly renewAt: Instant;
  /** From here on it is not used any more. */
  readonly usableUntil: Instant;
}

/** The token as held from `now` on; `lifeMs` is what is left of its life. */
export function heldToken(token: string, lifeMs: number, now: Instant): HeldToken {
  const renewMs = Math.min(lifeMs / 2, limits.ydbTokenRenewMs);
  const marginMs = Math.min(lifeMs / 4, limits.ydbTokenMarginMs);
  return {
    token,
    renewAt: plusMs(now, Math.floor(renewMs)),
    usableUntil: plusMs(now, Math.floor(lifeMs - marginMs)),
  };
}

/** The life of a token whose source says how many seconds are left; undefined for nonsense. */
export function lifeOf(expiresInSeconds: unknown): number | undefined {
  const isLife =
    typeof expiresInSeconds === "number" &&
    Number.isFinite(expiresInSeconds) &&
    expiresInSeconds > 0;
  // A source that says "forever" is asked again all the same: `renewAt` bounds it.
  return isLife ? Math.min(expiresInSeconds * 1_000, limits.policyMaxMs) : undefined;
}
