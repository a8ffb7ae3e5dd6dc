import { CronExpressionParser } from "cron-parser";
import { parsed, unparsed, type Parsed } from "../problem.ts";
import { parseDaySpecial, type DaySpecial } from "./day-special.ts";

const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const WEEKDAYS = "sun mon tue wed thu fri sat".split(" ");

export type CronFieldKey = "second" | "minute" | "hour" | "dayOfMonth" | "month" | "dayOfWeek";

/** One field of a cron expression: what it counts, and from where to where. */
interface CronField {
  /** As a message calls it. */
  readonly label: string;
  readonly min: number;
  /** The largest number that may be written; Sunday is both 0 and 7. */
  readonly max: number;
  /** How many different values there are: the widest step. */
  readonly width: number;
  /** Names of the values from `min` on. */
  readonly names?: readonly string[];
  /** What a range that starts over would cross. */
  readonly wrap: string;
  /** The unit of `every` that counts what this field counts. */
  readonly unit?: "s" | "m" | "h" | "d";
}

/** The six fields in the order they are written; a text of five leaves out the seconds. */
const CRON_FIELDS: Readonly<Record<CronFieldKey, CronField>> = {
  second: { label: "second", min: 0, max: 59, width: 60, wrap: "a new minute", unit: "s" },
  minute: { label: "minute", min: 0, max: 59, width: 60, wrap: "a new hour", unit: "m" },
  hour: { label: "hour", min: 0, max: 23, width: 24, wrap: "midnight", unit: "h" },
  dayOfMonth: { label: "day of month", min: 1, max: 31, width: 31, wrap: "a new month", unit: "d" },
  month: { label: "month", min: 1, max: 12, width: 12, names: MONTHS, wrap: "new year" },
  dayOfWeek: {
    label: "day of week",
    min: 0,
    max: 7,
    width: 7,
    names: WEEKDAYS,
    wrap: "the end of a week",
  },
};

/** What one field allows. */
export interface FieldValues {
  /** Without repetition, ascending; 7 has become 0 in a day of week. */
  readonly values: readonly number[];
  readonly specials: readonly DaySpecial[];
  /** A bare `*` or `?`: the field restricts nothing. */
  readonly bare: boolean;
}

interface Element {
  readonly values: readonly number[];
  readonly special?: DaySpecial;
}

/** Reads one field, a list of elements. A problem carries no path. */
export function parseCronField(key: CronFieldKey, text: string): Parsed<FieldValues> {
  if (text === "?" && isDay(key)) return parsed({ ...everyValue(key), bare: true });
  const values = new Set<number>();
  const specials: DaySpecial[] = [];
  for (const written of text.split(",")) {
    const element = parseElement(key, written.toLowerCase());
    if (typeof element === "string") {
      const part = written === "" ? "nothing" : written;
      const where = `in the ${CRON_FIELDS[key].label} field`;
      const found = written === text ? `${part} ${where}` : `${part} ${where} ${text}`;
      return unparsed({ path: [], found, expected: element });
    }
    for (const value of element.values) values.add(value);
    if (element.special !== undefined) specials.push(element.special);
  }
  return parsed({ values: [...values].sort((a, b) => a - b), specials, bare: text === "*" });
}

const isDay = (key: CronFieldKey): boolean => key === "dayOfMonth" || key === "dayOfWeek";

function everyValue(key: CronFieldKey): Omit<FieldValues, "bare"> {
  const { min, width } = CRON_FIELDS[key];
  return { values: Array.from({ length: width }, (_, index) => min + index), specials: [] };
}

const PLAIN = /^(?:\*|(?<low>\w+)(?:-(?<high>\w+))?)(?:\/(?<step>\d+))?$/;

