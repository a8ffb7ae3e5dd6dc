import { DAY_MS, SECOND_MS } from "../time/duration.ts";

/** Ceilings of queues and their messages. Each with its arithmetic; relations stand in `limits.ts`. */
export const queueLimits = {
  /** YMQ delays a message by 900 s at most; what is due later waits in its timer row. */
  queueDelayMs: 900 * SECOND_MS,
  /** A trigger drops an event over 230 KB without a word; 200 KB leaves room for the envelope. */
  queueMessageBytes: 200 * 1024,

  /** What a message queue takes in one call: ten messages, each way. */
  ymqBatchMessages: 10,
  /** And 256 KB of bodies in it; 256,000 bytes fit whichever way a KB is counted. */
  ymqBatchBytes: 256_000,
  /** Batches sent side by side: a call takes some 20 ms, and a queue serves 300 of them a second. */
  ymqBatchesAtOnce: 5,
  /** One call, its connection included: a lost one leaves time for two more within the deadline. */
  ymqCallMs: 3 * SECOND_MS,
  /** A sending with all its tries: behind a transaction of 15 s it fits the shortest function's 30 s. */
  ymqDeadlineMs: 10 * SECOND_MS,
  /** Tries of one call: with the waits between them, 3 s at the most, they fit the deadline. */
  ymqTries: 6,
  /** Waits after a failure that is over by itself: a server that is replaced takes about a second. */
  ymqRetryFirstMs: 100,
  ymqRetryMaxMs: 2 * SECOND_MS,
  /** Waits while a queue is throttled: its quota is by the second. */
  ymqThrottledFirstMs: 500,
  /** A connection unused for longer is not trusted: a function thaws, a laptop wakes. A new one is 20 ms. */
  ymqIdleMs: 5 * SECOND_MS,
  /** How long a receive waits for a message: the longest that a queue offers, and so the cheapest. */
  ymqPollMs: 20 * SECOND_MS,
  /** Between two receives of a server that does not wait at all: some emulators answer at once. */
  ymqPollPauseMs: 200,
  /** What is kept of a queue's complaint: a sentence. */
  ymqFailureChars: 300,
  /** How long a platform waits after a receive that failed, doubling: an outage costs two calls a minute. */
  pollRetryFirstMs: SECOND_MS,
  pollRetryMaxMs: 30 * SECOND_MS,
  /** Characters of what a platform's queues begin with: a queue's name has 80, and ours at most 11. */
  queuePrefixChars: 60,
  /** How long a queue keeps a message: Message Queue's default of four days. */
  queueRetentionMs: 4 * DAY_MS,
  /** How long a dead-letter queue does: the longest there is, counted from the first sending. */
  deadLetterRetentionMs: 14 * DAY_MS,
};
