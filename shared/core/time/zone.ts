import { assert } from "../assert.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "./duration.ts";
import { instant, INSTANT_MAX, type Instant } from "./instant.ts";
import { formatLocalTime, localTime, type LocalTime } from "./local-time.ts";

/**
 * The one place that knows time zones. What a zone's clock shows comes from `Intl`, which costs
 * about a microsecond a question; so a zone is asked once per stretch of years, and the answers are
 * kept as eras, between which everything is addition.
 *
 * Z1. Eras follow one another without a hole: each ends where the next begins.
 * Z2. Two real changes of one zone are at least a week apart (Boa Vista in October 2000 is the
 *     closest since 1970), so a sample every three days cannot miss a change and its undoing.
 * Z3. An offset stays within a day of UTC, and one change moves a clock by a day at most (Apia,
 *     2011-12-30). Hence a local time can only be found in eras within a day of it.
 */
const SAMPLE_MS = 3 * DAY_MS;
const WINDOW_MS = 120 * SAMPLE_MS;

/** A stretch of a zone's time with one offset. Its neighbours' offsets tell what happens at its ends. */
export interface Era {
  /** Inclusive, in milliseconds since 1970-01-01T00:00:00Z, like `endAt`, which is exclusive. */
  readonly startAt: number;
  readonly endAt: number;
  /** Local time minus UTC. */
  readonly offsetMs: number;
  /** The offset just before `startAt`; the same as ours where a window of the cache ends. */
  readonly offsetBeforeMs: number;
  /** The offset from `endAt` on. */
  readonly offsetAfterMs: number;
}

/** What there is to know of a zone: its name, and what its clock shows when. */
export type ZoneClock = Pick<Zone, "name" | "eraAt">;

export class Zone {
  readonly name: string;
  readonly #clock: Intl.DateTimeFormat;
  readonly #windows = new Map<number, readonly Era[]>();
  #recent: Era | undefined;

  constructor(name: string, clock: Intl.DateTimeFormat) {
    this.name = name;
    this.#clock = clock;
  }

  /** The era that holds an instant. Fast for an instant near the last one asked for. */
  eraAt(epochMs: number): Era {
    const recent = this.#recent;
    if (recent !== undefined && epochMs >= recent.startAt && epochMs < recent.endAt) return recent;
    const era = this.#window(Math.floor(epochMs / WINDOW_MS)).find(({ endAt }) => epochMs < endAt);
    assert(era !== undefined, "the eras of a window cover it");
    this.#recent = era;
    return era;
  }

  #window(index: number): readonly Era[] {
    const known = this.#windows.get(index);
    if (known !== undefined) return known;
    const eras = this.#derive(index * WINDOW_MS, (index + 1) * WINDOW_MS);
    this.#windows.set(index, eras);
    return eras;
  }

  #derive(windowStartAt: number, windowEndAt: number): readonly Era[] {
    const eras: Era[] = [];
    let startAt = windowStartAt;
    let offsetBeforeMs = this.#offsetMs(windowStartAt - SECOND_MS);
    let offsetMs = this.#offsetMs(windowStartAt);
    for (let sampleAt = startAt + SAMPLE_MS; sampleAt <= windowEndAt; sampleAt += SAMPLE_MS) {
      const offsetAfterMs = this.#offsetMs(sampleAt);
      if (offsetAfterMs === offsetMs) continue;
      const endAt = this.#changeAt(sampleAt - SAMPLE_MS, sampleAt);
      eras.push({ startAt, endAt, offsetMs, offsetBeforeMs, offsetAfterMs });
      [startAt, offsetBeforeMs, offsetMs] = [endAt, offsetMs, offsetAfterMs];
    }
    if (startAt < windowEndAt) {
      eras.push({ startAt, endAt: windowEndAt, offsetMs, offsetBeforeMs, offsetAfterMs: offsetMs });
    }
    return eras;
  }

  /** The first second in (`fromAt`, `toAt`] with the offset of `toAt`; by Z2 there is one change. */
  #changeAt(fromAt: number, toAt: number): number {
    const offsetMs = this.#offsetMs(toAt);
    let [before, after] = [fromAt, toAt];
    while (after - before > SECOND_MS) {
      const middle = before + Math.floor((after - before) / (2 * SECOND_MS)) * SECOND_MS;
      if (this.#offsetMs(middle) === offsetMs) after = middle;
      else before = middle;
    }
    return after;
  }

  #offsetMs(epochMs: number): number {
    const shown = this.#clock.format(epochMs).match(/\d+/g);
    assert(shown?.length === 6, "the clock shows month, day, year, hour, minute and second");
    const [month = 0, day = 0, year = 0, hour = 0, minute = 0, second = 0] = shown.map(Number);
    return Date.UTC(year, month - 1, day, hour, minute, second) - epochMs;
  }
}

