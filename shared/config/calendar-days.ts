import { hasWeekday, listedDays, weekdaysBut, type DaySet } from "../core/calendar/day-set.ts";
import { yearEnd } from "../core/calendar/day.ts";
import { daysOf, shownDay, type Listed, type Move, type Place } from "./calendar-dates.ts";

/** What a calendar's lists and files say, read and put together. */
export interface YearDays {
  readonly holidays: readonly Listed[];
  readonly workdays: readonly Listed[];
  readonly moved: readonly Move[];
  readonly short: readonly Listed[];
}

/** A weekly calendar's days, and those of them that are shortened. */
export interface WeeklyDays {
  readonly days: DaySet;
  readonly short?: DaySet;
}

/**
 * Works out a weekly calendar. A moved day off makes the day it moves to one, and the day it moves
 * from a working day, unless that is a holiday itself. What contradicts itself is told of: a day that
 * is both, a working day that moves, a day off that another one moves to, a shortened day off.
 */
export function weeklyDays(weekdays: number, year: YearDays): WeeklyDays {
  const holidays = daysOf(year.holidays);
  const workdays = daysOf(year.workdays);
  tellBoth(holidays, workdays);
  const off = new Set(holidays.keys());
  const on = new Set(workdays.keys());
  for (const move of year.moved) {
    const isFree = (day: number): boolean => !hasWeekday(weekdays, day) || holidays.has(day);
    tellMove(move, {
      movesDayOff: isFree(move.from),
      ontoDayOff: isFree(move.to) || off.has(move.to),
      ontoListed: workdays.has(move.to),
    });
    off.add(move.to);
    if (!holidays.has(move.from)) on.add(move.from);
  }
  const through = throughOf(year);
  const days = weekdaysBut(weekdays, { off, on, ...(through !== undefined && { through }) });
  if (year.short.length === 0) return { days };
  const short = daysOf(year.short);
  const isWorking = (day: number): boolean =>
    on.has(day) || (hasWeekday(weekdays, day) && !off.has(day));
  for (const [day, { path, tell }] of short) {
    if (isWorking(day)) continue;
    tell({
      path,
      found: `${shownDay(day)}, a day off`,
      expected: "a working day, which is shorter",
    });
  }
  return { days, short: listedDays(short.keys(), through) };
}

function tellBoth(
  holidays: ReadonlyMap<number, Place>,
  workdays: ReadonlyMap<number, Place>,
): void {
  for (const [day, { path, tell }] of workdays) {
    if (!holidays.has(day)) continue;
    tell({
      path,
      found: `${shownDay(day)}, a holiday too`,
      expected: "a day that is only one of both",
    });
  }
}

function tellMove(
  { from, to, place: { path, tell } }: Move,
  is: {
    readonly movesDayOff: boolean;
    readonly ontoDayOff: boolean;
    readonly ontoListed: boolean;
  },
): void {
  if (!is.movesDayOff) {
    const expected = "a day off, by weekday or as a holiday, that moves";
    tell({ path, found: `${shownDay(from)}, a working day`, expected, at: "key" });
  }
  const expected = "a working day that becomes a day off instead";
  if (is.ontoListed) {
    tell({ path, found: `${shownDay(to)}, which \`workdays\` lists`, expected });
  } else if (is.ontoDayOff) {
    tell({ path, found: `${shownDay(to)}, a day off already`, expected });
  }
}

/** Lists are made by the year, so they speak for the whole of the last one that they name. */
function throughOf({ holidays, workdays, moved, short }: YearDays): number | undefined {
  const lasts = [...holidays, ...workdays, ...short].map(({ last }) => last);
  const last = [...lasts, ...moved.flatMap(({ from, to }) => [from, to])].reduce(
    (latest, day) => Math.max(latest, day),
    -1,
  );
  return last < 0 ? undefined : yearEnd(last);
}
