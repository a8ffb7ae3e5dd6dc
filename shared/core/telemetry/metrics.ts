// Longer than most, for it is a list: every metric with its unit, its attributes and its meaning.
import type { ReasonCode } from "../run/reason.ts";
import { FINAL_STATES } from "../run/run.ts";

/** What a metric is: a sum that only grows, a spread of values, or how something stands now. */
type MetricKind = "counter" | "histogram" | "gauge";

/** A metric, as the code records it, the documentation lists it and alarms name it. */
export interface Metric {
  readonly kind: MetricKind;
  /** By the Unified Code for Units of Measure: `s`, `1`, or a thing in braces. */
  readonly unit: string;
  /** Each attribute with its values, or what they are; there are never more than some dozens. */
  readonly attributes: Readonly<Record<string, readonly string[] | string>>;
  readonly meaning: string;
  /** Upper bounds of a histogram's buckets, in its unit. */
  readonly buckets?: readonly number[];
}

/** From what a laptop does in a millisecond to an hour's catching up. */
const LATENESS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 180, 600, 3600] as const;
/** From a read of one row to a function's longest timeout. */
const DURATIONS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300] as const;

const FUNCTIONS = "the functions of `serverless.yaml`";
const QUEUES = ["intake", "submit", "watch", "notify"] as const;
const CAUSES = ["occurrence", "message", "person", "upstream", "job", "notebook"] as const;
/** The reasons of `docs/reasons.md` that let a run wait. */
export const WAITING_REASONS = [
  "limit_hour",
  "limit_balance",
  "limit_concurrency",
  "behind",
  "provider_silent",
  "overlap",
  "dependency",
  "retry",
] as const satisfies readonly ReasonCode[];
const CODES = "the codes of `docs/errors.md`, or `OTHER`";

