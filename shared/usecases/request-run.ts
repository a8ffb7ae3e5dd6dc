import type { ErrorCode } from "../core/errors.ts";
import { digest, runIdOf, type ProjectId, type RunId, type ScheduleName } from "../core/ids.ts";
import { causeKey, type Run, type RunCause } from "../core/run/run.ts";
import type { RunOverrides } from "../core/run/run-overrides.ts";
import type { Instant } from "../core/time/instant.ts";
import { readRequest, writeRequest } from "../records/request-record.ts";
import { readRun, writeRun } from "../records/run-record.ts";
import { readDefinition } from "../records/schedule-record.ts";
import { sendNudges, type Nudge } from "./nudge.ts";
import type { Services } from "./services.ts";

/** A wish from outside the clock: run this schedule now. */
export interface RunRequest {
  readonly schedule: ScheduleName;
  readonly cause: Extract<RunCause, { readonly kind: "message" | "person" }>;
  /** When it was asked for, if not now: the run's nominal time. */
  readonly askedAt?: Instant;
  /** Variables of this one run. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly overrides?: RunOverrides;
  /** The run that is to be tried anew. */
  readonly retryOf?: RetriedRun;
}

/** What a run that is tried anew passes on. */
interface RetriedRun {
  readonly run: RunId;
  /** The schedule has to be in this project still: whoever asks was let in for it. */
  readonly project: ProjectId;
  readonly inputsAt: Instant;
}

export type RunRequested =
  | { readonly outcome: "made" | "repeated"; readonly run: RunId }
  | {
      readonly outcome: "rejected";
      readonly code: Extract<ErrorCode, "REQUEST_CONFLICT" | "SCHEDULE_NOT_FOUND">;
      readonly reason: string;
    };

/**
 * Makes the run that a message or a person asks for. The cause's id makes it once: a repeat finds
 * the first run, and another wish under the same id is rejected. A pause of the schedule keeps nobody
 * from asking.
 */
export async function requestRun(
  services: Pick<Services, "store" | "clock" | "queue" | "log" | "telemetry">,
  request: RunRequest,
): Promise<RunRequested> {
  const now = services.clock.now();
  const { schedule, cause, inputs, askedAt = now, overrides, retryOf } = request;
  const traceParent = services.telemetry.here();
  const key = { scope: cause.kind, key: cause.id };
  const fingerprint = fingerprintOf(request);

  const requested = await services.store.transact("request-run", async (tx) => {
    const earlier = await readRequest(tx, key, now);
    if (earlier !== undefined) return repeated(earlier, fingerprint, cause.id);
    const record = await readDefinition(tx, schedule);
    if (record === undefined) {
      const reason = `schedule ${schedule} is not configured: apply a YAML that has it`;
      return { outcome: "rejected" as const, code: "SCHEDULE_NOT_FOUND" as const, reason };
    }
    const id = runIdOf({ schedule, nominalAt: askedAt }, causeKey(cause));
    if ((await readRun(tx, id)) !== undefined) return { outcome: "repeated" as const, run: id };
    const { project } = record.definition;
    if (retryOf !== undefined && retryOf.project !== project) {
      const reason = `schedule ${schedule} is no longer in project ${retryOf.project}: ask for a run of it with \`orrery run\``;
      return { outcome: "rejected" as const, code: "SCHEDULE_NOT_FOUND" as const, reason };
    }
    const run: Run = {
      id,
      schedule,
      project,
      cause,
      priority: overrides?.priority ?? record.definition.priority,
      ...(overrides === undefined ? {} : { overrides }),
      ...(retryOf === undefined ? {} : { retryOf: retryOf.run, inputsAt: retryOf.inputsAt }),
      nominalAt: askedAt,
      effectiveAt: now,
      state: "queued",
      inputs,
      attempts: [],
      ...(traceParent === undefined ? {} : { traceParent }),
    };
    writeRun(tx, undefined, { run, timer: { kind: "submit", ref: id, dueAt: now } });
    writeRequest(tx, key, { digest: fingerprint, result: id, at: now });
    return { outcome: "made" as const, run: id, project };
  });

  if (!("project" in requested)) return requested;
  const { outcome, run: ref, project } = requested;
  const look: Nudge = { kind: "submit", ref, at: now, chain: now, project, traceParent };
  await sendNudges(services, [look], now);
  return { outcome, run: ref };
}

/** What was asked for, so that a repeat is told from another wish under the same id. */
function fingerprintOf({ schedule, inputs, overrides, retryOf }: RunRequest): string {
  const parts = [schedule, JSON.stringify(Object.entries(inputs).sort())];
  if (overrides !== undefined) parts.push(JSON.stringify(Object.entries(overrides).sort()));
  if (retryOf !== undefined) parts.push(`retry of ${retryOf.run}`);
  return digest(parts, 32);
}

function repeated(
  earlier: { readonly digest: string; readonly result: string },
  fingerprint: string,
  id: string,
): RunRequested {
  if (earlier.digest === fingerprint) return { outcome: "repeated", run: earlier.result as RunId };
  const reason = `id ${id} already asked for run ${earlier.result} with other contents: use a new id`;
  return { outcome: "rejected", code: "REQUEST_CONFLICT", reason };
}
