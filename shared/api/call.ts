import type { Caller } from "../core/access/access.ts";
import type { CallerRequest, OnceKey } from "../usecases/caller-request.ts";

/** One call of one method, whichever face it came through. */
export interface Call extends CallerRequest {
  readonly caller: Caller;
  readonly once?: OnceKey;
  /** Ours, or the client's `x-client-request-id`; it stands in logs and in error details. */
  readonly requestId: string;
  /** Aborted once the client is gone or its deadline has passed. */
  readonly signal: AbortSignal;
  /** Whether a stream may wait for more; over a face that cannot, it ends at what there is. */
  readonly follows: boolean;
}
