import { limits } from "../limits.ts";
import { parsed, unparsed, type Parsed, type Problem } from "../problem.ts";
import { parseCronField, type CronFieldKey, type FieldValues } from "./cron-field.ts";
import { hasDays, monthDaysOf, type MonthDays } from "./month-days.ts";

/** What stands in a table of successors where no allowed value is left. */
export const NO_SUCCESSOR = -1;

/** For each value of a field, the first allowed one not below it, or `NO_SUCCESSOR`. */
export type Successors = readonly number[];

/** A cron expression, ready to be walked by `nextLocal`. It knows no zone. */
export interface CronPattern {
  readonly seconds: Successors;
  readonly minutes: Successors;
  readonly hours: Successors;
  /** By month, January at 0. */
  readonly months: readonly boolean[];
  readonly days: MonthDays;
  /**
   * `frequent` when the hour field is `*`, `*` with a step, or the whole range however written.
   * Such a pattern is about a rhythm, and the others are about hours of the day.
   */
  readonly rhythm: "frequent" | "fixed";
}

const NICKNAMES: ReadonlyMap<string, string> = new Map([
  ["@hourly", "0 * * * *"],
  ["@daily", "0 0 * * *"],
  ["@midnight", "0 0 * * *"],
  ["@weekly", "0 0 * * 0"],
  ["@monthly", "0 0 1 * *"],
  ["@yearly", "0 0 1 1 *"],
  ["@annually", "0 0 1 1 *"],
]);

/** Every length a month can have, January first. */
const LENGTHS = [[31], [28, 29], [31], [30], [31], [30], [31], [31], [30], [31], [30], [31]];
/** An hour field that is about a rhythm. A pattern that lists all 24 hours is, too. */
const WHOLE_RANGE = /^(?:\*|0+-0*23)(?:\/\d+)?$/;
const NOTHING: FieldValues = { values: [], specials: [], bare: false };

/**
 * Reads five fields, six with seconds first, or a nickname. Each faulty field is a problem of its
 * own; the problems carry no path.
 */
export function parseCron(expression: string): Parsed<CronPattern> {
  if (expression.length > limits.cronChars) {
    return refuse(`${expression.length} characters`, `at most ${limits.cronChars} characters`);
  }
  const text = expression.trim();
  const nickname = NICKNAMES.get(text.toLowerCase());
  if (text.startsWith("@") && nickname === undefined) {
    return refuse(text, `one of ${[...NICKNAMES.keys()].join(", ")}, or five or six fields`);
  }
  const atoms = (nickname ?? text).split(/\s+/).filter((atom) => atom !== "");
  if (atoms.length < 5 || atoms.length > 6) return refuse(quoted(text), countHint(atoms.length));
  if (atoms.length === 5) atoms.unshift("0");
  return parseFields(text, atoms);
}

function parseFields(text: string, atoms: readonly string[]): Parsed<CronPattern> {
  const problems: Problem[] = [];
  const read = (key: CronFieldKey, index: number): FieldValues => {
    const field = parseCronField(key, atoms[index] ?? "");
    if (field.ok) return field.value;
    problems.push(...field.problems);
    return NOTHING;
  };
  const [second, minute, hour] = [read("second", 0), read("minute", 1), read("hour", 2)];
  const [dayOfMonth, month] = [read("dayOfMonth", 3), read("month", 4)];
  const days = monthDaysOf(dayOfMonth, read("dayOfWeek", 5));
  if (problems.length > 0) return unparsed(...problems);

  const lengths = month.values.flatMap((value) => LENGTHS[value - 1] ?? []);
  if (!lengths.some((length) => hasDays(days, length))) {
    const longest = Math.max(...lengths);
    return refuse(quoted(text), `a date that comes; no month named here has over ${longest} days`);
  }
  return parsed({
    seconds: successorsOf(second.values, 59),
    minutes: successorsOf(minute.values, 59),
    hours: successorsOf(hour.values, 23),
    months: LENGTHS.map((_, index) => month.values.includes(index + 1)),
    days,
    rhythm: WHOLE_RANGE.test(atoms[2] ?? "") || hour.values.length === 24 ? "frequent" : "fixed",
  });
}

/** Ends one past `max`, so that "after the last value" needs no special case. */
function successorsOf(values: readonly number[], max: number): Successors {
  const successors = Array.from({ length: max + 2 }, () => NO_SUCCESSOR);
  let from = 0;
  for (const value of values) {
    successors.fill(value, from, value + 1);
    from = value + 1;
  }
  return successors;
}

const refuse = (found: string, expected: string): Parsed<never> =>
  unparsed({ path: [], found, expected });

const quoted = (text: string): string => `"${text}"`;

function countHint(count: number): string {
  const fields =
    "five fields (minute, hour, day of month, month, day of week), or six with seconds first";
  return count === 7 ? `${fields}; a year is said with from and until` : `${fields}, not ${count}`;
}
