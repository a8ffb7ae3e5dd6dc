import type { AttemptId, ProjectId } from "../core/ids.ts";

/** What an attempt has at a provider, as it was first recorded. */
export interface ExecutionClaim {
  readonly project: ProjectId;
  readonly attempt: AttemptId;
  /** The provider's id of what may be executed for the attempt, and of nothing else. */
  readonly execution: string;
  /** The provider's operation, once it is known to run. */
  readonly operation?: string;
}

/**
 * Who may start what for an attempt, where an executor cannot ask its engine that.
 *
 * K1 Of all claims for an attempt the first one stays, whoever else claims at the same time. Only
 *    what is claimed may be executed: so an attempt has at most one execution that costs anything.
 * K2 A claim outlives its attempt by a retention, so that whoever comes late still finds it.
 */
export interface ExecutionClaims {
  find(attempt: AttemptId): Promise<ExecutionClaim | undefined>;
  /** Records a claim unless there is one; resolves to the one that holds. */
  claim(claim: ExecutionClaim): Promise<ExecutionClaim>;
  /** Adds the operation to a claim that holds. */
  started(attempt: AttemptId, operation: string): Promise<void>;
  /** Forgets a claim: the attempt is then like one that never started. */
  release(attempt: AttemptId): Promise<void>;
}