/** One element of a list, or what would have been right in its place. */
function parseElement(key: CronFieldKey, text: string): Element | string {
  const special = parseDaySpecial(key, text, (part) => valueOf(key, part));
  if (typeof special === "string") return special;
  if (special !== undefined) return { values: [], special };
  const groups = PLAIN.exec(text)?.groups;
  if (groups === undefined) return misfit(key, text);
  const { low: lowText, high: highText, step: stepText } = groups;
  const low = lowText === undefined ? CRON_FIELDS[key].min : valueOf(key, lowText);
  const high = highText === undefined ? undefined : valueOf(key, highText);
  if (low === undefined) return misfit(key, lowText ?? text);
  if (highText !== undefined && high === undefined) return misfit(key, highText);
  const step = Number(stepText ?? 1);
  if (step < 1 || step > CRON_FIELDS[key].width) return stepHint(key, step);
  if (text === "*") return everyValue(key);
  if (high === undefined) {
    return { values: stepText === undefined ? [low % modulus(key)] : toEnd(key, low, step) };
  }
  const end = key === "dayOfWeek" && high === 0 && low > 0 ? SUNDAY_LAST : high;
  if (end < low) return rangeHint(key, { low, high, step });
  return { values: expand(key, `${low}-${end}/${step}`) };
}

/** Sunday as the number after Saturday. */
const SUNDAY_LAST = 7;
const modulus = (key: CronFieldKey): number => (key === "dayOfWeek" ? SUNDAY_LAST : Infinity);

/** A start with a step, `5/15`, runs to the end of its field; so does a star. */
const toEnd = (key: CronFieldKey, low: number, step: number): readonly number[] =>
  expand(key, `${low}-${CRON_FIELDS[key].max}/${step}`);

function valueOf(key: CronFieldKey, text: string): number | undefined {
  const { names, min, max } = CRON_FIELDS[key];
  const named = names?.indexOf(text) ?? -1;
  if (named >= 0) return min + named;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}

/** The values of a range, from cron-parser: the range has passed our grammar, so it cannot refuse. */
function expand(key: CronFieldKey, range: string): readonly number[] {
  const keys = Object.keys(CRON_FIELDS);
  const text = keys.map((other) => (other === key ? range : "*")).join(" ");
  const values = CronExpressionParser.parse(text).fields[key].values;
  return values.map((value) => Number(value) % modulus(key));
}

function misfit(key: CronFieldKey, text: string): string {
  if (text === "?") return "* here; ? stands only alone, as a whole day field";
  if (/^h\b/.test(text)) return "a value; to spread schedules over time, give them a jitter";
  if (/[w#]|l/.test(text) && !/^[a-z]{3,}$/.test(text)) {
    return `${plainHint(key)}; L and W belong to the day of month (L, L-3, LW, 15W), nL and # to the day of week (5L, mon#2)`;
  }
  return plainHint(key);
}

function plainHint(key: CronFieldKey): string {
  const { names, min, max } = CRON_FIELDS[key];
  const named =
    names === undefined ? "" : ` or names from ${names[0] ?? ""} to ${names.at(-1) ?? ""}`;
  return `numbers from ${min} to ${max}${named}, as 5, 1-5, */2, 1-9/2, or a list of these`;
}

function stepHint(key: CronFieldKey, step: number): string {
  const { width, unit } = CRON_FIELDS[key];
  const every =
    unit === undefined || step < 1 ? "" : `; for a longer rhythm: every: ${step}${unit}`;
  return `a step from 1 to ${width}${every}`;
}

function rangeHint(
  key: CronFieldKey,
  range: { readonly low: number; readonly high: number; readonly step: number },
): string {
  if (range.step > 1) return "a rising range; write the parts on both sides as ranges of their own";
  const { min, width, names, wrap } = CRON_FIELDS[key];
  const last = min + width - 1;
  const label = (value: number): string => names?.[value - min] ?? String(value);
  const part = (low: number, high: number): string =>
    low === high ? label(low) : `${label(low)}-${label(high)}`;
  const before = range.low > last ? [] : [part(range.low, last)];
  return `a rising range; across ${wrap} write ${[...before, part(min, range.high)].join(",")}`;
}