/** Names of three letters in the IANA database. `Intl` knows others, which mean one place to it. */
const SHORT_NAMES = new Set(
  ["cet", "eet", "est", "gmt", "hst", "met", "mst"].concat([
    "prc",
    "roc",
    "rok",
    "uct",
    "utc",
    "wet",
  ]),
);
const zones = new Map<string, Zone>();

/** The zone with an IANA name, in any letter case; undefined where there is none. */
export function zoneNamed(name: string): Zone | undefined {
  const key = name.toLowerCase();
  const known = zones.get(key);
  if (known !== undefined) return known;
  // An offset, or an abbreviation such as IST that three countries share, is not a place's clock.
  if (!/^[a-z][a-z0-9_+/-]*$/.test(key) || key.startsWith("systemv/")) return undefined;
  if (key.length === 3 && !SHORT_NAMES.has(key)) return undefined;
  const clock = clockOf(name);
  if (clock === undefined) return undefined;
  const zone = new Zone(name, clock);
  zones.set(key, zone);
  return zone;
}

function clockOf(timeZone: string): Intl.DateTimeFormat | undefined {
  const fields = { year: "numeric", month: "numeric", day: "numeric" } as const;
  const time = { hour: "numeric", minute: "numeric", second: "numeric", hourCycle: "h23" } as const;
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone, ...fields, ...time });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Whether a name is a time zone's IANA name, such as `Europe/Moscow`. `+03:00` and `MSK` are not. */
export function isZone(name: string): boolean {
  return zoneNamed(name) !== undefined;
}

/** Where a local time is in a zone. */
type LocalPlaces =
  /** At every instant whose local time it is, earliest first. */
  | { readonly kind: "shown"; readonly instants: readonly [Instant, ...Instant[]] }
  /** Nowhere: the clock jumps over it. `endAt` is the first instant after the gap. */
  | { readonly kind: "gap"; readonly endAt: Instant };

/** Finds a local time in a zone. An instant outside the years 1970 to 9999 becomes the nearest one. */
export function localToInstants(zone: ZoneClock, local: LocalTime): LocalPlaces {
  const instants: Instant[] = [];
  let gapEndAt: Instant | undefined;
  let era = zone.eraAt(local - DAY_MS);
  while (era.startAt <= local + DAY_MS) {
    const epochMs = local - era.offsetMs;
    if (epochMs >= era.startAt && epochMs < era.endAt) instants.push(nearestInstant(epochMs));
    if (epochMs >= era.endAt && local < era.endAt + era.offsetAfterMs) {
      gapEndAt ??= nearestInstant(era.endAt);
    }
    era = zone.eraAt(era.endAt);
  }
  const [first, ...later] = instants;
  if (first !== undefined) return { kind: "shown", instants: [first, ...later] };
  assert(gapEndAt !== undefined, "a local time that a zone never shows lies in a gap");
  return { kind: "gap", endAt: gapEndAt };
}

function nearestInstant(epochMs: number): Instant {
  return instant(Math.min(Math.max(epochMs, 0), INSTANT_MAX));
}

/** What a zone's clock shows at an instant. */
export function localAt(zone: ZoneClock, at: Instant): LocalTime {
  return localTime(at + zone.eraAt(at).offsetMs);
}

/** ISO 8601 with the zone's offset: `2027-01-15T09:00:00+03:00`. The name must be a zone's. */
export function formatLocal(zoneName: string, at: Instant): string {
  const zone = zoneNamed(zoneName);
  assert(zone !== undefined, `${zoneName} was checked to be a time zone`);
  const { offsetMs } = zone.eraAt(at);
  return formatLocalTime(localAt(zone, at)) + formatOffset(offsetMs);
}

function formatOffset(offsetMs: number): string {
  const size = Math.abs(offsetMs);
  const parts = [size / HOUR_MS, (size % HOUR_MS) / MINUTE_MS, (size % MINUTE_MS) / SECOND_MS];
  const [hours = "", minutes = "", seconds = ""] = parts.map((part) =>
    String(Math.floor(part)).padStart(2, "0"),
  );
  const text = `${offsetMs < 0 ? "-" : "+"}${hours}:${minutes}`;
  // Monrovia stood 44 minutes and 30 seconds behind UTC until 1972.
  return seconds === "00" ? text : `${text}:${seconds}`;
}
