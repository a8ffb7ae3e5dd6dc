import * as z from "zod";
import { NAME_PATTERN } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { text, textLike } from "./field-schemas.ts";

/** Weekdays as `include` names them, from Sunday, 0. */
export const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

const DATE = "a date such as 2027-01-15";
const LIST = "a list of dates and ranges such as 2027-01-01..2027-01-08";
const FILE = "a file that is such a list";
const tooMany = { error: `at most ${limits.calendarDays} entries` };

/** A list of dates and ranges: what a file may consist of. */
export const dateList = z
  .array(text(`${DATE}, or a range such as 2027-01-01..2027-01-08`), { error: LIST })
  .max(limits.calendarDays, tooMany);
const dates = z.union([text(FILE), dateList]);
const moved = z.record(text(DATE), text(DATE), {
  error: "a mapping of days off to those that are off instead",
});

/** A file that says of one year what a calendar does of all. */
export const yearSchema = z.strictObject({
  holidays: dateList.exactOptional(),
  workdays: dateList.exactOptional(),
  moved: moved.exactOptional(),
  short: dateList.exactOptional(),
});

const calendar = z.strictObject({
  kind: z.enum(["weekly", "dated", "combined"]),
  include: z
    .array(text("a weekday or a calendar"), { error: "a list" })
    .min(1, { error: "at least one of them" })
    .exactOptional(),
  exclude: z
    .array(text("a calendar, a date or a range of dates"), { error: "a list" })
    .max(limits.calendarDays, tooMany)
    .exactOptional(),
  dates: dates.exactOptional(),
  holidays: dates.exactOptional(),
  workdays: dates.exactOptional(),
  moved: moved.exactOptional(),
  short: dates.exactOptional(),
  files: z
    .array(text("a file with holidays, workdays, moved and short"), { error: "a list of files" })
    .max(limits.calendarFiles, { error: `at most ${limits.calendarFiles} files` })
    .exactOptional(),
});

const name = textLike(NAME_PATTERN, "1 to 63 lower-case letters, digits and inner dashes");

/** The section `calendars`. What one calendar says of another is checked by its reader. */
export const calendars = z
  .record(name, calendar)
  .refine((all) => Object.keys(all).length <= limits.calendarsPerConfig, {
    error: `at most ${limits.calendarsPerConfig} calendars`,
  });

export type CalendarTexts = z.output<typeof calendar>;
export type YearTexts = z.output<typeof yearSchema>;
