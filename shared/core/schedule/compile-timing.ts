import { assert, assertNever } from "../assert.ts";
import { compileDays, type CompiledDays } from "../calendar/compiled-days.ts";
import { limits } from "../limits.ts";
import { parsed, unparsed, type Parsed, type Problem } from "../problem.ts";
import { DAY_MS, formatDurationMs } from "../time/duration.ts";
import type { Instant } from "../time/instant.ts";
import { localToInstants, zoneNamed } from "../time/zone.ts";
import { compileRule } from "./compile-rule.ts";
import type { CompiledTiming, Source } from "./compiled-timing.ts";
import { parseCron, type CronPattern } from "./cron-pattern.ts";
import {
  compileBounds,
  compileZone,
  MOMENT_HINT,
  readMoment,
  type ZoneFinder,
} from "./timing-bounds.ts";
import type { DstPolicy, TimingSpec, WhenSpec } from "./timing.ts";

/**
 * What a pattern means where its schedule says nothing. A fixed pattern keeps its promise of once a
 * day. A frequent one keeps its rhythm in real time: it fires at every instant that its zone's clock
 * shows a matching time, so both passes of an overlap count and a gap holds nothing. A `dst` that
 * names one half only leaves the other half as it stands here.
 */
const DST_DEFAULTS: Readonly<Record<CronPattern["rhythm"], DstPolicy>> = {
  fixed: { gap: "shift", overlap: "first" },
  frequent: { gap: "skip", overlap: "both" },
};

type Spec<Kind extends WhenSpec["kind"]> = Extract<WhenSpec, { readonly kind: Kind }>;

/**
 * Checks a timing and prepares it for `nextOccurrence`. Every problem found is returned, with a path
 * that starts at the timing: `["when", 0, "cron"]`, `["until"]`. Zones are those of the platform
 * unless others are given.
 */
export function compileTiming(
  spec: TimingSpec,
  zoneOf: ZoneFinder = zoneNamed,
): Parsed<CompiledTiming> {
  if (spec.when.length === 0 || spec.when.length > limits.whenElements) {
    return refused(["when"], `${spec.when.length} elements`, `1 to ${limits.whenElements}`);
  }
  const around = { calendars: (spec.calendars ?? []).map(compileDays), zoneOf };
  const sources = spec.when.map((element, index) =>
    compileElement(element, ["when", index], around),
  );
  const bounds = compileBounds(spec, zoneOf);
  const problems = [...sources, bounds].flatMap((part) => (part.ok ? [] : part.problems));
  if (problems.length > 0 || !bounds.ok) return unparsed(...problems);
  return parsed({
    sources: sources.flatMap((source) => (source.ok ? [source.value] : [])),
    ...bounds.value,
  });
}

/** What elements name that does not stand in them. */
interface Around {
  readonly calendars: readonly CompiledDays[];
  readonly zoneOf: ZoneFinder;
}

function compileElement(spec: WhenSpec, path: Problem["path"], around: Around): Parsed<Source> {
  switch (spec.kind) {
    case "cron":
      return compileCron(spec, path, around);
    case "every":
      return compileEvery(spec, path, around);
    case "at":
      return compileAt(spec, path, around);
    default:
      return assertNever(spec);
  }
}

function compileCron(spec: Spec<"cron">, path: Problem["path"], around: Around): Parsed<Source> {
  const zone = compileZone(spec.timezone, [...path, "timezone"], around.zoneOf);
  const pattern = parseCron(spec.expression);
  const problems = pattern.ok
    ? []
    : pattern.problems.map((problem) => ({ ...problem, path: [...path, "cron"] }));
  if (!zone.ok) return unparsed(...zone.problems, ...problems);
  if (!pattern.ok) return unparsed(...problems);
  const dst = { ...DST_DEFAULTS[pattern.value.rhythm], ...spec.dst };
  const source = { kind: "cron", pattern: pattern.value, zone: zone.value, dst } as const;
  if (spec.days === undefined) return parsed(source);
  const rule = compileRule(pattern.value, spec.days, around.calendars);
  if (typeof rule !== "string") return parsed({ ...source, rule });
  return refused([...path, "cron"], `"${spec.expression}"`, rule);
}

function compileEvery(spec: Spec<"every">, path: Problem["path"], around: Around): Parsed<Source> {
  const { everyMs, offsetMs, anchorAt } = spec;
  if (!isDuration(everyMs) || everyMs < limits.everyMinMs) {
    const least = formatDurationMs(limits.everyMinMs);
    return refused(
      [...path, "every"],
      durationText(everyMs),
      `at least ${least} and at most ten years`,
    );
  }
  if (!isDuration(offsetMs)) {
    return refused([...path, "offset"], durationText(offsetMs), "0s to ten years");
  }
  const source = { kind: "every", firstAt: (anchorAt ?? 0) + offsetMs, everyMs } as const;
  if (spec.days === undefined) return parsed(source);
  if (everyMs > DAY_MS) {
    const expected = "at most 24h beside a calendar; a rhythm of days is said with cron";
    return refused([...path, "every"], durationText(everyMs), expected);
  }
  const days = around.calendars[spec.days.calendar];
  const zone = compileZone(spec.timezone ?? "UTC", [...path, "timezone"], around.zoneOf);
  assert(days !== undefined, "a rule names a calendar of its timing");
  return zone.ok ? parsed({ ...source, on: { days, zone: zone.value } }) : zone;
}

const isDuration = (ms: number): boolean =>
  Number.isSafeInteger(ms) && ms >= 0 && ms <= limits.policyMaxMs;
const durationText = (ms: number): string => (isDuration(ms) ? formatDurationMs(ms) : `${ms} ms`);

function compileAt(spec: Spec<"at">, path: Problem["path"], around: Around): Parsed<Source> {
  const zone = compileZone(spec.timezone, [...path, "timezone"], around.zoneOf);
  if (!zone.ok) return zone;
  const moment = readMoment(spec.at);
  if (moment === undefined || moment.kind === "date") {
    return refused([...path, "at"], spec.at, `${MOMENT_HINT}, such as 2027-01-15T09:00`);
  }
  if (moment.kind === "instant") return parsed({ kind: "at", instants: [moment.at] });
  const dst = { ...DST_DEFAULTS.fixed, ...spec.dst };
  const places = localToInstants(zone.value, moment.local);
  if (places.kind === "shown") {
    return parsed({ kind: "at", instants: chosen(places.instants, dst) });
  }
  if (dst.gap === "shift") return parsed({ kind: "at", instants: [places.endAt] });
  return refused(
    [...path, "at"],
    `${spec.at}, which ${zone.value.name} skips, with dst.gap skip`,
    "a time the zone has, or dst.gap shift; as it stands it would never fire",
  );
}

/** A repeated time, by policy; a time that occurs once is its own first and last. */
function chosen(instants: readonly Instant[], dst: DstPolicy): readonly Instant[] {
  switch (dst.overlap) {
    case "first":
      return instants.slice(0, 1);
    case "second":
      return instants.slice(-1);
    case "both":
      return instants;
    default:
      return assertNever(dst.overlap);
  }
}

const refused = (path: Problem["path"], found: string, expected: string): Parsed<never> =>
  unparsed({ path, found, expected });
