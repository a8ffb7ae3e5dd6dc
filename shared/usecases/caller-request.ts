import type { Caller } from "../core/access/access.ts";
import { callerId } from "../core/access/access.ts";

/** Who asks, and under which key a repeat of the same request is known. */
export interface CallerRequest {
  readonly caller: Caller;
  /** Absent where the client sent no Idempotency-Key. */
  readonly once?: OnceKey;
}

/** `scope` separates callers and methods, so that keys of one never meet those of another. */
export interface OnceKey {
  readonly scope: string;
  readonly key: string;
  /** Of the request's content: the same key with another content is a conflict. */
  readonly digest: string;
}

/** The subject id that stands in `created_by` and in the ledger. */
export function askedBy(request: CallerRequest): string {
  return callerId(request.caller);
}
