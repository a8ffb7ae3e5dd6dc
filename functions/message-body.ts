import * as z from "zod";
import {
  deliveryId,
  jobId,
  operationId,
  ownerOf,
  projectId,
  runKeyOf,
  scheduleName,
  type DeliveryId,
  type JobId,
  type OperationId,
  type ProjectId,
  type RunId,
  type ScheduleName,
} from "../shared/core/ids.ts";
import { NAME_PATTERN } from "../shared/core/ids.ts";
import { limits } from "../shared/core/limits.ts";
import { readTraceParent, type TraceParent } from "../shared/core/telemetry/traceparent.ts";
import { INSTANT_MAX, instant, type Instant } from "../shared/core/time/instant.ts";
import type { OwedTelling } from "../shared/usecases/owed-telling.ts";

/** What stands in a message's body, or why it cannot be read. */
export type Body<T> =
  | {
      readonly ok: true;
      readonly value: T;
      /** Where the sender stood in its trace, where it says so in a way that we understand. */
      readonly parent?: TraceParent | undefined;
    }
  | { readonly ok: false; readonly reason: string };

/** What another system sends to ask for a run. */
export interface IntakeBody {
  readonly schedule: ScheduleName;
  /** The sender's own id: a second message with it makes no second run. */
  readonly id?: string;
  readonly inputs: Readonly<Record<string, string>>;
}

const intakeBody = z.strictObject({
  schedule: z.string().regex(NAME_PATTERN, "expected a schedule's name").transform(scheduleName),
  id: z.string().min(1).max(limits.requestIdChars).optional(),
  inputs: z
    .record(z.string().regex(/^[0-9A-Za-z_-]{1,50}$/), z.string().max(limits.inputValueChars))
    .refine((inputs) => Object.keys(inputs).length <= limits.jobListEntries, "too many inputs")
    .default({}),
});

/** A look at a run, and where it belongs (`shared/usecases/nudge.ts`). */
export interface RunBody {
  readonly run: RunId;
  readonly chain?: Instant | undefined;
  readonly attempt?: number | undefined;
  readonly isFirst?: true | undefined;
  readonly project?: ProjectId | undefined;
}

const runId = z.string().transform((text, context): RunId => {
  const key = runKeyOf(text);
  if (key !== undefined) return key.run;
  context.addIssue({ code: "custom", message: "expected a run id" });
  return z.NEVER;
});

const runBody = z.strictObject({
  chain: z.int().min(0).max(INSTANT_MAX).transform(instant).optional(),
  attempt: z.int().min(1).max(limits.attemptsMax).optional(),
  isFirst: z.literal(true).optional(),
  project: z
    .string()
    .regex(NAME_PATTERN, "expected a project's id")
    .transform(projectId)
    .optional(),
  run: runId,
});

/** What a watch message asks to look at. */
export type WatchBody = RunBody | { readonly operation: OperationId } | { readonly job: JobId };

const watchBody = z.union(
  [
    runBody,
    z.strictObject({
      operation: z
        .string()
        .refine((text) => ownerOf(text) !== undefined, "expected an operation id")
        .transform(operationId),
    }),
    z.strictObject({
      job: z
        .string()
        .regex(/^[0-9a-z]{20}$/, "expected a job id")
        .transform(jobId),
    }),
  ],
  "expected a run, an operation or a job, and nothing else",
);

/** A delivery, and the run that owes it where it has no row yet. */
export interface DeliveryBody {
  readonly delivery: DeliveryId;
  readonly run?: RunId | undefined;
  /** What the run's row says of it (`shared/usecases/owed-telling.ts`). */
  readonly owed?: OwedTelling | undefined;
}

const owed = z.strictObject({
  at: z.int().min(0).max(INSTANT_MAX).transform(instant),
  body: z.string().max(limits.owedBodyChars),
  targetDigest: z.string().regex(/^[0-9a-f]{16}$/, "expected a digest"),
  timer: z.strictObject({
    kind: z.enum(["schedule", "submit", "watch"]),
    ref: z.string(),
    dueAt: z.int().min(0).max(INSTANT_MAX).transform(instant),
  }),
});

const deliveryBody = z.strictObject({
  run: runId.optional(),
  owed: owed.optional(),
  delivery: z
    .string()
    .regex(/^[^.]+\.[0-9a-f]{16}$/, "expected a delivery id")
    .transform(deliveryId),
});

export function readIntakeBody(text: string): Body<IntakeBody> {
  const body = read(intakeBody, text);
  if (!body.ok) return body;
  const { id, ...rest } = body.value;
  return { ...body, value: id === undefined ? rest : { ...rest, id } };
}

/** The body of a submit message. */
export function readRunBody(text: string): Body<RunBody> {
  return read(runBody, text);
}

/** The body of a watch message. */
export function readWatchBody(text: string): Body<WatchBody> {
  return read(watchBody, text);
}

/** The body of a notify message. */
export function readDeliveryBody(text: string): Body<DeliveryBody> {
  return read(deliveryBody, text);
}

function read<T>(schema: z.ZodType<T>, text: string): Body<T> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { ok: false, reason: "the body is not JSON" };
  }
  const { traceparent, ...members } = Object(json) as Readonly<Record<string, unknown>>;
  const result = schema.safeParse(isObject(json) ? members : json);
  // A trace is no part of what a message asks for: one that cannot be read is no reason to reject it.
  if (result.success) {
    const parent = readTraceParent(traceparent);
    return { ok: true, value: result.data, ...(parent === undefined ? {} : { parent }) };
  }
  const reason = result.error.issues
    .map((issue) => `${issue.path.join(".") || "body"}: ${issue.message}`)
    .join("; ");
  return { ok: false, reason };
}

function isObject(json: unknown): boolean {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
