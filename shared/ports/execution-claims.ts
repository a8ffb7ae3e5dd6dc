import type { AttemptId, ProjectId } from "../core/ids.ts";
import type { Instant } from "../core/time/instant.ts";

/** What an attempt has at a provider, as it was first recorded. */
export interface ExecutionClaim {
  readonly project: ProjectId;
  readonly attempt: AttemptId;
  /** The provider's id of what may be executed for the attempt, and of nothing else. */
  readonly execution: string;
  readonly claimedAt: Instant;
  /** What an end is read by and the provider does not repeat. */
  readonly work: ClaimedWork;
  /** The provider's operation, once it is known to run. */
  readonly operation?: string;
  /** Set once the execution is to end before its time: the first reason given. */
  readonly stopping?: "cancelled" | "timedOut";
}

export type ClaimedWork =
  | { readonly kind: "job"; readonly instanceTypes: readonly string[] }
  | {
      readonly kind: "notebook";
      /** As it was asked for: a notebook's path, or a cell's id. */
      readonly target: string;
      readonly instanceType: string;
      readonly outputVariables: readonly string[];
    };

/** Nothing may be executed for the attempt, by whoever began to start it before this. */
export interface Revocation {
  readonly attempt: AttemptId;
  /** How often that happened to the attempt. */
  readonly revision: number;
}

/** What stands for an attempt. */
export type Held =
  | { readonly kind: "claim"; readonly claim: ExecutionClaim }
  | { readonly kind: "revoked"; readonly revocation: Revocation };

/**
 * Who may start what for an attempt, where an executor cannot ask its engine that.
 *
 * K1 Of all claims for an attempt the first one stays, whoever else claims at the same time. Only
 *    what is claimed may be executed: so an attempt has at most one execution that costs anything.
 * K2 A claim outlives its attempt by a retention, so that whoever comes late still finds it.
 * K3 After a revocation nobody can claim who had begun before it; whoever finds it may begin anew.
 */
export interface ExecutionClaims {
  find(attempt: AttemptId): Promise<Held | undefined>;
  /**
   * Records a claim where nothing stands, or the revocation that the claimant found (K3). Resolves
   * to what stands then: this claim, or what was in its way.
   */
  claim(claim: ExecutionClaim, found: Revocation | undefined): Promise<Held>;
  /** Adds what became known of a claim that stands; what is set already stays. */
  amend(
    attempt: AttemptId,
    known: Partial<Pick<ExecutionClaim, "operation" | "stopping">>,
  ): Promise<Held | undefined>;
  /**
   * Revokes the claim for this execution, or, without one, whatever could still be claimed. Another
   * claim stays. Resolves to what stands then.
   */
  revoke(attempt: AttemptId, execution?: string): Promise<Held>;
  /** Forgets all of an attempt: it is then like one that never started. */
  release(attempt: AttemptId): Promise<void>;
}
