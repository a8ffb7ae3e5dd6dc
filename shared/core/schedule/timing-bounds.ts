import { assertNever } from "../assert.ts";
import { parsed, unparsed, type Parsed, type Problem } from "../problem.ts";
import { DAY_MS } from "../time/duration.ts";
import { formatInstant, parseInstant, plusMs, type Instant } from "../time/instant.ts";
import { localTime, parseLocal, type LocalTime } from "../time/local-time.ts";
import { localToInstants, type ZoneClock } from "../time/zone.ts";
import type { CompiledTiming } from "./compiled-timing.ts";
import type { TimingSpec } from "./timing.ts";

type Bounds = Pick<CompiledTiming, "fromAt" | "untilAt">;

/** A moment as a person wrote it; only the first kind needs no zone. */
type Moment =
  | { readonly kind: "instant"; readonly at: Instant }
  | { readonly kind: "time" | "date"; readonly local: LocalTime };

export const MOMENT_HINT = "a local time, or an instant with Z or an offset, in years 1970 to 9999";
const BOUND_HINT = `a date, ${MOMENT_HINT}, such as 2027-01-15 or 2027-01-15T09:00`;

/** Reads a local date, a local time, or an instant. */
export function readMoment(text: string): Moment | undefined {
  const at = parseInstant(text);
  if (at !== undefined) return { kind: "instant", at };
  const written = parseLocal(text);
  return written === undefined ? undefined : { kind: written.precision, local: written.local };
}

/** Finds a zone by its IANA name; undefined where there is none. */
export type ZoneFinder = (name: string) => ZoneClock | undefined;

/** The zone with a name, or the problem that there is none. */
export function compileZone(
  name: string,
  path: Problem["path"],
  zoneOf: ZoneFinder,
): Parsed<ZoneClock> {
  const zone = zoneOf(name);
  const expected = "an IANA time zone, such as Europe/Moscow or UTC";
  return zone === undefined ? unparsed({ path, found: name, expected }) : parsed(zone);
}

/**
 * The instants `from` and `until` stand for, both inclusive. Where a local time occurs twice, the
 * bounds take the wider reading: from its first pass, until its second. A missing one counts as the
 * end of its gap, where a shifted occurrence would be.
 */
export function compileBounds(spec: TimingSpec, zoneOf: ZoneFinder): Parsed<Bounds> {
  const { from, until, lastAt } = spec;
  if (from === undefined && until === undefined) {
    return parsed(lastAt === undefined ? {} : { untilAt: lastAt });
  }
  const zone = compileZone(spec.timezone, ["timezone"], zoneOf);
  if (!zone.ok) return zone;
  const problems: Problem[] = [];
  const boundOf = (key: "from" | "until", instantOf: typeof startOf): Instant | undefined => {
    const text = spec[key];
    const moment = text === undefined ? undefined : readMoment(text);
    if (moment !== undefined) return instantOf(zone.value, moment);
    if (text !== undefined) problems.push({ path: [key], found: text, expected: BOUND_HINT });
    return undefined;
  };
  const fromAt = boundOf("from", startOf);
  const untilAt = boundOf("until", endOf);
  if (fromAt !== undefined && untilAt !== undefined && untilAt < fromAt) {
    const expected = `a moment not before from, which is ${formatInstant(fromAt)}`;
    problems.push({ path: ["until"], found: until ?? "", expected });
  }
  if (problems.length > 0) return unparsed(...problems);
  // What is left of `times` lies within the bounds, because it was counted within them.
  const endAt = lastAt ?? untilAt;
  return parsed({
    ...(fromAt === undefined ? {} : { fromAt }),
    ...(endAt === undefined ? {} : { untilAt: endAt }),
  });
}

function startOf(zone: ZoneClock, moment: Moment): Instant {
  if (moment.kind === "instant") return moment.at;
  const places = localToInstants(zone, moment.local);
  return places.kind === "gap" ? places.endAt : places.instants[0];
}

function endOf(zone: ZoneClock, moment: Moment): Instant {
  switch (moment.kind) {
    case "instant":
      return moment.at;
    case "time": {
      const places = localToInstants(zone, moment.local);
      return places.kind === "gap" ? places.endAt : lastOf(places.instants);
    }
    case "date": {
      // A date ends with its last millisecond, wherever the zone's clock goes from there.
      const places = localToInstants(zone, localTime(moment.local + DAY_MS - 1));
      return places.kind === "gap" ? plusMs(places.endAt, -1) : lastOf(places.instants);
    }
    default:
      return assertNever(moment);
  }
}

const lastOf = (instants: readonly [Instant, ...Instant[]]): Instant =>
  instants.at(-1) ?? instants[0];
