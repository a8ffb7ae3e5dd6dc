import { assertNever } from "../assert.ts";
import { limits } from "../limits.ts";
import { parsed, unparsed, type Parsed, type Problem } from "../problem.ts";
import { formatDurationMs } from "../time/duration.ts";
import type { Instant } from "../time/instant.ts";
import { localToInstants } from "../time/zone.ts";
import type { CompiledTiming, Source } from "./compiled-timing.ts";
import { parseCron, type CronPattern } from "./cron-pattern.ts";
import { compileBounds, compileZone, MOMENT_HINT, readMoment } from "./timing-bounds.ts";
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
 * that starts at the timing: `["when", 0, "cron"]`, `["until"]`.
 */
export function compileTiming(spec: TimingSpec): Parsed<CompiledTiming> {
  if (spec.when.length === 0 || spec.when.length > limits.whenElements) {
    return refused(["when"], `${spec.when.length} elements`, `1 to ${limits.whenElements}`);
  }
  const sources = spec.when.map((element, index) => compileElement(element, ["when", index]));
  const bounds = compileBounds(spec);
  const problems = [...sources, bounds].flatMap((part) => (part.ok ? [] : part.problems));
  if (problems.length > 0 || !bounds.ok) return unparsed(...problems);
  return parsed({
    sources: sources.flatMap((source) => (source.ok ? [source.value] : [])),
    ...bounds.value,
  });
}

function compileElement(spec: WhenSpec, path: Problem["path"]): Parsed<Source> {
  switch (spec.kind) {
    case "cron":
      return compileCron(spec, path);
    case "every":
      return compileEvery(spec, path);
    case "at":
      return compileAt(spec, path);
    default:
      return assertNever(spec);
  }
}

function compileCron(spec: Spec<"cron">, path: Problem["path"]): Parsed<Source> {
  const zone = compileZone(spec.timezone, [...path, "timezone"]);
  const pattern = parseCron(spec.expression);
  const problems = pattern.ok
    ? []
    : pattern.problems.map((problem) => ({ ...problem, path: [...path, "cron"] }));
  if (!zone.ok) return unparsed(...zone.problems, ...problems);
  if (!pattern.ok) return unparsed(...problems);
  const dst = { ...DST_DEFAULTS[pattern.value.rhythm], ...spec.dst };
  return parsed({ kind: "cron", pattern: pattern.value, zone: zone.value, dst });
}

function compileEvery(spec: Spec<"every">, path: Problem["path"]): Parsed<Source> {
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
  return parsed({ kind: "every", firstAt: (anchorAt ?? 0) + offsetMs, everyMs });
}

const isDuration = (ms: number): boolean =>
  Number.isSafeInteger(ms) && ms >= 0 && ms <= limits.policyMaxMs;
const durationText = (ms: number): string => (isDuration(ms) ? formatDurationMs(ms) : `${ms} ms`);

function compileAt(spec: Spec<"at">, path: Problem["path"]): Parsed<Source> {
  const zone = compileZone(spec.timezone, [...path, "timezone"]);
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
