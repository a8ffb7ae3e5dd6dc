/** What can be told about a run, as `on:` lists it and as a CloudEvents type ends. */
export const NOTIFICATION_TYPES = [
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

export type NotificationType = (typeof NOTIFICATION_TYPES)[number];
