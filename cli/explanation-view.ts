import { formatInstant, instant } from "../shared/core/time/instant.ts";
import type { Check, Decision, Explanation } from "../shared/gen/orrery/v1/run_service_pb.ts";
import { decodeReason, decodeRun, required } from "./decoded-run.ts";

/** An explanation as programs read it: `orrery explain --json` prints this. */
export function viewExplanation(explanation: Explanation): object {
  const { decision, checks, ahead, eligibleAt } = explanation;
  const { id, state, reason } = decodeRun(explanation.run);
  return {
    run: id,
    state,
    ...(reason === undefined ? {} : { reason }),
    ...(decision === undefined
      ? {}
      : { eligibleAt: formatInstant(required(eligibleAt)), decision: viewDecision(decision) }),
    checks: checks.map(viewCheck),
    ahead,
  };
}

function viewDecision({ kind, state, reason, ...held }: Decision): object {
  const why = reason === undefined ? {} : { reason: decodeReason(reason) };
  switch (kind) {
    case "admit":
      return { kind, unitsHeld: Number(held.unitsHeld), instanceType: held.instanceType };
    case "wait":
      return { kind, ...why, nextEligibleAt: formatInstant(required(held.nextEligibleAt)) };
    default:
      return { kind, state, ...why };
  }
}

function viewCheck(check: Check): object {
  const { rule, holds, sentence } = check;
  // The one instant among the numbers is written as instants are everywhere else.
  const { peakAt, ...numbers } = check.compared;
  const compared =
    peakAt === undefined ? numbers : { ...numbers, peakAt: formatInstant(instant(peakAt)) };
  const view = { rule, holds, sentence, compared };
  return holds ? view : { ...view, relief: viewRelief(check) };
}

function viewRelief({ relief, nextEligibleAt, missingUnits }: Check): object {
  switch (relief) {
    case "at":
      return { kind: "at", nextEligibleAt: formatInstant(required(nextEligibleAt)) };
    case "topUp":
      return { kind: "topUp", missingUnits: Number(missingUnits) };
    default:
      return { kind: relief };
  }
}
