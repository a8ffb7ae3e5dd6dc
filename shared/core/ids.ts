import { createHash } from "node:crypto";
import { formatInstant, instant, parseInstant, type Instant } from "./time/instant.ts";

declare const idBrand: unique symbol;
type Id<Name extends string> = string & { readonly [idBrand]: Name };

/** A DataSphere project id: 20 lower-case letters and digits, or any name on a laptop. */
export type ProjectId = Id<"project">;
/** A schedule's name: its key in the YAML file, unique in a deployment. */
export type ScheduleName = Id<"schedule">;
export type RunId = Id<"run">;
export type AttemptId = Id<"attempt">;
export type OperationId = Id<"operation">;
export type DeliveryId = Id<"delivery">;
/** A job created through the API: 20 lower-case letters and digits, unguessable. */
export type JobId = Id<"job">;
/** A notebook execution asked for through the API; it also names its checkpoint. */
export type ExecutionId = Id<"execution">;
export type CommunityId = Id<"community">;

/** A name that may stand in a path, a URL and a key: 1 to 63 of a-z, 0-9 and inner dashes. */
export const NAME_PATTERN = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

export const projectId = (text: string): ProjectId => text as ProjectId;
export const scheduleName = (text: string): ScheduleName => text as ScheduleName;
export const operationId = (text: string): OperationId => text as OperationId;
export const deliveryId = (text: string): DeliveryId => text as DeliveryId;
export const jobId = (text: string): JobId => text as JobId;
export const executionId = (text: string): ExecutionId => text as ExecutionId;
export const communityId = (text: string): CommunityId => text as CommunityId;

/** The first `length` hex digits of a SHA-256 over the parts; parts cannot run into each other. */
export function digest(parts: readonly string[], length: number): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, length);
}

/** Where a run's row is: the three key columns that a run id spells out. */
export interface RunKey {
  readonly schedule: ScheduleName;
  readonly nominalAt: Instant;
}

/**
 * Under which schedule's name runs are kept that no schedule made: the jobs and notebooks that a
 * caller started in a project. No schedule can have it, because names do not begin with `_`.
 */
export function adHocSchedule(project: ProjectId): ScheduleName {
  return `_${project}` as ScheduleName;
}

/** Whether runs under this name were made by no schedule. */
export function isAdHocSchedule(schedule: ScheduleName): boolean {
  return schedule.startsWith("_");
}

/**
 * Names a run: `SCHEDULE.NOMINAL.DIGEST`. The same cause always gives the same id, which is what
 * makes a repeated tick or message harmless, and the id alone finds the row.
 */
export function runIdOf(key: RunKey, cause: string): RunId {
  const stamp = formatInstant(key.nominalAt).replaceAll(/[-:.]/g, "");
  const tail = digest([key.schedule, String(key.nominalAt), cause], 8);
  return `${key.schedule}.${stamp}.${tail}` as RunId;
}

const RUN_ID = /^(_?[a-z0-9-]+)\.(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})?Z\.[0-9a-f]{8}$/;

/** The key inside a run id, or undefined where the text is not one. */
export function runKeyOf(text: string): (RunKey & { readonly run: RunId }) | undefined {
  const match = RUN_ID.exec(text);
  if (match === null) return undefined;
  const [, schedule, year, month, day, hour, minute, second, millis] = match;
  const nominalAt = parseInstant(
    `${year ?? ""}-${month ?? ""}-${day ?? ""}T${hour ?? ""}:${minute ?? ""}:${second ?? ""}.${millis ?? "000"}Z`,
  );
  if (nominalAt === undefined || !NAME_PATTERN.test((schedule ?? "").replace(/^_/, "")))
    return undefined;
  return {
    schedule: scheduleName(schedule ?? ""),
    nominalAt: instant(nominalAt),
    run: text as RunId,
  };
}

/** Names the n-th try of a run, counted from 1. It is also the executor's idempotency key. */
export function attemptIdOf(run: RunId, number: number): AttemptId {
  return `${run}.${number}` as AttemptId;
}

/** The run and number inside an attempt id, or undefined where the text is not one. */
export function attemptKeyOf(text: string): { run: RunId; number: number } | undefined {
  const match = /^(.+)\.(\d{1,4})$/.exec(text);
  const run = runKeyOf(match?.[1] ?? "")?.run;
  return run === undefined ? undefined : { run, number: Number(match?.[2]) };
}

/** Whose operations are kept together: a project, or a community for what concerns no project. */
export type OperationOwner = ProjectId | CommunityId;

/**
 * Names the operation a caller polls for one attempt: `PROJECT.ATTEMPT`, at most 160 characters, all
 * fit for a URL. It leads back to the attempt, whose run is all that is stored of it. The schedule of
 * a run that no schedule made is written `_`, since it only repeats the project.
 */
export function operationIdOf(project: ProjectId, attempt: AttemptId): OperationId {
  const own = `${adHocSchedule(project)}.`;
  const short = attempt.startsWith(own) ? `_.${attempt.slice(own.length)}` : attempt;
  return operationId(`${project}.${short}`);
}

/** An attempt, as the id of its operation spells it out. */
export interface AttemptKey {
  readonly project: ProjectId;
  readonly run: RunId;
  readonly number: number;
}

/** The attempt inside the id of an attempt's operation; undefined for any other text. */
export function operationAttemptOf(operation: string): AttemptKey | undefined {
  const [owner = ""] = operation.split(".", 1);
  if (!NAME_PATTERN.test(owner)) return undefined;
  const project = projectId(owner);
  const short = operation.slice(owner.length + 1);
  const long = short.startsWith("_.") ? `${adHocSchedule(project)}${short.slice(1)}` : short;
  const key = attemptKeyOf(long);
  if (key === undefined) return undefined;
  // A number with a leading zero, or the long form of the short one, is another text: not an id.
  const isIt = operationIdOf(project, attemptIdOf(key.run, key.number)) === operation;
  return isIt ? { project, ...key } : undefined;
}

/** Names the operation of a call; `fresh` is an id that nothing else has. */
export function callOperationId(owner: OperationOwner, fresh: string): OperationId {
  return operationId(`${owner}.${fresh}`);
}

/** The owner that an operation id spells out, or undefined where the text is not one. */
export function ownerOf(operation: string): OperationOwner | undefined {
  const [, owner = ""] = /^([a-z0-9-]{1,63})\.[0-9a-z]{20}$/.exec(operation) ?? [];
  if (NAME_PATTERN.test(owner)) return owner as OperationOwner;
  return operationAttemptOf(operation)?.project;
}

/** Names one notification to one target: the same event never becomes two deliveries. */
export function deliveryIdOf(subscription: string, event: string): DeliveryId {
  return deliveryId(`${subscription}.${digest([subscription, event], 16)}`);
}
