import { assert } from "../assert.ts";
import type { Instant } from "../time/instant.ts";
import { record, type Account } from "./account.ts";
import { boundOf, type Bound } from "./bound.ts";
import { checks, worstCaseOf, type AdmissionRequest, type Check, type Relief } from "./explain.ts";
import type { Entry } from "./ledger.ts";
import type { HeldReservation } from "./reservation.ts";

export type DenialCode =
  "execution_too_large" | "balance_exhausted" | "hour_exhausted" | "concurrency_exhausted";

export interface Admitted {
  readonly outcome: "admitted";
  readonly account: Account;
  readonly entries: readonly Entry[];
  readonly reservation: HeldReservation;
  /** What the executor must enforce for the reservation to hold. */
  readonly bound: Bound;
}

export interface Denied {
  readonly outcome: "denied";
  /** The rule that takes most to hold again. */
  readonly code: DenialCode;
  readonly relief: Relief;
  /**
   * When the trailing hour has room even if running work spends all it holds. It may have room
   * sooner, when work ends early, and another rule may still stand against the attempt then.
   */
  readonly nextEligibleAt?: Instant;
  readonly explain: readonly Check[];
}

const CODES: Readonly<Record<Check["rule"], DenialCode>> = {
  execution: "execution_too_large",
  balance: "balance_exhausted",
  hour: "hour_exhausted",
  concurrency: "concurrency_exhausted",
};

const RELIEFS_WORST_FIRST: readonly Relief["kind"][] = ["never", "topUp", "settlement", "at"];

/**
 * Holds an attempt's worst case, or says which rule stands against it and what would help.
 * An attempt that already holds its units is admitted again as it was, so repeating is safe.
 */
export function admit(
  account: Account,
  request: AdmissionRequest,
  now: Instant,
): Admitted | Denied {
  const earlier = account.open.find(({ attempt }) => attempt === request.attempt);
  if (earlier !== undefined) return admittedBefore(account, request, earlier);
  const explain = checks(account, request, now);
  const failed = explain.filter((check) => !check.holds).toSorted(byRelief)[0];
  if (failed !== undefined) return denied(explain, failed);
  const { attempt } = request;
  const { bound, spend } = worstCaseOf(account, request, now);
  assert(bound.outcome === "bounded", "an execution that fits has a bound");
  const { units } = spend;
  const movement = {
    kind: "hold",
    reservation: attempt,
    units,
    spend,
    reason: "admitted",
  } as const;
  const { account: after, entries } = record(account, [movement], now);
  const reservation: HeldReservation = { state: "held", attempt, ...spend };
  return { outcome: "admitted", account: after, entries, reservation, bound };
}

/** The limits may have changed since: the bound is the one that the held units pay for. */
function admittedBefore(
  account: Account,
  request: AdmissionRequest,
  reservation: HeldReservation,
): Admitted {
  const { rate, units } = reservation;
  const bound = boundOf({ ...request, rate, unitsPerExecution: units });
  assert(bound.outcome === "bounded", "a reservation holds at least a second");
  return { outcome: "admitted", account, entries: [], reservation, bound };
}

type Failed = Extract<Check, { holds: false }>;

function byRelief(a: Failed, b: Failed): number {
  const severity = ({ relief }: Failed) => RELIEFS_WORST_FIRST.indexOf(relief.kind);
  return severity(a) - severity(b);
}

function denied(explain: readonly Check[], failed: Failed): Denied {
  const { rule, relief } = failed;
  const refusal = { outcome: "denied", code: CODES[rule], relief, explain } as const;
  const later = explain
    .filter((check) => !check.holds)
    .map((check) => check.relief)
    .find((each) => each.kind === "at");
  if (later === undefined || relief.kind === "never") return refusal;
  return { ...refusal, nextEligibleAt: later.nextEligibleAt };
}
