import { assert } from "./assert.ts";
import { apiLimits } from "./limits/api-limits.ts";
import { bucketLimits } from "./limits/bucket-limits.ts";
import { calendarLimits } from "./limits/calendar-limits.ts";
import { configLimits } from "./limits/config-limits.ts";
import { datasphereLimits } from "./limits/datasphere-limits.ts";
import { estimateLimits } from "./limits/estimate-limits.ts";
import { forecastLimits } from "./limits/forecast-limits.ts";
import { installationLimits } from "./limits/installation-limits.ts";
import { jobLimits } from "./limits/job-limits.ts";
import { ledgerLimits } from "./limits/ledger-limits.ts";
import { operatorLimits } from "./limits/operator-limits.ts";
import { outlookLimits } from "./limits/outlook-limits.ts";
import { queueLimits } from "./limits/queue-limits.ts";
import { simulationLimits } from "./limits/simulation-limits.ts";
import { storeLimits } from "./limits/store-limits.ts";
import { telemetryLimits } from "./limits/telemetry-limits.ts";
import { unitsLimits } from "./limits/units-limits.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "./time/duration.ts";

/**
 * Every ceiling of the product, with the arithmetic behind it. Relations between ceilings are
 * asserted at the end of this file, so a change that breaks one does not load.
 */
