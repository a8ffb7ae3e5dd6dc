import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../time/duration.ts";

/** Ceilings of what is told to the outside, and of the audit that finds it out. Each with its arithmetic; relations stand in `limits.ts`. */
export const telemetryLimits = {
  /**
   * What a call may spend on telling how it went: a collector nearby answers within 100 ms, and two
   * seconds are a new connection to a busy one. Nothing of it is done in a call's last second.
   */
  telemetryFlushMs: 2 * SECOND_MS,
  telemetryReserveMs: SECOND_MS,
  /** A collector that failed is left alone this long: so it costs a call in a minute, not each. */
  telemetryRestMs: MINUTE_MS,
  /** How often a collector that goes on failing is warned of. */
  telemetryWarnMs: 10 * MINUTE_MS,
  /** Spans that wait to be sent: a tick that fires 500 runs has some 1,500, of half a kilobyte. */
  telemetrySpans: 2_048,
  /**
   * What did not arrive and is sent again, each by a connection of its own: one or two come about in
   * a minute, of some 10 KB and of a megabyte where the tick fires 500 runs.
   */
  telemetryKept: 8,
  telemetryKeptBytes: 2 * 1024 * 1024,
  /**
   * Runs whose traces a process remembers, for hints that do not say them: 200 bytes each. A hint of
   * one that is forgotten begins a trace of its own.
   */
  telemetryTraces: 10_000,
  /** How often a platform that goes on sends: what dashboards show by default is no finer. */
  telemetryEveryMs: 5 * SECOND_MS,

  /**
   * Every tenth tick audits, where somebody listens: so nine of ten idle ticks read nothing. It reads
   * its own row, that of the configuration's last reading, and a row for each run that waits.
   */
  auditEveryMs: 10 * MINUTE_MS,
  /**
   * How often a sweep of all accounts and one of all schedules begins. An account costs a request
   * unit and one for each reservation, a schedule three: 10 projects with 10 live runs are 480 a day,
   * 100 schedules 1,200.
   */
  auditAccountsEveryMs: HOUR_MS,
  auditSchedulesEveryMs: 6 * HOUR_MS,
  /**
   * What one audit sweeps at the most, the next goes on behind it: so larger installations cost no
   * more than 144 times 50 accounts and 20 schedules a day, which are 16,000 request units.
   */
  auditAccounts: 50,
  auditSchedules: 20,
  /** What a tick has to have left to audit: a snapshot and a transaction with all their tries. */
  auditNeedsMs: 35 * SECOND_MS,
  /** Findings of one audit that are named in the log: a screen; the metric counts them all. */
  auditFindings: 20,
};
