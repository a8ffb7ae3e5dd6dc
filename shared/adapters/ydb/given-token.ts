import { OrreryError } from "../../core/errors.ts";
import { isToken, type TokenSource } from "./token-source.ts";

/**
 * One token for good, such as that of an environment variable. Throws STORE_TOKEN_INVALID for what
 * cannot be one; `origin` names where it came from.
 */
export function givenToken(token: string, origin: string): TokenSource {
  if (!isToken(token)) {
    const what = token.trim() === "" ? "is empty" : "has spaces, line ends or letters of no token";
    throw new OrreryError(
      "STORE_TOKEN_INVALID",
      `The token for the store, from ${origin}, ${what}. Take it again from where it came.`,
    );
  }
  return {
    token: async () => await Promise.resolve(token),
    invalidate: () => undefined, // There is no other; who asks again is told so.
  };
}
