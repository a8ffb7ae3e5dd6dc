/** What can be told about a run, as `on:` lists it and as a CloudEvents type ends. */
const RUN_TYPES = [
  "run.waiting",
  "run.started",
  "run.retried",
  "run.succeeded",
  "run.failed",
  "run.timedOut",
  "run.cancelled",
  "run.skipped",
  "run.refused",
  "run.expired",
] as const;

/** What can be told about a project's units, or about a schedule of it. */
const PROJECT_TYPES = [
  "budget.threshold",
  "budget.low",
  "budget.forecast",
  "budget.refused",
  "estimate.drift",
  "schedule.paused",
  "schedule.resumed",
] as const;

export const NOTIFICATION_TYPES = [...RUN_TYPES, ...PROJECT_TYPES] as const;

export type RunNotificationType = (typeof RUN_TYPES)[number];
export type ProjectNotificationType = (typeof PROJECT_TYPES)[number];
export type NotificationType = (typeof NOTIFICATION_TYPES)[number];
