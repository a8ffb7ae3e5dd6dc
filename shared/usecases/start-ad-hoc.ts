import { adHocSchedule, runIdOf, type OperationId, type ProjectId } from "../core/ids.ts";
import { attemptOperationId } from "../core/operation/attempt-operation.ts";
import { AdmissionDenied } from "../core/run/admission-denied.ts";
import {
  attemptRequest,
  decideAdmission,
  type AdmissionFacts,
} from "../core/run/decide-admission.ts";
import type { Reason } from "../core/run/reason.ts";
import { causeKey, type Run, type RunCause } from "../core/run/run.ts";
import type { TraceParent } from "../core/telemetry/traceparent.ts";
import type { Instant } from "../core/time/instant.ts";
import { checks } from "../core/units/explain.ts";
import type { Transaction } from "../ports/store.ts";
import { writeAccount } from "../records/account-record.ts";
import { readRunDefinition } from "../records/run-definition.ts";
import { admissionFacts, type Seen } from "./admission-facts.ts";
import { writeAdmission } from "./admit-run.ts";
import { lookAt, type Nudge } from "./nudge.ts";
import { requireAllowedTypes } from "./restrictions/require-unrestricted.ts";

/** What a caller wants started now. */
export interface AdHocRequest {
  readonly project: ProjectId;
  readonly cause: Extract<RunCause, { readonly kind: "job" | "notebook" }>;
  readonly createdBy: string;
  /** Where the call stands that asks for it. */
  readonly traceParent?: TraceParent | undefined;
}

export interface AdHocStarted {
  readonly run: Run;
  /** What the caller polls. */
  readonly operation: OperationId;
  /** To be sent after the commit: the launch. */
  readonly nudges: readonly Nudge[];
}

/** The run that a request makes; the same request always gives the same. */
export function adHocRun(request: AdHocRequest, now: Instant): Run {
  const schedule = adHocSchedule(request.project);
  return {
    id: runIdOf({ schedule, nominalAt: now }, causeKey(request.cause)),
    schedule,
    project: request.project,
    cause: request.cause,
    createdBy: request.createdBy,
    priority: "normal",
    nominalAt: now,
    effectiveAt: now,
    state: "queued",
    inputs: {},
    attempts: [],
    ...(request.traceParent === undefined ? {} : { traceParent: request.traceParent }),
  };
}

/**
 * Makes and admits a caller's run in the caller's transaction, against the same limits as any
 * schedule's. It starts now or not at all: `ADMISSION_DENIED` undoes the transaction, and so does
 * `RESTRICTED` where the project or its community does not allow the instance type. The row that
 * defines its work (the job, the execution) must have been put before.
 */
export async function startAdHoc(
  tx: Transaction,
  run: Run,
  { now, unanswered }: Pick<Seen, "now" | "unanswered">,
): Promise<AdHocStarted> {
  const definition = await readRunDefinition(tx, run);
  const facts = await admissionFacts(tx, run, { now, definition, unanswered });
  await requireAllowedTypes(tx, run.project, facts.definition?.work.instanceTypes ?? []);
  const decision = decideAdmission(facts);
  if (decision.kind !== "admit") throw denial(facts, decision.reason);
  const submitted = writeAdmission(tx, { run, isNew: true }, decision, now);
  await writeAccount(tx, decision.admitted.account, decision.admitted.entries);
  return {
    run: submitted.run,
    operation: attemptOperationId(run, decision.request.number),
    nudges: [
      ...submitted.nudges,
      { ...lookAt(run, { at: now, chain: submitted.chain }), kind: "submit" },
    ],
  };
}

function denial(facts: AdmissionFacts, reason: Reason): AdmissionDenied {
  const request = facts.definition && attemptRequest(facts, facts.definition);
  const compared = request === undefined ? [] : checks(facts.account, request, facts.now);
  const reliefs = compared.flatMap((check) => (check.holds ? [] : [check.relief]));
  const later = reliefs.flatMap((relief) => (relief.kind === "at" ? [relief.nextEligibleAt] : []));
  // Where another rule stands against it too, time alone does not make it fit.
  const nextEligibleAt = later.length === reliefs.length ? later[0] : undefined;
  return new AdmissionDenied(reason, { checks: compared, nextEligibleAt });
}
