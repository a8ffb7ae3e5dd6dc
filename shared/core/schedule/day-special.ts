/** A day that depends on its month: what `L`, `W` and `#` stand for. Weekdays count from Sunday, 0. */
export type DaySpecial =
  /** `L`, or `L-n`: that many days before the last. */
  | { readonly kind: "last"; readonly daysBefore: number }
  /** `nW`: the working day nearest to a day, in the same month. */
  | { readonly kind: "nearestWorkday"; readonly day: number }
  /** `LW`: the last working day. */
  | { readonly kind: "lastWorkday" }
  /** `d#n`: the n-th of a weekday. */
  | { readonly kind: "nth"; readonly weekday: number; readonly nth: number }
  /** `dL`: the last of a weekday. */
  | { readonly kind: "lastOf"; readonly weekday: number };

/**
 * Reads a special element in lower case: undefined where the text is none, and a hint in place of
 * the special where it is one gone wrong. `valueOf` reads a number or name of the field.
 */
export function parseDaySpecial(
  field: string,
  text: string,
  valueOf: ValueOf,
): DaySpecial | string | undefined {
  if (field === "dayOfMonth") return parseOfMonth(text, valueOf);
  return field === "dayOfWeek" ? parseOfWeek(text, valueOf) : undefined;
}

type ValueOf = (text: string) => number | undefined;

function parseOfMonth(text: string, valueOf: ValueOf): DaySpecial | string | undefined {
  if (text === "lw") return { kind: "lastWorkday" };
  const last = /^l(?:-(\d+))?$/.exec(text);
  if (last !== null) {
    const daysBefore = Number(last[1] ?? 0);
    return daysBefore <= 30
      ? { kind: "last", daysBefore }
      : "L-1 to L-30: a month has 31 days at most";
  }
  const workday = /^(\w+)w$/.exec(text);
  if (workday === null) return undefined;
  const day = valueOf(workday[1] ?? "");
  return day === undefined ? "1W to 31W, or LW" : { kind: "nearestWorkday", day };
}

function parseOfWeek(text: string, valueOf: ValueOf): DaySpecial | string | undefined {
  if (text === "l") return "a weekday before L, as in 5L or friL for the last Friday";
  const last = /^(\d+|[a-z]{3})l$/.exec(text);
  if (last !== null) {
    const value = valueOf(last[1] ?? "");
    return value === undefined
      ? "0L to 7L, or a name as in friL"
      : { kind: "lastOf", weekday: value % 7 };
  }
  const nth = /^([^#]*)#(.*)$/.exec(text);
  if (nth === null) return undefined;
  const value = valueOf(nth[1] ?? "");
  const count = /^0*[1-5]$/.test(nth[2] ?? "") ? Number(nth[2]) : undefined;
  return value === undefined || count === undefined
    ? "a weekday, # and a number from 1 to 5, as in mon#2 for the second Monday"
    : { kind: "nth", weekday: value % 7, nth: count };
}
