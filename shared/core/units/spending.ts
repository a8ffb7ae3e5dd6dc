import { attemptKeyOf, isAdHocSchedule, runKeyOf, type AttemptId } from "../ids.ts";
import { limits } from "../limits.ts";
import { DAY_MS, HOUR_MS } from "../time/duration.ts";
import { earlier, instant, type Instant } from "../time/instant.ts";
import type { Entry } from "./ledger.ts";

/**
 * What ended work of a project spent, by the day, the hour and the schedule. All of it follows from the
 * settled entries of the ledger, and days and hours are those of UTC.
 *
 * N1 An execution counts whole in the hour it ended in, with what it really spent, whoever held it.
 * N2 What a day comes to depends on the order of the entries alone, not on how many are added at once.
 * N3 A day names the first `limits.spendingSchedules` schedules that spent on it, each with all it
 *    spent; the others count together. So no unit is ever left out.
 */
export interface EndedWork {
  /** The entry that settled it. */
  readonly seq: number;
  readonly endedAt: Instant;
  readonly schedule: SpenderName;
  readonly units: number;
}

/** A schedule's name, or one of the two below, which no schedule can have. */
export type SpenderName = string;

/** Jobs and notebooks that callers started. */
export const AD_HOC: SpenderName = "";
/** All schedules of a day that it does not name. */
export const OTHERS: SpenderName = "*";

/** Units and executions of one hour of a day, 0 to 23. */
export type HourSpending = readonly [hour: number, units: number, executions: number];

/** One day: for each spender its hours, the earliest first. A spender or an hour without work is absent. */
export type SpendingDay = ReadonlyMap<SpenderName, readonly HourSpending[]>;

/** Days by their number since 1970. */
export type SpendingDays = ReadonlyMap<number, SpendingDay>;

/** The number of the day in UTC, counted from 1970. */
export function dayOf(at: Instant): number {
  return Math.floor(at / DAY_MS);
}

/** When the month in UTC began that an instant is in. */
export function monthBegin(at: Instant): Instant {
  const date = new Date(at);
  return instant(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1));
}

/** The work that these entries settled, in their order. */
export function endedWork(entries: readonly Entry[]): readonly EndedWork[] {
  return entries.flatMap((entry) => {
    if (entry.kind !== "settle") return [];
    const { seq, at, reservation, spend } = entry;
    // The second that was begun is paid for whole, but nothing ends after it was settled.
    const endedAt = earlier(spend.endAt, at);
    return [{ seq, endedAt, schedule: spenderOf(reservation), units: spend.units }];
  });
}

function spenderOf(attempt: AttemptId): SpenderName {
  const run = attemptKeyOf(attempt)?.run;
  const schedule = run && runKeyOf(run)?.schedule;
  return schedule === undefined || isAdHocSchedule(schedule) ? AD_HOC : schedule;
}

/** Days with more work in them; `days` itself stays as it is. */
export function addWork(days: SpendingDays, works: readonly EndedWork[]): SpendingDays {
  const sums = new Map<number, Map<SpenderName, HourSpending[]>>();
  for (const { endedAt, schedule, units } of works) {
    const number = dayOf(endedAt);
    const day = sums.get(number) ?? copyOf(days.get(number));
    sums.set(number, day);
    const name = spenderIn(day, schedule);
    const hours = day.get(name) ?? [];
    addTo(hours, Math.floor((endedAt % DAY_MS) / HOUR_MS), units);
    day.set(name, hours);
  }
  return new Map([...days, ...sums]);
}

function copyOf(day: SpendingDay | undefined): Map<SpenderName, HourSpending[]> {
  return new Map([...(day ?? [])].map(([name, hours]) => [name, [...hours]]));
}

function spenderIn(day: SpendingDay, schedule: SpenderName): SpenderName {
  if (schedule === AD_HOC || day.has(schedule)) return schedule;
  const named = [...day.keys()].filter((name) => name !== AD_HOC && name !== OTHERS).length;
  return named < limits.spendingSchedules ? schedule : OTHERS;
}

function addTo(hours: HourSpending[], hour: number, units: number): void {
  const place = hours.findIndex(([other]) => other >= hour);
  const found = place === -1 ? undefined : hours[place];
  if (found?.[0] === hour) hours[place] = [hour, found[1] + units, found[2] + 1];
  else hours.splice(place === -1 ? hours.length : place, 0, [hour, units, 1]);
}

/** What ended work spent in a month of UTC. */
export interface MonthSpending {
  readonly beginsAt: Instant;
  readonly units: number;
}

/** The sum of the latest month that something ended in. What ended before it comes too late for it. */
export function addToMonth(
  before: MonthSpending | undefined,
  works: readonly EndedWork[],
): MonthSpending | undefined {
  let month = before;
  for (const { endedAt, units } of works) {
    const beginsAt = monthBegin(endedAt);
    if (month === undefined || beginsAt > month.beginsAt) month = { beginsAt, units };
    else if (beginsAt === month.beginsAt) month = { beginsAt, units: month.units + units };
  }
  return month;
}

/** What was spent, and by how many executions. */
interface Spent {
  readonly units: number;
  readonly executions: number;
}

/** What a stretch of time came to. */
export interface SpendingSums extends Spent {
  /** Without gaps, the oldest first. */
  readonly steps: readonly (Spent & { readonly beginsAt: Instant })[];
  /** The largest spender first. */
  readonly schedules: readonly (Spent & { readonly schedule: SpenderName })[];
}

/** Where to sum up, both at the beginning of a step; and how long a step is: an hour, or a day. */
export interface SpendingStretch {
  readonly fromAt: Instant;
  readonly untilAt: Instant;
  readonly stepMs: number;
}

/** Sums days up over a stretch of time; what is outside of it does not count. */
export function sumUp(
  days: SpendingDays,
  { fromAt, untilAt, stepMs }: SpendingStretch,
): SpendingSums {
  const steps = Array.from(
    { length: (untilAt - fromAt) / stepMs },
    () => [0, 0] as [number, number],
  );
  const schedules = new Map<SpenderName, [number, number]>();
  for (const { beginsAt, name, units, executions } of hoursOf(days)) {
    const step = steps[Math.floor((beginsAt - fromAt) / stepMs)];
    if (step === undefined) continue;
    const schedule = schedules.get(name) ?? [0, 0];
    schedules.set(name, schedule);
    for (const sum of [step, schedule]) {
      sum[0] += units;
      sum[1] += executions;
    }
  }
  const total = (index: 0 | 1): number => steps.reduce((sum, step) => sum + step[index], 0);
  return {
    units: total(0),
    executions: total(1),
    steps: steps.map(([units, executions], index) => {
      return { beginsAt: instant(fromAt + index * stepMs), units, executions };
    }),
    schedules: [...schedules]
      .map(([schedule, [units, executions]]) => ({ schedule, units, executions }))
      .toSorted((a, b) => b.units - a.units || (a.schedule < b.schedule ? -1 : 1)),
  };
}

function* hoursOf(
  days: SpendingDays,
): Generator<Spent & { readonly beginsAt: Instant; readonly name: SpenderName }> {
  for (const [number, day] of days) {
    for (const [name, hours] of day) {
      for (const [hour, units, executions] of hours) {
        yield { beginsAt: instant(number * DAY_MS + hour * HOUR_MS), name, units, executions };
      }
    }
  }
}
