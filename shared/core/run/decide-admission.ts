import { assertNever } from "../assert.ts";
import { limits } from "../limits.ts";
import type { ScheduleDefinition } from "../schedule/schedule-definition.ts";
import { earlier, formatInstant, plusMs, type Instant } from "../time/instant.ts";
import type { Account } from "../units/account.ts";
import { isSilent } from "../units/mirror.ts";
import { admit, type Admitted, type DenialCode, type Denied } from "../units/admission.ts";
import { attemptRequestOf, type AttemptRequest } from "./attempt-request.ts";
import { gate, startDeadlineAt, type GateDecision, type GateFacts } from "./gate.ts";
import { decideAtLowBalance } from "./low-balance.ts";
import type { Reason, ReasonCode } from "./reason.ts";
import { isAdHoc } from "./run.ts";
import { mustYield, type HeadOfLine } from "./turn.ts";

/** Everything that decides whether a run starts now, waits, or ends unstarted. */
export interface AdmissionFacts extends GateFacts {
  readonly account: Account;
  readonly rates: Readonly<Record<string, number>>;
  /** Why the provider that owns the project has not answered just now; absent where it has. */
  readonly unanswered?: string;
  /** The first in turn of the project's runs that wait for its limits. */
  readonly head?: HeadOfLine;
  /** The nominal time of a started run that may be too near, where a low balance keeps runs apart. */
  readonly lastStartedAt?: Instant;
}

export type AdmissionDecision =
  | Exclude<GateDecision, { readonly kind: "open" }>
  | { readonly kind: "admit"; readonly request: AttemptRequest; readonly admitted: Admitted };

const REASONS: Readonly<Record<DenialCode, ReasonCode>> = {
  execution_too_large: "limit_execution",
  balance_exhausted: "limit_balance",
  hour_exhausted: "limit_hour",
  concurrency_exhausted: "limit_concurrency",
};

/**
 * Decides in a fixed order: the gate, the provider's silence, a low balance, the turn, then the units.
 * Whatever a run waits for, it is looked at again as soon as its start deadline has passed.
 */
export function decideAdmission(facts: AdmissionFacts): AdmissionDecision {
  const decision = decide(facts);
  const deadlineAt = facts.definition && startDeadlineAt(facts.run, facts.definition);
  if (decision.kind !== "wait" || deadlineAt === undefined) return decision;
  return { ...decision, nextEligibleAt: earlier(decision.nextEligibleAt, plusMs(deadlineAt, 1)) };
}

function decide(facts: AdmissionFacts): AdmissionDecision {
  const passed = gate(facts);
  if (passed.kind !== "open") return passed;
  const { definition } = passed;
  const request = attemptRequest(facts, definition);
  if (request === undefined) {
    const text = `No rate is known for one of ${definition.work.instanceTypes.join(", ")}: add it to \`rates\``;
    return { kind: "conclude", state: "refused", reason: { code: "not_supported", text } };
  }
  const silence = silenceOf(facts);
  if (silence !== undefined) return waitFor({ code: "provider_silent", text: silence }, facts);
  const low = decideAtLowBalance(facts, definition);
  if (low !== undefined) return low;
  if (facts.head !== undefined && mustYield(facts.run, facts.head, facts.now)) {
    const text = `Run ${facts.head.run} has waited longer and goes first`;
    return waitFor({ code: "behind", text }, facts);
  }
  const decision = admit(facts.account, request, facts.now);
  if (decision.outcome === "admitted") return { kind: "admit", request, admitted: decision };
  return deniedBy(decision, definition, facts);
}

/**
 * Why nothing of a project may start: its provider does not answer, and what it last said is too old
 * to go by, or unknown.
 */
export function silenceOf({
  account,
  unanswered,
  now,
}: Pick<AdmissionFacts, "account" | "unanswered" | "now">): string | undefined {
  if (unanswered === undefined || !isSilent(account, now)) return undefined;
  const seenAt = account.provider?.seenAt;
  const last = seenAt === undefined ? "never" : `at ${formatInstant(seenAt)}`;
  return `The limits and the balance of project ${account.project} were last known ${last}: ${unanswered}`;
}

/**
 * What the next attempt asks for. Ad hoc work has no timeout of its own to bound it, so it may use
 * what is left of the balance, as it may in DataSphere, and is stopped when that is spent.
 */
export function attemptRequest(
  facts: Pick<AdmissionFacts, "run" | "rates" | "account">,
  definition: ScheduleDefinition,
): AttemptRequest | undefined {
  const request = attemptRequestOf(facts.run, definition, facts.rates);
  const { balance, held } = facts.account;
  if (request === undefined || balance === undefined || !isAdHoc(facts.run)) return request;
  const left = balance - held;
  return left < request.rate ? request : { ...request, mostUnits: left };
}

function deniedBy(
  denied: Denied,
  definition: ScheduleDefinition,
  facts: AdmissionFacts,
): AdmissionDecision {
  const failed = denied.explain.filter((check) => !check.holds);
  const text = failed.map((check) => check.sentence).join(" ");
  const reason: Reason = { code: REASONS[denied.code], text };
  // A limit that can never hold is no reason to wait, whatever the schedule says.
  if (denied.relief.kind === "never") return { kind: "conclude", state: "refused", reason };
  switch (definition.onLimit) {
    case "wait":
      return waitFor(reason, facts, denied);
    case "skip":
      return { kind: "conclude", state: "skipped", reason };
    case "fail":
      return { kind: "conclude", state: "refused", reason };
    default:
      return assertNever(definition.onLimit);
  }
}

/** Where no instant is known in advance, the run is woken, or looked at again within a minute. */
function waitFor(reason: Reason, facts: AdmissionFacts, denied?: Denied): AdmissionDecision {
  const nextEligibleAt = denied?.nextEligibleAt ?? plusMs(facts.now, limits.waitRecheckMs);
  // Who waits for a top up is in nobody's way: there may be none for long.
  const isInLine = denied === undefined ? reason.code === "behind" : denied.relief.kind !== "topUp";
  const line = isInLine ? { isInLine } : {};
  return { kind: "wait", reason, nextEligibleAt, cancel: [], ...line };
}
