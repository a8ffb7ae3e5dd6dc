import type { Clock } from "../../ports/clock.ts";
import { heldToken, isToken, lifeOf, type HeldToken, type TokenSource } from "./token-source.ts";

/** The token that the cloud hands a function with every call of its handler. */
export interface ContextToken extends TokenSource {
  /** Takes the token of the call that begins; what cannot be one is passed over. */
  offer(token: string, expiresInSeconds: number): void;
}

/** Answers with the token last offered; where none is good any more, with that of `fallback`. */
export function contextToken(clock: Clock, fallback: TokenSource): ContextToken {
  let held: HeldToken | undefined;
  return {
    offer: (token, expiresInSeconds) => {
      const lifeMs = lifeOf(expiresInSeconds);
      if (isToken(token) && lifeMs !== undefined) held = heldToken(token, lifeMs, clock.now());
    },
    token: async () => {
      const isGood = held !== undefined && clock.now() < held.usableUntil;
      return isGood && held !== undefined ? held.token : await fallback.token();
    },
    invalidate: (token) => {
      if (held?.token === token) held = undefined;
      fallback.invalidate(token);
    },
  };
}