/** Every metric by its name. A name or an attribute is never given another meaning. */
export const METRICS = {
  "orrery.run.due.lateness": {
    kind: "histogram",
    unit: "s",
    attributes: { cause: CAUSES },
    buckets: LATENESS,
    meaning: "From the instant a run aims at to the first look at it",
  },
  "orrery.run.start.lateness": {
    kind: "histogram",
    unit: "s",
    attributes: { cause: CAUSES },
    buckets: LATENESS,
    meaning:
      "From the instant a run aims at to the start of its first program, its wait for limits included",
  },
  "orrery.run.start.delay": {
    kind: "histogram",
    unit: "s",
    attributes: { cause: CAUSES },
    buckets: LATENESS,
    meaning: "From an attempt's admission to the start of its program",
  },
  "orrery.occurrences": {
    kind: "counter",
    unit: "{occurrence}",
    attributes: { outcome: ["fired", "missed"] },
    meaning: "Occurrences that became runs; a missed one is the run that says so",
  },
  "orrery.runs.ended": {
    kind: "counter",
    unit: "{run}",
    attributes: { state: FINAL_STATES, cause: CAUSES },
    meaning: "Runs that became final after they were looked at",
  },
  "orrery.runs.retried": {
    kind: "counter",
    unit: "{run}",
    attributes: { cause: CAUSES },
    meaning: "Attempts that ended with another one to come",
  },
  "orrery.runs.waiting": {
    kind: "gauge",
    unit: "{run}",
    attributes: { reason: WAITING_REASONS },
    meaning: "Runs that wait, by why; at most 900 are counted",
  },
  "orrery.run.wait.oldest": {
    kind: "gauge",
    unit: "s",
    attributes: { reason: WAITING_REASONS },
    meaning:
      "How long ago the instant is that the first of them aims at, by why; 0 where none waits",
  },
  "orrery.units.held": {
    kind: "counter",
    unit: "{unit}",
    attributes: {},
    meaning: "Units held for attempts as they were admitted",
  },
  "orrery.units.settled": {
    kind: "counter",
    unit: "{unit}",
    attributes: {},
    meaning: "Units that ended attempts spent",
  },
  "orrery.units.overrun": {
    kind: "counter",
    unit: "{unit}",
    attributes: {},
    meaning: "Units that attempts spent beyond what was held for them",
  },
  "orrery.estimates.drifted": {
    kind: "counter",
    unit: "{schedule}",
    attributes: { direction: ["over", "under"] },
    meaning: "Schedules whose runs began to come to more or to less than was expected of them",
  },
  "orrery.reservations.open": {
    kind: "gauge",
    unit: "{reservation}",
    attributes: {},
    meaning: "Reservations that accounts hold",
  },
  "orrery.reservations.orphaned": {
    kind: "gauge",
    unit: "{reservation}",
    attributes: {},
    meaning: "Reservations that accounts hold for attempts that are not live",
  },
  "orrery.schedules.drifted": {
    kind: "gauge",
    unit: "{schedule}",
    attributes: {},
    meaning: "Schedules whose next fire, computed anew from their timing, is owed by no timer",
  },
  "orrery.configuration.drift": {
    kind: "gauge",
    unit: "1",
    attributes: {},
    meaning:
      "1 where the schedules file, when it was last read, could not become the live configuration; else 0",
  },
  "orrery.timers.overdue": {
    kind: "gauge",
    unit: "{timer}",
    attributes: {},
    meaning: "Timers that a tick found overdue by more than their messages' grace",
  },
  "orrery.timers.overdue.oldest": {
    kind: "gauge",
    unit: "s",
    attributes: {},
    meaning: "How overdue the first of them was; 0 where none was",
  },
  "orrery.ticks": {
    kind: "counter",
    unit: "{tick}",
    attributes: { outcome: ["complete", "incomplete"] },
    meaning: "Ticks; an incomplete one left due work to the next, because its time was up",
  },
  "orrery.audits": {
    kind: "counter",
    unit: "{audit}",
    attributes: { outcome: ["done", "failed"] },
    meaning: "Audits that ticks made, which tell every gauge of rows",
  },
  "orrery.messages": {
    kind: "counter",
    unit: "{message}",
    attributes: { queue: QUEUES, outcome: ["handled", "failed", "rejected"] },
    meaning:
      "Messages that functions were handed; a failed one comes again, a rejected one is set aside",
  },
  "orrery.queue.dead.letters": {
    kind: "gauge",
    unit: "{message}",
    attributes: { queue: QUEUES },
    meaning: "Messages that were given up, where the queue can tell",
  },
  "orrery.queue.refused": {
    kind: "counter",
    unit: "{message}",
    attributes: { queue: QUEUES },
    meaning: "Messages that a queue did not accept; the tick sends them again",
  },
  "orrery.deliveries": {
    kind: "counter",
    unit: "{try}",
    attributes: { outcome: ["delivered", "failed", "buried"], target: ["webhook", "log"] },
    meaning: "Tries of notifications; a failed one is tried again, a buried one never",
  },
  "orrery.call.duration": {
    kind: "histogram",
    unit: "s",
    attributes: { function: FUNCTIONS, outcome: ["ok", "failed"] },
    buckets: DURATIONS,
    meaning: "Calls of functions, from the event to the answer",
  },
  "orrery.store.duration": {
    kind: "histogram",
    unit: "s",
    attributes: { transaction: "the labels of transactions, or `snapshot`" },
    buckets: DURATIONS,
    meaning: "Transactions and snapshots with all their tries",
  },
  "orrery.store.retries": {
    kind: "counter",
    unit: "{try}",
    attributes: { transaction: "the labels of transactions, or `snapshot`" },
    meaning: "Times that the store ran a transaction's body again",
  },
  "orrery.store.failures": {
    kind: "counter",
    unit: "{transaction}",
    attributes: { transaction: "the labels of transactions, or `snapshot`", code: CODES },
    meaning: "Transactions and snapshots that the store gave up",
  },
  "orrery.executor.duration": {
    kind: "histogram",
    unit: "s",
    attributes: { operation: ["check", "start", "poll", "stop", "clear"] },
    buckets: DURATIONS,
    meaning: "Calls of what executes jobs: processes here, DataSphere in the cloud",
  },
  "orrery.executor.failures": {
    kind: "counter",
    unit: "{call}",
    attributes: { operation: ["check", "start", "poll", "stop", "clear"], code: CODES },
    meaning: "Such calls that failed",
  },
} as const satisfies Readonly<Record<string, Metric>>;

type Metrics = typeof METRICS;
export type MetricName = keyof Metrics;
type NameOf<K extends MetricKind> = {
  [N in MetricName]: Metrics[N]["kind"] extends K ? N : never;
}[MetricName];
export type CounterName = NameOf<"counter">;
export type HistogramName = NameOf<"histogram">;
export type GaugeName = NameOf<"gauge">;

/** The attributes that a metric is recorded with: all of them, each with one of its values. */
export type MetricAttributes<N extends MetricName> = {
  readonly [
    A in keyof Metrics[N]["attributes"]
  ]: Metrics[N]["attributes"][A] extends readonly (infer V)[] ? V : string;
};
