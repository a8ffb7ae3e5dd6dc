import { dayFrom, dayUpTo, daysOfMonth } from "../calendar/compiled-days.ts";
import { weekdayOf } from "../calendar/day.ts";
import { DAY_MS, SECOND_MS } from "../time/duration.ts";
import { localTime, type LocalTime } from "../time/local-time.ts";
import type { CompiledRule } from "./compiled-timing.ts";
import { NO_SUCCESSOR, type CronPattern, type Successors } from "./cron-pattern.ts";
import { daysIn } from "./month-days.ts";

const MINUTE_SECONDS = 60;
const HOUR_SECONDS = 60 * MINUTE_SECONDS;
const DAY_SECONDS = 24 * HOUR_SECONDS;
const YEAR_MAX = 9999;
/** 9999-12-31. */
const LAST_DAY = Date.UTC(YEAR_MAX, 11, 31) / DAY_MS;

/**
 * The first local time not before `from` that a pattern names, or undefined after the year 9999.
 * With a rule, only on the days that its calendar leaves or makes of those of the pattern. A date
 * that comes once in decades costs one look-up a month on the way.
 */
export function nextLocal(
  pattern: CronPattern,
  from: LocalTime,
  rule?: CompiledRule,
): LocalTime | undefined {
  const fromSecond = Math.ceil(from / SECOND_MS);
  const fromDay = Math.floor(fromSecond / DAY_SECONDS);
  const today = nextTimeOfDay(pattern, fromSecond - fromDay * DAY_SECONDS);
  const day = nextDay(pattern, today === undefined ? fromDay + 1 : fromDay, rule);
  if (day === undefined) return undefined;
  const time = day === fromDay && today !== undefined ? today : firstTimeOfDay(pattern);
  return localTime(day * DAY_MS + time * SECOND_MS);
}

/** In seconds since midnight; undefined when the day holds no more. */
function nextTimeOfDay(pattern: CronPattern, from: number): number | undefined {
  const { seconds, minutes, hours } = pattern;
  const hour = Math.floor(from / HOUR_SECONDS);
  if (successor(hours, hour) === hour) {
    const minute = Math.floor((from % HOUR_SECONDS) / MINUTE_SECONDS);
    const second = successor(seconds, from % MINUTE_SECONDS);
    if (successor(minutes, minute) === minute && second !== NO_SUCCESSOR) {
      return timeOf(hour, minute, second);
    }
    // This minute is not allowed or used up; either way the answer lies past it.
    const nextMinute = successor(minutes, minute + 1);
    if (nextMinute !== NO_SUCCESSOR) return timeOf(hour, nextMinute, successor(seconds, 0));
  }
  const nextHour = successor(hours, hour + 1);
  if (nextHour === NO_SUCCESSOR) return undefined;
  return timeOf(nextHour, successor(minutes, 0), successor(seconds, 0));
}

function firstTimeOfDay({ seconds, minutes, hours }: CronPattern): number {
  return timeOf(successor(hours, 0), successor(minutes, 0), successor(seconds, 0));
}

const timeOf = (hour: number, minute: number, second: number): number =>
  hour * HOUR_SECONDS + minute * MINUTE_SECONDS + second;

const successor = (successors: Successors, from: number): number =>
  successors[from] ?? NO_SUCCESSOR;

/** The first day not before `from`, in days since 1970-01-01, that a pattern and its calendar name. */
function nextDay(pattern: CronPattern, from: number, rule?: CompiledRule): number | undefined {
  const day = rule === undefined ? patternDay(pattern, from) : ruledDay(pattern, from, rule);
  return day === undefined || day > LAST_DAY ? undefined : day;
}

function ruledDay(pattern: CronPattern, from: number, rule: CompiledRule): number | undefined {
  const { days, roll } = rule;
  if (from > rule.lastDay) return undefined;
  if (roll === undefined) return patternDay(pattern, from, rule);
  const first = dayFrom(days, from);
  if (first === undefined) return undefined;
  if (roll === "previous") {
    // What is meant for the days from one of the calendar until its next one falls on that one.
    const meant = patternDay(pattern, first);
    return meant === undefined ? undefined : dayUpTo(days, meant);
  }
  const before = dayUpTo(days, first - 1);
  const meant = patternDay(pattern, before === undefined ? 0 : before + 1);
  return meant === undefined ? undefined : dayFrom(days, meant);
}

/** The walk goes month by month, carrying each month's first weekday along. */
function patternDay(pattern: CronPattern, from: number, rule?: CompiledRule): number | undefined {
  const date = new Date(from * DAY_MS);
  let year = date.getUTCFullYear();
  let month = date.getUTCMonth();
  let firstDay = from - (date.getUTCDate() - 1);
  while (year <= YEAR_MAX) {
    if (rule !== undefined && firstDay > rule.lastDay) return undefined;
    const length = lengthOf(year, month);
    if (pattern.months[month] === true) {
      const ahead = firstDay < from ? -1 << (from - firstDay) : -1;
      const allowed = rule === undefined ? ahead : ahead & daysOfMonth(rule.days, firstDay);
      const days = daysIn(pattern.days, length, weekdayOf(firstDay)) & allowed;
      if (days !== 0) return firstDay + lowestBit(days);
    }
    firstDay += length;
    month = (month + 1) % 12;
    if (month === 0) year += 1;
  }
  return undefined;
}

const lowestBit = (bits: number): number => 31 - Math.clz32(bits & -bits);

function lengthOf(year: number, month: number): number {
  if (month === 1) return isLeap(year) ? 29 : 28;
  return month === 3 || month === 5 || month === 8 || month === 10 ? 30 : 31;
}

const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
