// Longer than most, for it is a list: every alarm with its promise and what to do.
import { METRICS, type Metric, type MetricName } from "./metrics.ts";

/** How the points of a metric within a window become the number that is compared. */
type Aggregation = "increase" | "max" | "p95" | "p99";

/** When somebody has to be told, of what, and what they do then. */
export interface Alarm {
  readonly name: string;
  /** What does not hold while it is on; `P1` to `P7` are the promises of `docs/architecture.md`. */
  readonly promise: string;
  readonly metric: MetricName;
  /** Attributes whose values count; every value of those that are not named. */
  readonly where: Readonly<Record<string, readonly string[]>>;
  readonly aggregation: Aggregation;
  readonly windowMinutes: number;
  /** It is on where the number is above, or below; where there is none, it counts as 0. */
  readonly compare: "above" | "below";
  /** In the metric's unit. */
  readonly threshold: number;
  /** `page`: somebody has to act now. `ticket`: within the working day. */
  readonly severity: "page" | "ticket";
  readonly remedy: string;
  /** What the cloud's own metrics say of the same, for an installation that tells no collector. */
  readonly builtIn?: string;
}

type AlarmDetails = Omit<Alarm, "name" | "where" | "compare"> &
  Partial<Pick<Alarm, "where" | "compare">>;

const alarm = (name: string, details: AlarmDetails): Alarm => ({
  name,
  where: {},
  compare: "above",
  ...details,
});

