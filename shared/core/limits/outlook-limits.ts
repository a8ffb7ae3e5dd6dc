import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../time/duration.ts";

/** Ceilings of what is worked out of projects' ledgers now and then. Each with its arithmetic; relations stand in `limits.ts`. */
export const outlookLimits = {
  /**
   * Every tenth tick may look after outlooks, and the first of each hour begins with all projects. Once
   * they are through, the others of that hour read nothing. An idle project costs 2 request units each
   * time, its account and its outlook, and the sweep 3 for its own place: with 10 projects 23 an hour,
   * 17,000 a month, of a million that are free.
   */
  outlookLooksEveryMs: 10 * MINUTE_MS,
  /** In the middle between two audits, so that no tick does both. */
  outlookLooksAtMs: 5 * MINUTE_MS,
  /** Accounts and outlooks read at once: 50 of each at 1 to 20 KB. */
  outlookProjects: 50,
  /**
   * A project gets a new outlook with the next sweep after this many entries, which are four runs; its
   * outlook costs some 12 request units, and they cost 100.
   */
  outlookEntries: 8,
  /** With fewer new entries it gets one after this long, unless its budget warns ahead. */
  outlookEveryMs: 6 * HOUR_MS,
  /** Without any new entry, where its budget warns ahead: time alone brings the end nearer. */
  outlookQuietMs: DAY_MS,
  /** What a tick has to have left to look at one more project: a snapshot and a transaction with all their tries. */
  outlookNeedsMs: 35 * SECOND_MS,
  /** A project at which so many ticks were cut off is passed over: one may have been killed by chance. */
  outlookTries: 2,

  /** Entries that one transaction adds to days: 250 rows of 1 KB, 250 request units. */
  rollUpEntries: 2_000,
  /** Days that it may write at most: 32 at their largest, 64 KB, are 2 MB. */
  rollUpDays: 32,
  /** Schedules that a day names: 200 that end every hour are 64 KB, 200 that end once 10 KB. */
  spendingSchedules: 200,
  /** Rows of days read at once: a month. At their largest 2 MB. */
  spendingRows: 31,
  /** The longest stretch by the day: any year, whichever day it begins on. */
  spendingDaysMs: 366 * DAY_MS,
  /** The longest stretch by the hour: 744 steps. */
  spendingHoursMs: 31 * DAY_MS,
  /** Where nobody says from when. */
  spendingPresetMs: 30 * DAY_MS,
  /**
   * Entries behind the last outlook that one question adds up by itself: 25,000 rows, some seconds.
   * An hour of 10,000 runs leaves 20,000; there are more only where no tick has come for long.
   */
  spendingBehind: 200_000,
  /** Of those, read at once: 900 rows of 8, a scan. */
  spendingBehindPage: 7_200,
};
