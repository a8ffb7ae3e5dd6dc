import { attemptRequestOf } from "../core/run/attempt-request.ts";
import { decideAdmission, type AdmissionDecision } from "../core/run/decide-admission.ts";
import { isFinal, liveAttempt, type Run } from "../core/run/run.ts";
import { checks, type Check } from "../core/units/explain.ts";
import { admissionFacts } from "./admission-facts.ts";
import { findRun } from "./find-run.ts";
import type { Services } from "./services.ts";

/** Why a run is where it is. */
export interface Explanation {
  readonly run: Run;
  /** What would be decided now; absent for a run that has ended or runs. */
  readonly decision?: AdmissionDecision;
  /** Every limit checked for its next attempt now, with the numbers compared. */
  readonly checks: readonly Check[];
}

/** Explains a run: the same facts and the same decision that `submit` takes, taken without effect. */
export async function explainRun(
  services: Pick<Services, "store" | "clock" | "executor">,
  text: string,
): Promise<Explanation> {
  const now = services.clock.now();
  const { run, facts } = await services.store.snapshot(async (reader) => {
    const found = await findRun(reader, text);
    return { run: found, facts: await admissionFacts(reader, found, { now }) };
  });
  if (isFinal(run.state) || liveAttempt(run) !== undefined) return { run, checks: [] };
  const refusal = facts.definition && (await services.executor.check(facts.definition.job))?.reason;
  const decision = decideAdmission(refusal === undefined ? facts : { ...facts, refusal });
  const request = facts.definition && attemptRequestOf(run, facts.definition, facts.rates);
  return {
    run,
    decision,
    checks: request === undefined ? [] : checks(facts.account, request, now),
  };
}