/** Every alarm, those first whose promise is the plainest. */
export const ALARMS: readonly Alarm[] = [
  alarm("ticks-missing", {
    promise: "P1: an occurrence becomes a run",
    metric: "orrery.ticks",
    aggregation: "increase",
    windowMinutes: 5,
    compare: "below",
    threshold: 1,
    severity: "page",
    remedy:
      "See whether the tick's trigger is paused, and whether its calls fail. What is owed is caught up by the next tick, as far as each schedule's `catchup` allows",
    builtIn: "no calls of the tick: `functions_max_duration` of its id has no points",
  }),
  alarm("ticks-incomplete", {
    promise: "P1: an occurrence becomes a run in time",
    metric: "orrery.ticks",
    where: { outcome: ["incomplete"] },
    aggregation: "increase",
    windowMinutes: 15,
    threshold: 3,
    severity: "ticket",
    remedy:
      "More is due at once than a tick's time allows: raise the database's request units, spread schedules with `jitter`, or give the tick more memory",
  }),
  alarm("occurrences-missed", {
    promise: "P1: an occurrence becomes a run in time",
    metric: "orrery.occurrences",
    where: { outcome: ["missed"] },
    aggregation: "increase",
    windowMinutes: 15,
    threshold: 0,
    severity: "ticket",
    remedy:
      "Nothing ticked when they were due: look for `ticks-missing` before it. `orrery runs --state skipped` lists them, and `orrery run` makes up for one by hand",
  }),
  alarm("due-late", {
    promise: "P1: an occurrence becomes a run in time",
    metric: "orrery.run.due.lateness",
    where: { cause: ["occurrence"] },
    aggregation: "p99",
    windowMinutes: 15,
    threshold: 30,
    severity: "ticket",
    remedy:
      "Messages to `submit` come late: see whether its calls are throttled (the zone's limit of calls at once) or its queue is long, and raise the quota",
    builtIn: "`queue.messages.oldest_age_milliseconds` of the queue `submit` above 30,000",
  }),
  alarm("starts-slow", {
    promise: "P2: an attempt starts its execution",
    metric: "orrery.run.start.delay",
    aggregation: "p95",
    windowMinutes: 60,
    threshold: 600,
    severity: "ticket",
    remedy:
      "Programs start ten minutes after their admission, and units are held meanwhile: look at the executor's own queue, and at the size of environments. After twenty minutes an attempt is given up",
  }),
  alarm("executor-failing", {
    promise: "P2: an attempt starts its execution",
    metric: "orrery.executor.failures",
    aggregation: "increase",
    windowMinutes: 15,
    threshold: 5,
    severity: "page",
    remedy:
      "By the code: `EXECUTOR_UNAVAILABLE` is DataSphere or the way to it, anything about permissions the service account's roles. Nothing is lost or paid twice meanwhile; work goes on by itself",
  }),
  alarm("work-stuck", {
    promise: "P3: nothing gets stuck",
    metric: "orrery.timers.overdue.oldest",
    aggregation: "max",
    windowMinutes: 15,
    threshold: 600,
    severity: "page",
    remedy:
      "Something is due that every look at it fails: look for `call.failed` in the log of `watch`, `submit` and `notify`. It is tried again by each tick",
  }),
  alarm("messages-failing", {
    promise: "P3: nothing gets stuck",
    metric: "orrery.messages",
    where: { outcome: ["failed"] },
    aggregation: "increase",
    windowMinutes: 15,
    threshold: 10,
    severity: "page",
    remedy:
      "Look for `call.failed` in the log, by the function of the queue: its code says whether the store, the executor or the code is at fault. Failed messages come again, and timers owe the work anyway",
    builtIn: "`functions_errors` of `submit`, `watch` or `notify` above 10 in 15 minutes",
  }),
  alarm("dead-letters", {
    promise: "P3: nothing gets stuck",
    metric: "orrery.queue.dead.letters",
    aggregation: "max",
    windowMinutes: 15,
    threshold: 0,
    severity: "ticket",
    remedy:
      "A message was given up after ten receives. Of `intake`, which nothing else owes, send it again once the cause is gone; of the others the tick brings the work back, so remove it",
    builtIn: "`queue.messages.stored_count` of the queues that end in `-dead` above 0",
  }),
  alarm("messages-rejected", {
    promise: "P3: nothing gets lost unseen",
    metric: "orrery.messages",
    where: { outcome: ["rejected"] },
    aggregation: "increase",
    windowMinutes: 15,
    threshold: 0,
    severity: "ticket",
    remedy: "`orrery rejected` shows each with its reason; tell its sender",
  }),
  alarm("reservations-orphaned", {
    promise: "P4: every reservation is settled or released",
    metric: "orrery.reservations.orphaned",
    aggregation: "max",
    windowMinutes: 120,
    threshold: 0,
    severity: "page",
    remedy:
      "Units are held that nobody will give back, so less work fits than should. `audit.orphaned` in the log names project, attempt and units; report it, and raise the project's limits by as much until it is mended",
  }),
  alarm("units-overrun", {
    promise: "P4: limits hold",
    metric: "orrery.units.overrun",
    aggregation: "increase",
    windowMinutes: 60,
    threshold: 0,
    severity: "ticket",
    remedy:
      "An execution cost more than was held for it: its program outlived its limits, or the provider charges another rate. The ledger's entry `overrun` has the attempt; compare the rates of the configuration with the provider's",
  }),
  alarm("deliveries-buried", {
    promise: "P5: every notification is delivered, or buried with its history",
    metric: "orrery.deliveries",
    where: { outcome: ["buried"] },
    aggregation: "increase",
    windowMinutes: 15,
    threshold: 0,
    severity: "ticket",
    remedy:
      "`orrery deliveries --state buried` shows what each receiver answered; mend the receiver or its URL, and tell it what it missed",
  }),
  alarm("calls-failing", {
    promise: "P6: a call that dies is made up for",
    metric: "orrery.call.duration",
    where: { outcome: ["failed"] },
    aggregation: "increase",
    windowMinutes: 15,
    threshold: 10,
    severity: "page",
    remedy: "Look for `call.failed` in the log: each line has its code, its request and its trace",
    builtIn: "`functions_errors` above 10 in 15 minutes",
  }),
  alarm("waits-long", {
    promise: "P7: one project's full limit delays nobody else",
    metric: "orrery.run.wait.oldest",
    where: { reason: ["limit_hour", "limit_concurrency", "behind", "provider_silent"] },
    aggregation: "max",
    windowMinutes: 30,
    threshold: 14_400,
    severity: "ticket",
    remedy:
      "`orrery explain RUN` prints the numbers compared: raise the project's limits, or schedule less at that time",
  }),
  alarm("balance-empty", {
    promise: "Work waits for units that only a person can add",
    metric: "orrery.run.wait.oldest",
    where: { reason: ["limit_balance"] },
    aggregation: "max",
    windowMinutes: 30,
    threshold: 3_600,
    severity: "ticket",
    remedy: "Top up the project's unit balance; the run starts by itself",
  }),
  alarm("schedules-drifted", {
    promise: "P1: a schedule fires as its timing says",
    metric: "orrery.schedules.drifted",
    aggregation: "max",
    windowMinutes: 60,
    threshold: 0,
    severity: "page",
    remedy:
      "`audit.drifted` in the log names the schedule, which does not fire any more. Change its timing and change it back: applying makes a new timer. Then report it",
  }),
  alarm("estimates-drifted", {
    promise: "Runs come to what is expected of them",
    metric: "orrery.estimates.drifted",
    aggregation: "increase",
    windowMinutes: 90,
    threshold: 0,
    severity: "ticket",
    remedy:
      "`estimate.drift` in the log names the schedule with both numbers: see what its latest runs do otherwise, with `orrery runs` and `orrery logs`, and whether the forecast still fits the budget. It is over by itself once its estimate has learnt it; one that contradicts the `estimate` of the schedules file is over when that is mended",
  }),
  alarm("configuration-rejected", {
    promise: "The schedules file is the live configuration",
    metric: "orrery.configuration.drift",
    aggregation: "max",
    windowMinutes: 30,
    threshold: 0,
    severity: "ticket",
    remedy:
      "`configuration.problem` in the log has each problem with its place, and `orrery validate` shows the same; mend the file. The live configuration is the one before",
  }),
  alarm("store-failing", {
    promise: "The store answers",
    metric: "orrery.store.failures",
    aggregation: "increase",
    windowMinutes: 10,
    threshold: 5,
    severity: "page",
    remedy:
      "By the code: `STORE_THROTTLED` needs more request units a second, `STORE_UNAVAILABLE` the database or the way to it, `STORE_BUSY` fewer who want the same rows",
    builtIn: "`api.units.consumed_per_second` of the database at its throttle",
  }),
  alarm("audit-missing", {
    promise: "What the gauges say is of now",
    metric: "orrery.audits",
    where: { outcome: ["done"] },
    aggregation: "increase",
    windowMinutes: 60,
    compare: "below",
    threshold: 1,
    severity: "ticket",
    remedy:
      "No tick has audited for an hour: look for `audit.failed` in the log, or for ticks that leave it no time. Until then nobody looks for orphaned reservations and drifted schedules",
  }),
];

