import { attemptRequestOf } from "../core/run/attempt-request.ts";
import { attemptIdOf, type RunId } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import {
  decideAdmission,
  silenceOf,
  type AdmissionDecision,
  type AdmissionFacts,
} from "../core/run/decide-admission.ts";
import { lowCheck, type LowCheck } from "../core/run/low-balance.ts";
import { isFinal, liveAttempt, type Run } from "../core/run/run.ts";
import { checks, type Check } from "../core/units/explain.ts";
import {
  exposureCheck,
  exposureOf,
  silenceCheck,
  type ProviderCheck,
} from "../core/units/exposure.ts";
import { uncovered } from "../core/units/uncovered.ts";
import { scanLine } from "../records/active-record.ts";
import { readRunDefinition } from "../records/run-definition.ts";
import { admissionFacts } from "./admission-facts.ts";
import { findRun } from "./find-run.ts";
import { followProvider } from "./provider/follow-provider.ts";
import { lastLook } from "./provider/remembered-looks.ts";
import type { Services } from "./services.ts";

/** Why a run is where it is. */
export interface Explanation {
  readonly run: Run;
  /** What would be decided now; absent for a run that has ended or runs. */
  readonly decision?: AdmissionDecision;
  /**
   * Every limit checked for its next attempt now, with the numbers compared; of a run that runs those
   * alone that no longer cover what it holds.
   */
  readonly checks: readonly (LowCheck | Check | ProviderCheck)[];
  /** Runs that wait for the same project's limits and come first, the first in turn first. */
  readonly ahead: readonly RunId[];
}

/** Explains a run: the same facts and the same decision that `submit` takes, taken without effect. */
export async function explainRun(
  services: Pick<Services, "store" | "clock" | "executor" | "log" | "provider">,
  text: string,
): Promise<Explanation> {
  const { project } = await services.store.snapshot(async (reader) => await findRun(reader, text));
  const unanswered = await followProvider(services, project);
  const now = services.clock.now();
  const { run, facts, waiting } = await services.store.snapshot(async (reader) => {
    const found = await findRun(reader, text);
    return {
      run: found,
      facts: await admissionFacts(reader, found, {
        now,
        definition: await readRunDefinition(reader, found),
        unanswered,
      }),
      waiting: await scanLine(reader, found.project, limits.scanRows),
    };
  });
  if (isFinal(run.state)) return { run, checks: [], ahead: [] };
  const live = liveAttempt(run);
  if (live !== undefined) {
    return { run, checks: uncovered(facts.account, attemptIdOf(run.id, live.number)), ahead: [] };
  }
  const refusal =
    facts.definition &&
    (await services.executor.check(facts.definition.project, facts.definition.work))?.reason;
  const decision = decideAdmission(refusal === undefined ? facts : { ...facts, refusal });
  const turn = waiting.findIndex((each) => each.run === run.id);
  const request = facts.definition && attemptRequestOf(run, facts.definition, facts.rates);
  return {
    run,
    decision,
    checks: [
      ...lowChecks(facts),
      ...(request === undefined ? [] : checks(facts.account, request, now)),
      ...providerChecks(services.provider, facts),
    ],
    ahead: waiting.slice(0, Math.max(0, turn)).map((each) => each.run),
  };
}

/** The low mark of the project's budget; nothing where there is none. */
function lowChecks(facts: AdmissionFacts): readonly LowCheck[] {
  const check = facts.definition && lowCheck(facts, facts.definition);
  return check === undefined ? [] : [check];
}

/** What the provider's last answer leaves open; nothing where we own the project. */
export function providerChecks(
  provider: Services["provider"],
  facts: AdmissionFacts,
): readonly ProviderCheck[] {
  if (provider === undefined) return [];
  const silence = silenceOf(facts);
  if (silence !== undefined) return [silenceCheck(silence)];
  const { look } = lastLook(provider, facts.account.project);
  return look === undefined ? [] : [exposureCheck(exposureOf(facts.account, look, facts.now))];
}
