import { limits } from "../../core/limits.ts";
import { type Instant, plusMs } from "../../core/time/instant.ts";
import type { Clock } from "../../ports/clock.ts";
import { grpcFailure, YdbFailure } from "./failure.ts";
import type { TokenSource } from "./token-source.ts";

/** gRPC's code for a caller that it does not know. */
const UNAUTHENTICATED = 16;

/**
 * Who calls: tokens of a source, or nobody. A refused token is given up and the next request
 * carries a new one, once: where that is refused too, or is the same, the failure is final.
 */
export class Credentials {
  readonly #source: TokenSource | undefined;
  readonly #clock: Clock;
  /** Refused, and no other was accepted since; after a while it may be tried again. */
  #refused: { readonly token: string; readonly until: Instant } | undefined;

  constructor(source: TokenSource | undefined, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
  }

  /** Whether there is a token to keep from others. */
  get haveTokens(): boolean {
    return this.#source !== undefined;
  }

  /** The token for the next request, or undefined for nobody. Rejects with a `YdbFailure`. */
  async token(): Promise<string | undefined> {
    const token = await this.#source?.token();
    if (token === undefined || token !== this.#standing()) return token;
    throw new YdbFailure("TOKEN_REFUSED", "the database refused the token, and there is no other");
  }

  /** Takes note that a request with this token was let in. */
  accepted(token: string | undefined): void {
    if (token !== this.#refused?.token) this.#refused = undefined;
  }

  /** Takes note that the database refused this token; the failure says whether to try again. */
  refused(token: string | undefined, details: string): YdbFailure {
    if (token === undefined) {
      return new YdbFailure("TOKEN_REFUSED", `the database wants a token: ${details}`);
    }
    const before = this.#standing();
    this.#refused = { token, until: plusMs(this.#clock.now(), limits.ydbTokenRetryMs) };
    this.#source?.invalidate(token);
    return before === undefined || before === token
      ? grpcFailure(UNAUTHENTICATED, details)
      : new YdbFailure("TOKEN_REFUSED", `the database refused a new token too: ${details}`);
  }

  #standing(): string | undefined {
    const isStanding = this.#refused !== undefined && this.#clock.now() < this.#refused.until;
    return isStanding ? this.#refused?.token : undefined;
  }
}