/**
 * The condition in PromQL, by the names that an OTLP receiver of Prometheus gives metrics: dots
 * become underscores, the unit and `total` are put behind.
 */
export function promqlOf(alarm: Alarm): string {
  const { metric, where, aggregation, windowMinutes, compare, threshold } = alarm;
  const matchers = Object.entries(where).map(([name, values]) => `${name}=~"${values.join("|")}"`);
  const selector = matchers.length === 0 ? "" : `{${matchers.join(", ")}}`;
  const series = `${seriesOf(metric, aggregation)}${selector}[${windowMinutes}m]`;
  const sign = compare === "above" ? ">" : "<";
  return `${aggregated(aggregation, series)} ${sign} ${threshold}`;
}

function aggregated(aggregation: Aggregation, series: string): string {
  switch (aggregation) {
    case "increase":
      // Without the brackets the comparison would bind more tightly.
      return `(sum(increase(${series})) or vector(0))`;
    case "max":
      return `max(max_over_time(${series}))`;
    case "p95":
    case "p99":
      return `histogram_quantile(0.${aggregation.slice(1)}, sum by (le) (rate(${series})))`;
  }
}

function seriesOf(name: MetricName, aggregation: Aggregation): string {
  const { kind, unit }: Metric = METRICS[name];
  const base =
    name.replaceAll(".", "_") + (unit === "s" ? "_seconds" : unit === "1" ? "_ratio" : "");
  if (kind === "gauge") return base;
  if (kind === "counter") return `${base}_total`;
  return aggregation === "increase" ? `${base}_count` : `${base}_bucket`;
}
