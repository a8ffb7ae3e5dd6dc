import type { AttemptId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import type { ExecutionClaim, ExecutionClaims } from "../../ports/execution-claims.ts";

/**
 * Claims, with those remembered that are complete: nothing of them changes any more but why they are
 * stopped, which is read again where it matters.
 */
export interface ClaimMemory extends ExecutionClaims {
  /** The claim of an attempt, remembered or read; undefined where there is none. */
  recall(attempt: AttemptId): Promise<ExecutionClaim | undefined>;
}

export function claimMemory(claims: ExecutionClaims): ClaimMemory {
  const known = new Map<AttemptId, ExecutionClaim>();
  const note = <T extends Awaited<ReturnType<ExecutionClaims["find"]>>>(
    attempt: AttemptId,
    held: T,
  ): T => {
    known.delete(attempt);
    if (held?.kind === "claim" && held.claim.operation !== undefined) {
      known.set(attempt, held.claim);
      const [oldest] = known.keys();
      if (known.size > limits.datasphereClaimsKept && oldest !== undefined) known.delete(oldest);
    }
    return held;
  };
  return {
    find: async (attempt) => note(attempt, await claims.find(attempt)),
    claim: async (claim, found) => note(claim.attempt, await claims.claim(claim, found)),
    amend: async (attempt, more) => note(attempt, await claims.amend(attempt, more)),
    revoke: async (attempt, execution) => note(attempt, await claims.revoke(attempt, execution)),
    async release(attempt) {
      known.delete(attempt);
      await claims.release(attempt);
    },
    async recall(attempt) {
      const remembered = known.get(attempt);
      if (remembered !== undefined) return remembered;
      const held = note(attempt, await claims.find(attempt));
      return held?.kind === "claim" ? held.claim : undefined;
    },
  };
}
