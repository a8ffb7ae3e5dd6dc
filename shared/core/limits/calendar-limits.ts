import { DAY_MS, HOUR_MS, MINUTE_MS } from "../time/duration.ts";

/** Ceilings of calendars and of what goes by them. Each with its arithmetic. */
export const calendarLimits = {
  calendarsPerConfig: 100,
  /** Days that one calendar lists, ranges written out: ten years, a day each. */
  calendarDays: 4_000,
  /** Files of one calendar: one for each of twenty years and some to spare. */
  calendarFiles: 24,
  /**
   * Ranges of days in all calendars of one `when`: each takes 12 bytes of the schedule's definition,
   * 5 KB in all. Russia's holidays and moved days make some 12 a year; every other day of a year, 183.
   */
  calendarRanges: 400,
  /** `times`: so many occurrences are gone through when it becomes live, a microsecond each. */
  timesMax: 10_000,

  /**
   * Zones of a configuration whose changes are kept to see whether other time zone data moves a fire,
   * and how far ahead: five years of two to four changes of 30 bytes are 600 bytes each, 19 KB in all.
   */
  timeZonesRecorded: 32,
  timeZonesAheadMs: 5 * 365 * DAY_MS,
  /** Occurrences of one schedule that are compared by both data: six days by the minute, 5 ms. */
  movedFires: 10_000,

  /** Where `stagger: auto` names no window: most jobs that share an hour are minutes long. */
  staggerWindowMs: 15 * MINUTE_MS,
  /** A day: whoever wants to wait for longer wants another time. */
  staggerWindowMaxMs: 24 * HOUR_MS,
  /** How long a run is taken to be where neither an estimate nor a timeout is written. */
  staggerAssumedMs: 10 * MINUTE_MS,
  /** Schedules of a project that staggers: each takes up to a millisecond of every reading. */
  staggerSchedules: 1_000,
  /**
   * Fires of one schedule that are laid out: every quarter of an hour for 35 days is 3,360. What
   * fires more often is spread evenly anyway, and counts as its average.
   */
  staggerFires: 3_400,
};
