import { assert } from "../assert.ts";
import type { CompiledDays } from "../calendar/compiled-days.ts";
import { DAY_MS } from "../time/duration.ts";
import { localTime } from "../time/local-time.ts";
import type { CompiledRule } from "./compiled-timing.ts";
import type { CronPattern } from "./cron-pattern.ts";
import { nextLocal } from "./next-local.ts";
import type { DayRule } from "./timing.ts";

/**
 * Prepares the days that a pattern counts on, or says what would be right where the two never meet.
 * A calendar without weekdays ends with its list, so nothing can be moved to a day behind it.
 */
export function compileRule(
  pattern: CronPattern,
  { calendar, roll }: DayRule,
  calendars: readonly CompiledDays[],
): CompiledRule | string {
  const days = calendars[calendar];
  assert(days !== undefined, "a rule names a calendar of its timing");
  if (roll !== undefined) {
    if (days.weekdays === 0)
      return "a calendar with weekdays beside roll; this one only lists days";
    return { days, roll, lastDay: Infinity };
  }
  const last = days.listed.at(-1) ?? -1;
  const behind = nextLocal(pattern, localTime((last + 1) * DAY_MS), { days, lastDay: Infinity });
  const lastDay = behind === undefined ? last : Infinity;
  const rule = { days, lastDay };
  if (nextLocal(pattern, localTime(0), rule) !== undefined) return rule;
  return "a date that comes; its calendar has none of those that this pattern names";
}
