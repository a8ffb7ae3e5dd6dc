import { eligibleAt } from "../shared/core/run/due.ts";
import { formatInstant, instant } from "../shared/core/time/instant.ts";
import type { Check, Relief } from "../shared/core/units/explain.ts";
import type { Explanation } from "../shared/usecases/explain-run.ts";

/** An explanation as programs read it: `orrery explain --json` prints this. */
export function viewExplanation({ run, decision, checks, ahead }: Explanation): object {
  return {
    run: run.id,
    state: run.state,
    ...(run.reason === undefined ? {} : { reason: run.reason }),
    ...(decision === undefined
      ? {}
      : { eligibleAt: formatInstant(eligibleAt(run)), decision: viewDecision(decision) }),
    checks: checks.map(viewCheck),
    ahead,
  };
}

function viewDecision(decision: NonNullable<Explanation["decision"]>): object {
  switch (decision.kind) {
    case "admit": {
      const { units: unitsHeld } = decision.admitted.reservation;
      return { kind: "admit", unitsHeld, instanceType: decision.request.instanceType };
    }
    case "wait": {
      const { reason, nextEligibleAt } = decision;
      return { kind: "wait", reason, nextEligibleAt: formatInstant(nextEligibleAt) };
    }
    case "conclude": {
      const { state, reason } = decision;
      return { kind: "conclude", state, reason };
    }
  }
}

function viewCheck(check: Check): object {
  const { rule, holds, sentence } = check;
  // The one instant among the numbers is written as instants are everywhere else.
  const { peakAt, ...numbers } = check.compared;
  const compared =
    peakAt === undefined ? numbers : { ...numbers, peakAt: formatInstant(instant(peakAt)) };
  const view = { rule, holds, sentence, compared };
  return check.holds ? view : { ...view, relief: viewRelief(check.relief) };
}

function viewRelief(relief: Relief): object {
  if (relief.kind !== "at") return relief;
  return { kind: "at", nextEligibleAt: formatInstant(relief.nextEligibleAt) };
}
