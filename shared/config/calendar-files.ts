import type * as z from "zod";
import { dateList, yearSchema, type CalendarTexts, type YearTexts } from "./calendar-schema.ts";
import {
  isDateLike,
  readDates,
  readMoves,
  within,
  type Listed,
  type Place,
} from "./calendar-dates.ts";
import type { YearDays } from "./calendar-days.ts";
import type { ConfigFiles } from "./config-files.ts";
import { quoted } from "./describe-value.ts";
import { formatPath, type LocatedProblem } from "./located-problem.ts";
import { checkShape } from "./sound-value.ts";
import { readYaml } from "./yaml-source.ts";

/** Where the files of calendars are, and who is told what is wrong in them. */
export interface CalendarFiles {
  readonly files: ConfigFiles;
  /** The schedules file's name, for what it is that names them. */
  readonly namedBy: string;
  readonly tell: (problem: LocatedProblem) => void;
}

/** Reads what a calendar says of its years, here and in its files. */
export async function readYears(
  texts: CalendarTexts,
  place: Place,
  around: CalendarFiles,
): Promise<YearDays> {
  const own: YearDays = {
    holidays: await readDays(texts.holidays, within(place, "holidays"), around),
    workdays: await readDays(texts.workdays, within(place, "workdays"), around),
    moved: readMoves(texts.moved ?? {}, within(place, "moved")),
    short: await readDays(texts.short, within(place, "short"), around),
  };
  const years = [own];
  for (const [index, path] of (texts.files ?? []).entries()) {
    const read = await readFile(path, yearSchema, within(place, "files", index), around);
    if (read !== undefined) years.push(yearOf(read.value, read.place));
  }
  return {
    holidays: years.flatMap(({ holidays }) => holidays),
    workdays: years.flatMap(({ workdays }) => workdays),
    moved: years.flatMap(({ moved }) => moved),
    short: years.flatMap(({ short }) => short),
  };
}

/** Reads a list of days, which stands here or in a file; one date alone is a list too. */
export async function readDays(
  written: string | readonly string[] | undefined,
  place: Place,
  around: CalendarFiles,
): Promise<readonly Listed[]> {
  if (written === undefined) return [];
  if (typeof written !== "string") return readDates(written, place);
  if (isDateLike(written)) {
    // Its place is the value itself: there is no list whose first entry it would be.
    return readDates([written], {
      path: place.path.slice(0, -1),
      tell: (finding) => {
        place.tell({ ...finding, path: place.path });
      },
    });
  }
  const read = await readFile(written, dateList, place, around);
  return read === undefined ? [] : readDates(read.value, read.place);
}

function yearOf(texts: YearTexts, place: Place): YearDays {
  return {
    holidays: readDates(texts.holidays ?? [], within(place, "holidays")),
    workdays: readDates(texts.workdays ?? [], within(place, "workdays")),
    moved: readMoves(texts.moved ?? {}, within(place, "moved")),
    short: readDates(texts.short ?? [], within(place, "short")),
  };
}

async function readFile<S extends z.ZodType>(
  path: string,
  schema: S,
  namedAt: Place,
  { files, namedBy, tell }: CalendarFiles,
): Promise<{ readonly value: z.output<S>; readonly place: Place } | undefined> {
  const reading = await files.read(path);
  if (reading.state !== "text") {
    const found =
      reading.state === "missing"
        ? `no file at ${quoted(path)}`
        : `a file that cannot be read (${reading.reason})`;
    const expected = "a calendar's file, named relative to this file";
    namedAt.tell({ path: namedAt.path, found, expected });
    return undefined;
  }
  const referredBy = `${namedBy} ${formatPath(namedAt.path)}`;
  const yaml = readYaml({ file: reading.file, text: reading.text }, "text");
  if (!yaml.ok) {
    for (const problem of yaml.problems) tell({ ...problem, referredBy });
    return undefined;
  }
  const { locate, value } = yaml.value;
  const place: Place = {
    path: [],
    tell: (finding) => {
      tell({ ...locate(finding), referredBy });
    },
  };
  const shape = checkShape(schema, value);
  for (const finding of shape.findings) place.tell(finding);
  return shape.value === undefined ? undefined : { value: shape.value, place };
}
