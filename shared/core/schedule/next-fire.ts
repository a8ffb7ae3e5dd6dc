import type { Instant } from "../time/instant.ts";

/** An occurrence that is owed: what the schedule says, and what we aim at (jitter added). */
export interface NextFire {
  readonly nominalAt: Instant;
  readonly effectiveAt: Instant;
}
