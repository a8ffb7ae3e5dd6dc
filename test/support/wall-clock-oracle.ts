import { assert } from "../../shared/core/assert.ts";
import type { DstPolicy } from "../../shared/core/schedule/timing.ts";

/**
 * A second opinion on when a cron expression fires, which shares no code with the product. It asks
 * `Intl` for the wall time of every step of a window, matches the fields of each by their plain
 * definitions, and applies the DST policy to the list of what it saw. Slow, and easy to believe.
 */
export interface Shown {
  readonly epochMs: number;
  /** The wall time as though it were UTC. */
  readonly wallMs: number;
}

/** What a zone's clock shows at every step of a window, both ends included. */
export function watchClock(
  timeZone: string,
  window: { readonly startAt: number; readonly endAt: number; readonly stepMs: number },
): readonly Shown[] {
  const clock = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    dateStyle: "short",
    timeStyle: "medium",
  });
  const shown: Shown[] = [];
  for (let epochMs = window.startAt; epochMs <= window.endAt; epochMs += window.stepMs) {
    // 28/03/2027, 02:30:00
    const text = clock.format(epochMs);
    const date = `${text.slice(6, 10)}-${text.slice(3, 5)}-${text.slice(0, 2)}`;
    shown.push({ epochMs, wallMs: Date.parse(`${date}T${text.slice(12)}Z`) });
  }
  return shown;
}

/** Which days count, and what becomes of a time on another day. */
export interface DaysByHand {
  readonly isIn: (day: number) => boolean;
  readonly roll?: "next" | "previous" | undefined;
}

const DAY = 86_400_000;

/** A time matches on a day that counts, if it matches there or on a day that moves to it. */
function onDays(
  matches: (wallMs: number) => boolean,
  days: DaysByHand | undefined,
): (wallMs: number) => boolean {
  if (days === undefined) return matches;
  const { isIn, roll } = days;
  return (wallMs) => {
    const day = Math.floor(wallMs / DAY);
    if (!isIn(day)) return false;
    if (matches(wallMs)) return true;
    if (roll === undefined) return false;
    const step = roll === "next" ? -1 : 1;
    for (let away = step; !isIn(day + away); away += step) {
      if (matches(wallMs + away * DAY)) return true;
    }
    return false;
  };
}

/** Every instant of the watched window at which the expression fires under a policy, ascending. */
export function firesByHand(
  shown: readonly Shown[],
  expression: string,
  dst: DstPolicy,
  days?: DaysByHand,
): readonly number[] {
  const matches = onDays(matcherOf(expression), days);
  const [first, second] = shown;
  assert(first !== undefined && second !== undefined, "a window has two steps");
  const stepMs = second.epochMs - first.epochMs;
  const passes = new Map<number, number[]>();
  const fires = new Set<number>();
  let before = first.wallMs - stepMs;
  for (const { epochMs, wallMs } of shown) {
    if (matches(wallMs)) passes.set(wallMs, [...(passes.get(wallMs) ?? []), epochMs]);
    if (dst.gap === "shift") {
      for (let missing = before + stepMs; missing < wallMs; missing += stepMs) {
        if (matches(missing)) fires.add(epochMs);
      }
    }
    before = wallMs;
  }
  for (const instants of passes.values()) {
    const taken = { first: instants.slice(0, 1), second: instants.slice(-1), both: instants };
    for (const epochMs of taken[dst.overlap]) fires.add(epochMs);
  }
  return [...fires].sort((a, b) => a - b);
}

const NAMES = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const DAYS = "sun mon tue wed thu fri sat".split(" ");

/** Whether an expression of five or six fields names a wall time. Fields are taken to be right. */
function matcherOf(expression: string): (wallMs: number) => boolean {
  const fields = expression.toLowerCase().split(/\s+/);
  if (fields.length === 5) fields.unshift("0");
  const [second = "", minute = "", hour = "", dayOfMonth = "", month = "", dayOfWeek = ""] = fields;
  const seconds = plain(second, 0, 59);
  const minutes = plain(minute, 0, 59);
  const hours = plain(hour, 0, 23);
  const months = plain(named(month, NAMES, 1), 1, 12);
  const free = (field: string): boolean => field === "*" || field === "?";
  return (wallMs) => {
    const wall = new Date(wallMs);
    if (!seconds.has(wall.getUTCSeconds()) || !minutes.has(wall.getUTCMinutes())) return false;
    if (!hours.has(wall.getUTCHours()) || !months.has(wall.getUTCMonth() + 1)) return false;
    const byDate = (): boolean => dayOfMonth.split(",").some((part) => isDate(part, wall));
    const byWeekday = (): boolean => dayOfWeek.split(",").some((part) => isWeekday(part, wall));
    if (free(dayOfMonth)) return free(dayOfWeek) || byWeekday();
    return byDate() || (!free(dayOfWeek) && byWeekday());
  };
}

function named(field: string, names: readonly string[], base: number): string {
  return field.replaceAll(/[a-z]{3}/g, (name) => String(names.indexOf(name) + base));
}

function plain(field: string, min: number, max: number): ReadonlySet<number> {
  const values = new Set<number>();
  for (const part of field.split(",")) {
    const [range = "", step] = part.split("/");
    const [low = "", high] = (range === "*" ? `${min}-${max}` : range).split("-");
    const end = high ?? (step === undefined ? low : max);
    for (let value = Number(low); value <= Number(end); value += Number(step ?? 1)) {
      values.add(value);
    }
  }
  return values;
}

const daysLater = (wall: Date, days: number): Date => new Date(wall.getTime() + days * 86_400_000);
const sameMonth = (a: Date, b: Date): boolean => a.getUTCMonth() === b.getUTCMonth();
const isWorkday = (day: Date): boolean => day.getUTCDay() >= 1 && day.getUTCDay() <= 5;

function daysOfMonthOf(wall: Date): readonly Date[] {
  const first = daysLater(wall, 1 - wall.getUTCDate());
  return Array.from({ length: 31 }, (_, index) => daysLater(first, index)).filter((day) =>
    sameMonth(day, wall),
  );
}

function isDate(part: string, wall: Date): boolean {
  const days = daysOfMonthOf(wall);
  const today = wall.getUTCDate();
  if (part === "l") return today === days.length;
  if (part === "lw") return today === days.findLast(isWorkday)?.getUTCDate();
  if (part.startsWith("l-")) return today + Number(part.slice(2)) === days.length;
  if (!part.endsWith("w")) return plain(part, 1, 31).has(today);
  const aim = Number(part.slice(0, -1));
  if (aim > days.length) return false;
  const nearest = days
    .filter(isWorkday)
    .map((day) => day.getUTCDate())
    .sort((a, b) => Math.abs(a - aim) - Math.abs(b - aim));
  return today === nearest[0];
}

function isWeekday(part: string, wall: Date): boolean {
  const text = named(part, DAYS, 0);
  const weekday = wall.getUTCDay();
  const is = (value: string): boolean => Number(value) % 7 === weekday;
  if (text.endsWith("l")) return is(text.slice(0, -1)) && !sameMonth(daysLater(wall, 7), wall);
  const [day = "", nth] = text.split("#");
  if (nth !== undefined) return is(day) && Math.ceil(wall.getUTCDate() / 7) === Number(nth);
  const values = plain(text.replace(/-0\b/, "-7"), 0, 7);
  return values.has(weekday) || (weekday === 0 && values.has(7));
}
