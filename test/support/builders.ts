import { projectId, runIdOf, scheduleName, type ProjectId } from "../../shared/core/ids.ts";
import type { JobDefinition } from "../../shared/core/job/job-definition.ts";
import type { Subscription } from "../../shared/core/notification/subscription.ts";
import type { Configuration } from "../../shared/core/project/configuration.ts";
import type { UnitLimits } from "../../shared/core/project/project-settings.ts";
import type { Attempt } from "../../shared/core/run/attempt.ts";
import { NOTIFICATION_TYPES } from "../../shared/core/notification/notification-type.ts";
import type { RetryPolicy } from "../../shared/core/run/retry-policy.ts";
import { causeKey, type Run, type RunCause } from "../../shared/core/run/run.ts";
import type {
  Dependency,
  ScheduleDefinition,
} from "../../shared/core/schedule/schedule-definition.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../shared/core/time/duration.ts";
import { plusMs, type Instant } from "../../shared/core/time/instant.ts";
import { aCron, aTiming, at } from "./timing-builder.ts";

/** The instant at which every test world starts. */
export const START_AT: Instant = at("2027-01-15T00:00:00Z");

export const PROJECT: ProjectId = projectId("demo");

/** A job of one command on c1.4: 4 units a second. */
export function aJob(fields: Partial<JobDefinition> = {}): JobDefinition {
  return {
    kind: "job",
    command: "python main.py",
    arguments: {},
    inputs: [],
    outputs: [],
    environment: {},
    s3Mounts: [],
    datasets: [],
    outputDatasets: [],
    attachProjectDisk: false,
    instanceTypes: ["c1.4"],
    root: "/jobs",
    ...fields,
  };
}

/** Tries again after a minute, then after two, and so on; only a failed program unless told. */
export function aRetry(fields: Partial<RetryPolicy> = {}): RetryPolicy {
  const waits = { initialMs: MINUTE_MS, factor: 2, maxMs: HOUR_MS, jitter: "none" } as const;
  return { attempts: 2, ...waits, on: ["failed"], ...fields };
}

type ScheduleFields = Partial<Omit<ScheduleDefinition, "name" | "project" | "timing" | "after">> & {
  readonly name?: string;
  readonly project?: string;
  /** `null`: it has no clock of its own. */
  readonly timing?: ScheduleDefinition["timing"] | null;
  readonly after?: Readonly<Record<string, Dependency["condition"]>>;
};

/** A daily schedule at 02:30 UTC that is never tried again and may run for half an hour. */
export function aSchedule(fields: ScheduleFields = {}): ScheduleDefinition {
  const { name = "nightly", project = PROJECT, timing, after = {}, ...rest } = fields;
  const when = timing === undefined ? aTiming({ when: [aCron("30 2 * * *")] }) : timing;
  return {
    name: scheduleName(name),
    project: projectId(project),
    timezone: "UTC",
    ...(when === null ? {} : { timing: when }),
    jitterMs: 0,
    work: aJob(),
    inputs: {},
    timeoutMs: 30 * MINUTE_MS,
    overlap: "skip",
    catchup: { policy: "all", windowMs: DAY_MS },
    onLimit: "wait",
    priority: "normal",
    retry: aRetry({ attempts: 1 }),
    after: Object.entries(after).map(([schedule, condition]) => ({
      schedule: scheduleName(schedule),
      condition,
    })),
    ...rest,
  };
}

/** Tells of everything that happens to every schedule. */
export function aSubscription(fields: Partial<Subscription> = {}): Subscription {
  return {
    name: "everything",
    on: NOTIFICATION_TYPES,
    schedules: ["*"],
    target: { kind: "webhook", url: "https://hooks.example.org/orrery" },
    ...fields,
  };
}

/** A configuration of these schedules, with limits for `demo` where they are given. */
export function aConfiguration(
  fields: Partial<Omit<Configuration, "projects">> & { readonly limits?: UnitLimits } = {},
): Configuration {
  const { limits, ...rest } = fields;
  return {
    projects: limits === undefined ? [] : [{ project: PROJECT, limits }],
    rates: {},
    schedules: [aSchedule()],
    subscriptions: [],
    ...rest,
  };
}

/** A queued run of `nightly` that is due at the start of the test world. */
export function aRun(fields: Partial<Omit<Run, "schedule">> & { schedule?: string } = {}): Run {
  const cause: RunCause = fields.cause ?? { kind: "occurrence" };
  const schedule = scheduleName(fields.schedule ?? "nightly");
  const nominalAt = fields.nominalAt ?? START_AT;
  return {
    id: runIdOf({ schedule, nominalAt }, causeKey(cause)),
    project: PROJECT,
    cause,
    priority: "normal",
    nominalAt,
    effectiveAt: nominalAt,
    state: "queued",
    inputs: {},
    attempts: [],
    ...fields,
    schedule,
  };
}

/** The n-th attempt of a run, just admitted. */
export function anAttempt(run: Run, fields: Partial<Attempt> = {}): Attempt {
  const { number = 1 } = fields;
  return {
    number,
    admittedAt: plusMs(run.effectiveAt, 1),
    instanceType: "c1.4",
    rate: 4,
    unitsHeld: 7_240,
    softLimitMs: 30 * MINUTE_MS,
    hardLimitMs: 30 * MINUTE_MS + 9_500,
    ...fields,
  };
}