const ceilings = {
  ...apiLimits,
  ...bucketLimits,
  ...calendarLimits,
  ...configLimits,
  ...datasphereLimits,
  ...estimateLimits,
  ...forecastLimits,
  ...installationLimits,
  ...jobLimits,
  ...outlookLimits,
  ...ledgerLimits,
  ...operatorLimits,
  ...queueLimits,
  ...simulationLimits,
  ...storeLimits,
  ...telemetryLimits,
  ...unitsLimits,

  /** The tick looks ahead a timer period (60 s), so a fire between two ticks is already queued. */
  tickHorizonMs: MINUTE_MS,
  /** One page of due timers; the engine's scan limit is 900 and a page is one claim transaction. */
  tickPageRows: 100,
  /** 100 pages of 100 rows: 10,000 due timers per tick, what 10 s of a 60 s timeout can do. */
  tickPages: 100,
  /** Runs of other causes behind a schedule's last fire that are gone through for it: 100 KB of rows. */
  firedSearchRows: 100,
  /** Fired timers that a process remembers: 100 bytes each, and a tick fires 10,000 at the most. */
  firedTimers: 20_000,
  /** Timer rows spread over this many key ranges; 4 to 8 saturate a serverless database's quota. */
  timerLanes: 4,
  /** A tick starts no page this close to its deadline: a page of 500 runs takes about a second. */
  tickReserveMs: 5 * SECOND_MS,
  /** Runs one claim may make: a page of schedules, five each; 500 rows of 1 KB fit any commit. */
  occurrencesPerClaim: 500,
  /** A cron text: every value of all six fields, written out, takes about 520 characters. */
  cronChars: 1_000,
  /** Followed schedules named in the configuration's row: 32 of 63 bytes keep it near its 4 KB block. */
  followedListed: 32,
  /** Elements of one `when`; each costs a next occurrence of its own, some microseconds. */
  whenElements: 100,
  /** The shortest `every`, as cron's: a tick that comes by the minute then owes 60 occurrences. */
  everyMinMs: SECOND_MS,
  /** Compiled timings kept: a kilobyte each, so 10,000 schedules cost 10 MB. */
  compiledTimings: 10_000,

  /** A waiting run nobody woke is looked at again after this long: one tick period. */
  waitRecheckMs: MINUTE_MS,
  /** The longest between two looks at one that is woken by what it waits for: a queue's longest delay. */
  waitLookMaxMs: 900 * SECOND_MS,
  /**
   * The timer of such a run is kept this far behind the next look, for a tick looks a minute ahead and
   * comes by the minute; and it stands this far ahead at most: two looks of 15 minutes.
   */
  waitTimerSlackMs: 2 * MINUTE_MS,
  waitTimerMaxMs: 30 * MINUTE_MS,
  /** An occurrence later than this was missed, not late: two tick periods and a slow start. */
  missedAfterMs: 3 * MINUTE_MS,
  /** A run waiting for its limits this long is not overtaken any more by those behind it. */
  overtakeMs: 15 * MINUTE_MS,
  /** Waiting runs woken when capacity frees; the rest follow as these start or on their timers. */
  wakeRuns: 50,
  /**
   * Watching starts at one second and waits as long again as it has gone on, up to a minute: a
   * day-long job costs some 1,450 polls, a read each.
   */
  pollFirstMs: SECOND_MS,
  pollMaxMs: MINUTE_MS,
  /**
   * A batch of looks waits this long for its executors' answers, which take some 100 ms; what comes
   * later is dealt with on its own, so that one slow answer holds up no other run.
   */
  batchPatienceMs: SECOND_MS,
  /** From admission to the program's start: a Python environment in 15 minutes, 10 GB in under two. */
  startWithinMs: 20 * MINUTE_MS,
  /** An attempt that has not started so long before that is stopped: a look and a kill take seconds. */
  startMarginMs: 30 * SECOND_MS,
  /** A run's timer that is overdue by less is left to its message: a submit takes seconds. */
  timerGraceMs: 30 * SECOND_MS,
  /**
   * The timer of a run that is still live is moved ahead by three times the run's age, within these:
   * a job of ten minutes moves it twice. The longer one, and a tick period on top, is how late a run
   * is looked at whose messages were all lost.
   */
  timerMoveFirstMs: MINUTE_MS,
  timerMoveMaxMs: 10 * MINUTE_MS,

  /** One run tries at most this often, whatever YAML says. */
  attemptsMax: 20,
  /** What a run keeps of why it was tried again: 20 times 500 characters are 10 KB in its row. */
  retriedBecauseChars: 500,
  /** Job wall time where neither YAML nor a limit says otherwise. */
  timeoutDefaultMs: 24 * HOUR_MS,
  timeoutMaxMs: 30 * DAY_MS,
  /** SIGTERM, then this long, then SIGKILL, where the job says nothing. */
  killGraceMs: 10 * SECOND_MS,

  /** SIGKILL lands inside a second that is paid for: a busy machine reaps well within half of one. */
  killLagMs: 500,

  /** 100 times the dearest instance type (g2.8, 928 units a second); see the sum asserted below. */
  unitRateMax: 100_000,
  /** Settled spends an account remembers: 64 of 25 bytes are 1.6 KB, and an hour in steps of a minute. */
  accountSpends: 64,
  /** Reservations open at once in one account: 200 of 80 bytes are 16 KB, one row at its worst. */
  accountReservations: 200,
  /**
   * Entries in an account's own row: 8 of 110 bytes, so the row of a quiet project stays near 1 KB,
   * and the row they move to has as much. A run has two entries, so every fourth run writes a row.
   */
  accountTailEntries: 8,

  /** Deliveries: 12 tries from 5 s doubling to 1 h: 5115 + 3600 s, some 2 h 25 min, then burial. */
  deliveryAttemptsMax: 12,
  deliveryBackoffFirstMs: 5 * SECOND_MS,
  deliveryBackoffMaxMs: HOUR_MS,
  /** An event that a message carries beside the run's row: usual ones have 700 characters. */
  owedBodyChars: 8 * 1024,
  /** A receiver gets ten seconds; notify tells those of a batch side by side, within its 60 s. */
  deliveryTimeoutMs: 10 * SECOND_MS,
  /** The first bytes of an answer are enough to see what the receiver complained about. */
  deliveryAnswerBytes: 512,
  /** A sender's id for its message: a UUID is 36, a path or URL may be longer. */
  requestIdChars: 200,
  /** One input value; 100 of them in plain text stay far under the queue's message size. */
  inputValueChars: 1_000,
  /** What is kept of a rejected message: enough to recognise it on a screen. */
  rejectionExcerptChars: 500,

  /** Calls one laptop trigger has under way: the cloud's default quota of 10 per zone. */
  triggerCallsMax: 10,
  /** How often the terminal looks for a job's new output: smooth to the eye, nothing to the disk. */
  outputFollowMs: 100,
  /** And where none has come for a while: a look reads a row or two, which a database bills. */
  outputFollowMaxMs: SECOND_MS,
  /** How often a laptop platform looks for work that another process wrote: one pragma, 10 µs. */
  neighbourPollMs: 100,
  /**
   * How long a platform drives a shared database after it last said so, and how often it does: a
   * renewal costs 3 request units, and two may fail before another machine takes over.
   */
  platformLeaseMs: 150 * SECOND_MS,
  platformLeaseRenewMs: MINUTE_MS,
  /** How often expired rows are dropped, and how many at once: the cloud's TTL runs hourly too. */
  sweepEveryMs: HOUR_MS,
  /** A stopping platform waits this long for running jobs before it leaves them to the next start. */
  stopGraceMs: 5 * SECOND_MS,
  /** Signals this close are one Ctrl-C, handed on twice by what started us; a person needs longer. */
  signalEchoMs: 500,
  /** How often a command that waits looks again: prompt to the eye, and two row reads each time. */
  commandPollMs: 200,
  /** A starting platform waits this long for a command that asks whether one runs, by its lock. */
  lockWaitMs: 100,
  /** Fire times of a schedule in one preview: two months by the minute, a second and 20 MB of JSON. */
  nextFiresMax: 100_000,
  /** Fire times the API answers with where nobody says how many: a screen. */
  firesShown: 10,
  /** Runs that one page goes through for those wanted: 300 ms of 1,000 schedules; then the next page. */
  runSearchRows: 18_000,
  /** How often whoever waits looks at a shared database, which bills every look: 2 units a second. */
  sharedPollMs: 2 * SECOND_MS,
  /** How often `up --until-idle` asks whether anything is left to do. */
  idlePollMs: 250,

  /** Cloud Logging reads a line of up to 64 KB as a record; 64,000 fits either meaning of KB. */
  logLineBytes: 64_000,
  /** What is kept of the message of a longer line: JSON needs at most 6 bytes for each, 48,000. */
  logMessageChars: 8_000,
  /** Readings of a configuration while others apply theirs: each of them had one that went first. */
  applyTries: 5,
  /** Beside each other in time: no preparation of a job reads an older copy of its folder still. */
  folderCopyMs: HOUR_MS,

  /** Finished runs are kept this long; an operator asks about last month. */
  runRetentionMs: 35 * DAY_MS,
  /** A message id is remembered this long; YMQ keeps a message 14 days at most. */
  requestRetentionMs: 14 * DAY_MS,
};

