import { assert } from "./assert.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "./time/duration.ts";

/**
 * Every ceiling of the product, with the arithmetic behind it. Relations between ceilings are
 * asserted at the end of this file, so a change that breaks one does not load.
 */
const ceilings = {
  /** YMQ delays a message by 900 s at most; what is due later waits in its timer row. */
  queueDelayMs: 900 * SECOND_MS,
  /** A trigger drops an event over 230 KB without a word; 200 KB leaves room for the envelope. */
  queueMessageBytes: 200 * 1024,
  /** The SQS batch API takes ten entries; one send call carries one batch. */
  queueBatchEntries: 10,

  /** The tick looks ahead a timer period (60 s), so a fire between two ticks is already queued. */
  tickHorizonMs: MINUTE_MS,
  /** One page of due timers; the engine's scan limit is 900 and a page is one claim transaction. */
  tickPageRows: 100,
  /** 100 pages of 100 rows: 10,000 due timers per tick, what 10 s of a 60 s timeout can do. */
  tickPages: 100,
  /** Occurrences one schedule may owe in one claim: a minute at one a second, and some. */
  occurrencesPerClaim: 100,

  /** YDB truncates a result at 1,000 rows; 900 leaves room for "one more". */
  scanRows: 900,

  /** A run that nobody moved is looked at again this long after it was due. */
  redriveMs: 30 * SECOND_MS,
  /** Watching starts at one second and doubles to a minute: a day-long job costs some 1,450 polls. */
  pollFirstMs: SECOND_MS,
  pollMaxMs: MINUTE_MS,
  /** A starting attempt that recorded nothing for this long is looked up at the executor again. */
  startLeaseMs: 2 * MINUTE_MS,

  /** One run tries at most this often, whatever YAML says. */
  attemptsMax: 20,
  /** Job wall time where neither YAML nor a limit says otherwise. */
  timeoutDefaultMs: 24 * HOUR_MS,
  timeoutMaxMs: 30 * DAY_MS,
  /** SIGTERM, then this long, then SIGKILL, where the job says nothing. */
  killGraceMs: 10 * SECOND_MS,

  /** Deliveries: 12 tries from 5 s doubling to 1 h span about 5 hours, then burial. */
  deliveryAttemptsMax: 12,
  deliveryBackoffFirstMs: 5 * SECOND_MS,
  deliveryBackoffMaxMs: HOUR_MS,
  /** A receiver gets ten seconds; notify's function timeout of 60 s holds a batch of five. */
  deliveryTimeoutMs: 10 * SECOND_MS,
  /** The first bytes of an answer are enough to see what the receiver complained about. */
  deliveryAnswerBytes: 512,

  /** One schedules file; YAML of a thousand schedules is about 400 KB. */
  configBytes: 4 * 1024 * 1024,
  schedulesPerConfig: 10_000,

  /** DataSphere Jobs: one file at most 5 GB, all inputs at most 10 GB, 100 entries a list. */
  jobFileBytes: 5 * 1024 ** 3,
  jobInputsBytes: 10 * 1024 ** 3,
  jobListEntries: 100,
  /** DataSphere keeps at most 100 MB of one log file; more is cut with a note. */
  jobLogBytes: 100 * 1024 * 1024,
  /** One read of a log. */
  logChunkBytes: 64 * 1024,

  /** Finished runs are kept this long; an operator asks about last month. */
  runRetentionMs: 35 * DAY_MS,
  /** A message id is remembered this long; YMQ keeps a message 14 days at most. */
  requestRetentionMs: 14 * DAY_MS,
};

export const limits: Readonly<typeof ceilings> = ceilings;

assert(limits.tickHorizonMs <= limits.queueDelayMs, "a fire inside the horizon fits a queue delay");
assert(limits.tickPageRows <= limits.scanRows, "a page of timers fits a scan");
assert(limits.pollFirstMs <= limits.pollMaxMs, "polling slows down, never up");
assert(limits.deliveryTimeoutMs * 5 <= MINUTE_MS, "five slow receivers fit notify's timeout");
