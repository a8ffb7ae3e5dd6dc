import { OrreryError } from "../errors.ts";
import type { Instant } from "../time/instant.ts";
import type { Check } from "../units/explain.ts";
import type { Reason } from "./reason.ts";

/** Work that a caller asked to start does not fit its project's limits now. Nothing was recorded. */
export class AdmissionDenied extends OrreryError {
  readonly reason: Reason;
  /** Every limit with the numbers compared, those that hold too. */
  readonly checks: readonly Check[];
  /** When it would fit at the latest, where time alone brings that about. */
  readonly nextEligibleAt: Instant | undefined;

  constructor(
    reason: Reason,
    known: { readonly checks: readonly Check[]; readonly nextEligibleAt: Instant | undefined },
  ) {
    super("ADMISSION_DENIED", reason.text);
    this.name = "AdmissionDenied";
    this.reason = reason;
    this.checks = known.checks;
    this.nextEligibleAt = known.nextEligibleAt;
  }
}