export const limits: Readonly<typeof ceilings> = ceilings;

assert(limits.tickHorizonMs <= limits.queueDelayMs, "a fire inside the horizon fits a queue delay");
assert(limits.queueMessageBytes <= limits.ymqBatchBytes, "every message fits a batch");
assert(limits.ymqCallMs * 3 <= limits.ymqDeadlineMs, "a lost call leaves two tries");
assert(limits.tickPageRows <= limits.scanRows, "a page of timers fits a scan");
assert(limits.pollFirstMs <= limits.pollMaxMs, "polling slows down, never up");
assert(limits.timerMoveFirstMs <= limits.timerMoveMaxMs, "timers move further ahead, never less");
assert(limits.timerGraceMs < limits.timerMoveFirstMs, "a timer moves ahead, not back");
assert(
  limits.timerMoveMaxMs < limits.startWithinMs,
  "a start that was cut short is looked at while it may still start",
);
assert(limits.sharedResources <= limits.scanRows, "all resources of a holder fit one scan");
assert(limits.pageItems <= limits.pageItemsMax, "a page is no larger than the largest");
assert(
  2 * limits.platformLeaseRenewMs + limits.ydbTransactionMs < limits.platformLeaseMs,
  "a lease outlives a renewal that failed",
);
assert(
  limits.telemetryFlushMs + limits.telemetryReserveMs < limits.tickReserveMs,
  "a tick that goes on to its reserve has time to tell how it went",
);
assert(
  2 * limits.ydbTransactionMs + limits.telemetryFlushMs + limits.telemetryReserveMs <
    limits.auditNeedsMs,
  "an audit ends, and is told of, within what a tick has left for it",
);
assert(
  2 * limits.ydbTransactionMs + limits.telemetryFlushMs + limits.telemetryReserveMs <
    limits.outlookNeedsMs,
  "the look at a project ends within what a tick has left for it",
);
assert(
  limits.outlookLooksEveryMs === limits.auditEveryMs &&
    limits.outlookLooksAtMs % limits.auditEveryMs !== 0,
  "no tick audits and looks after outlooks",
);
assert(
  limits.spendingBehindPage <= limits.scanRows * limits.accountTailEntries,
  "a page of entries is one scan",
);
assert(limits.auditEveryMs >= 5 * MINUTE_MS, "at least four of five idle ticks read nothing");
assert(limits.ydbSchemaCallMs < limits.ydbSchemaPatienceMs, "a schema statement has a second try");
assert(limits.ydbRequestMs * 3 <= limits.ydbTransactionMs, "a lost request leaves two tries");
assert(limits.ydbTransactionMs < limits.ydbTokenMarginMs, "a token outlives its transaction");
assert(limits.bucketIdleMs < limits.bucketPollMs, "a poll trusts no connection of the last one");
assert(limits.fileUrlMs <= limits.bucketUrlMs, "a file's URL can be signed for its whole life");
assert(
  limits.dataFileBytes <= 10_000 * limits.bucketPartBytes,
  "the largest file of a storage has at most as many parts as S3 takes",
);
assert(
  limits.startWithinMs < limits.folderCopyMs,
  "a copy of a job's folder outlives every preparation that reads it",
);
assert(
  limits.deliveryTimeoutMs + 2 * limits.ydbTransactionMs <= MINUTE_MS,
  "slow receivers, told side by side, fit notify's timeout",
);
assert(
  limits.waitLookMaxMs <= limits.queueDelayMs,
  "a message can carry the next look at a run that waits",
);
assert(
  limits.waitLookMaxMs + limits.waitTimerSlackMs <= limits.waitTimerMaxMs,
  "the timer of a run that waits outlasts its next look",
);
assert(
  limits.pythonBuildMs < limits.startWithinMs - limits.startMarginMs,
  "an environment is built before its start is due",
);
assert(
  limits.providerSeenMs + limits.providerLiveMs < limits.providerTrustMs,
  "an account that is looked at is trusted",
);
assert(limits.providerChargeLagMs < HOUR_MS, "an account remembers what may yet be charged");
assert(
  limits.estimateRunsMin + limits.driftRuns <= limits.estimateRuns &&
    limits.estimateRuns <= limits.estimateSearchRows,
  "what an estimate is learnt from has a part that drift is seen in, and one that it is seen by",
);
assert(limits.sameAgeMs < limits.overtakeMs, "estimates decide nothing once waiting long counts");
assert(
  limits.driftUnder < limits.driftUnderEnds && limits.driftOverEnds < limits.driftOver,
  "drift that has begun is not over at the same number",
);
assert(limits.killLagMs < SECOND_MS, "an execution of one second has time to run");
assert(
  // Spends that were merged still count one by one: 10,000 executions an hour at the highest rate.
  limits.unitRateMax * HOUR_MS * 10_000 <= Number.MAX_SAFE_INTEGER,
  "an hour of unit-milliseconds is a safe integer",
);
