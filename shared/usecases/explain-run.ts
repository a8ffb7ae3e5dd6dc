import { attemptRequestOf } from "../core/run/attempt-request.ts";
import type { RunId } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { decideAdmission, type AdmissionDecision } from "../core/run/decide-admission.ts";
import { isFinal, liveAttempt, type Run } from "../core/run/run.ts";
import { checks, type Check } from "../core/units/explain.ts";
import { scanWaiting } from "../records/active-record.ts";
import { readRunDefinition } from "../records/run-definition.ts";
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
  /** Runs that wait for the same project's limits and come first, the first in turn first. */
  readonly ahead: readonly RunId[];
}

/** Explains a run: the same facts and the same decision that `submit` takes, taken without effect. */
export async function explainRun(
  services: Pick<Services, "store" | "clock" | "executor">,
  text: string,
): Promise<Explanation> {
  const now = services.clock.now();
  const { run, facts, waiting } = await services.store.snapshot(async (reader) => {
    const found = await findRun(reader, text);
    return {
      run: found,
      facts: await admissionFacts(reader, found, {
        now,
        definition: await readRunDefinition(reader, found),
      }),
      waiting: await scanWaiting(reader, found.project, limits.scanRows),
    };
  });
  if (isFinal(run.state) || liveAttempt(run) !== undefined) return { run, checks: [], ahead: [] };
  const refusal =
    facts.definition &&
    (await services.executor.check(facts.definition.project, facts.definition.work))?.reason;
  const decision = decideAdmission(refusal === undefined ? facts : { ...facts, refusal });
  const turn = waiting.findIndex((each) => each.run === run.id);
  const request = facts.definition && attemptRequestOf(run, facts.definition, facts.rates);
  return {
    run,
    decision,
    checks: request === undefined ? [] : checks(facts.account, request, now),
    ahead: waiting.slice(0, Math.max(0, turn)).map((each) => each.run),
  };
}
