import type { Instant } from "../time/instant.ts";
import { instant } from "../time/instant.ts";
import { localTime, type LocalTime } from "../time/local-time.ts";
import { localToInstants, zoneNamed, type Era } from "../time/zone.ts";
import { SECOND_MS } from "../time/duration.ts";
import type { CompiledTiming, Source } from "./compiled-timing.ts";
import { nextLocal } from "./next-local.ts";
import { readMoment } from "./timing-bounds.ts";
import type { TimingSpec, WhenSpec } from "./timing.ts";

/** A change of a zone's clock at which a schedule names times, and what becomes of them. */
export interface ClockChange {
  readonly kind: "gap" | "overlap";
  /** IANA name of the element's zone. */
  readonly timezone: string;
  /** The first instant with the new offset. */
  readonly changeAt: Instant;
  /** The local times that are skipped or shown twice; the end is exclusive. */
  readonly fromLocal: LocalTime;
  readonly untilLocal: LocalTime;
  /** How many of them the element names, the first and the last of those. */
  readonly named: number;
  readonly firstNamed: LocalTime;
  readonly lastNamed: LocalTime;
  /** In a gap `leftOut` or `moved`, once, to `changeAt`; in an overlap which of the passes count. */
  readonly outcome: "leftOut" | "moved" | "first" | "second" | "both";
}

interface Window {
  readonly fromAt: Instant;
  readonly untilAt: Instant;
}

/**
 * Every change of a clock in a window, both ends included, at which a local time is named that the
 * zone skips or shows twice; by element, then by time. Rhythms name none: they count elapsed time.
 */
export function clockChanges(
  spec: TimingSpec,
  timing: CompiledTiming,
  window: Window,
): readonly ClockChange[] {
  const { fromAt = window.fromAt, untilAt = window.untilAt } = timing;
  const within = {
    fromAt: instant(Math.max(fromAt, window.fromAt)),
    untilAt: instant(Math.min(untilAt, window.untilAt)),
  };
  return spec.when.flatMap((element, index) => {
    const source = timing.sources[index];
    if (source?.kind === "cron") return changesOfCron(source, within);
    return element.kind === "at" ? changesOfAt(element, within) : [];
  });
}

type CronSource = Extract<Source, { readonly kind: "cron" }>;

function changesOfCron(source: CronSource, { fromAt, untilAt }: Window): readonly ClockChange[] {
  const changes: ClockChange[] = [];
  let era = source.zone.eraAt(fromAt);
  while (era.endAt <= untilAt) {
    const named = namedAt(source, era);
    if (named !== undefined) changes.push({ ...spanOf(era), ...named, timezone: source.zone.name });
    era = source.zone.eraAt(era.endAt);
  }
  return changes;
}

/** What an era's end skips or shows again; nothing where only a window of the zone's data ends. */
function spanOf({
  endAt,
  offsetMs,
  offsetAfterMs,
}: Era): Pick<ClockChange, "kind" | "changeAt" | "fromLocal" | "untilLocal"> {
  return {
    kind: offsetAfterMs > offsetMs ? "gap" : "overlap",
    changeAt: instant(endAt),
    fromLocal: localTime(endAt + Math.min(offsetMs, offsetAfterMs)),
    untilLocal: localTime(endAt + Math.max(offsetMs, offsetAfterMs)),
  };
}

function namedAt(
  { pattern, dst, rule }: CronSource,
  era: Era,
): Pick<ClockChange, "named" | "firstNamed" | "lastNamed" | "outcome"> | undefined {
  const { kind, fromLocal, untilLocal } = spanOf(era);
  const first = nextLocal(pattern, fromLocal, rule);
  if (first === undefined || first >= untilLocal) return undefined;
  let last = first;
  let named = 0;
  for (let next: LocalTime | undefined = first; next !== undefined && next < untilLocal;) {
    last = next;
    named += 1;
    next = nextLocal(pattern, localTime(next + SECOND_MS), rule);
  }
  const inGap = dst.gap === "shift" ? "moved" : "leftOut";
  const outcome = kind === "gap" ? inGap : dst.overlap;
  return { named, firstNamed: first, lastNamed: last, outcome };
}

/** A one-off is shown once, twice, or in a gap, where it moves: one that would not was refused. */
function changesOfAt(
  spec: Extract<WhenSpec, { readonly kind: "at" }>,
  { fromAt, untilAt }: Window,
): readonly ClockChange[] {
  const zone = zoneNamed(spec.timezone);
  const moment = readMoment(spec.at);
  if (zone === undefined || moment?.kind !== "time") return [];
  const places = localToInstants(zone, moment.local);
  const isOnce = places.kind === "shown" && places.instants.length === 1;
  const era = zone.eraAt(places.kind === "gap" ? places.endAt - 1 : places.instants[0]);
  if (isOnce || era.endAt < fromAt || era.endAt > untilAt) return [];
  const { local: named } = moment;
  return [
    {
      ...spanOf(era),
      timezone: spec.timezone,
      named: 1,
      firstNamed: named,
      lastNamed: named,
      outcome: places.kind === "gap" ? "moved" : (spec.dst?.overlap ?? "first"),
    },
  ];
}
