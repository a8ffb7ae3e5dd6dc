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

/** A decision as programs read it. */
export function viewDecision({ kind, state, reason, ...held }: Decision): object {
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

/** A rule with the numbers it compared, as programs read it. */
export function viewCheck(check: Check): object {
  const { rule, holds, sentence } = check;
  // An instant among the numbers is written as instants are everywhere else.
  const compared = Object.fromEntries(
    Object.entries(check.compared).map(([name, value]) => [
      name,
      isInstant(name) ? formatInstant(instant(value)) : value,
    ]),
  );
  const view = { rule, holds, sentence, compared };
  return holds ? view : { ...view, relief: viewRelief(check) };
}

function isInstant(name: string): boolean {
  return name === "now" || name.endsWith("At");
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
