import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { assertNever } from "../../../core/assert.ts";
import type { AdmissionDecision } from "../../../core/run/decide-admission.ts";
import type { GateCheck } from "../../../core/forecast/gate-checks.ts";
import type { LowCheck } from "../../../core/run/low-balance.ts";
import { eligibleAt } from "../../../core/run/due.ts";
import type { Check } from "../../../core/units/explain.ts";
import type { ProviderCheck } from "../../../core/units/exposure.ts";
import type {
  CheckSchema,
  DecisionSchema,
  ExplanationSchema,
} from "../../../gen/orrery/v1/run_service_pb.ts";
import type { Explanation } from "../../../usecases/explain-run.ts";
import { runMessage } from "./run-message.ts";

export function explanationMessage(
  explanation: Explanation,
): MessageInitShape<typeof ExplanationSchema> {
  const { run, decision, checks, ahead } = explanation;
  return {
    run: runMessage(run),
    ...(decision === undefined
      ? {}
      : {
          decision: decisionMessage(decision),
          eligibleAt: timestampFromMs(eligibleAt(run)),
        }),
    checks: checks.map(checkMessage),
    ahead: [...ahead],
  };
}

/** A decision as the API shows it. */
export function decisionMessage(
  decision: AdmissionDecision,
): MessageInitShape<typeof DecisionSchema> {
  switch (decision.kind) {
    case "admit":
      return {
        kind: "admit",
        unitsHeld: BigInt(decision.admitted.reservation.units),
        instanceType: decision.request.instanceType,
      };
    case "wait":
      return {
        kind: "wait",
        reason: decision.reason,
        nextEligibleAt: timestampFromMs(decision.nextEligibleAt),
      };
    case "conclude":
      return { kind: "conclude", state: decision.state, reason: decision.reason };
    default:
      return assertNever(decision);
  }
}

/** A rule with the numbers it compared, as the API shows it. */
export function checkMessage(
  check: GateCheck | LowCheck | Check | ProviderCheck,
): MessageInitShape<typeof CheckSchema> {
  const { rule, holds, sentence, compared } = check;
  const told = { rule, holds, sentence, compared: { ...compared } };
  if (check.holds) return told;
  const { relief } = check;
  switch (relief.kind) {
    case "at":
      return { ...told, relief: "at", nextEligibleAt: timestampFromMs(relief.nextEligibleAt) };
    case "topUp":
      return { ...told, relief: "topUp", missingUnits: BigInt(relief.missingUnits) };
    case "never":
    case "settlement":
    case "answer":
      return { ...told, relief: relief.kind };
    default:
      return assertNever(relief);
  }
}
