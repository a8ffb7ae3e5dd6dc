export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

const UNIT_MS = {
  ms: 1,
  s: SECOND_MS,
  m: MINUTE_MS,
  h: HOUR_MS,
  d: DAY_MS,
  w: 7 * DAY_MS,
} as const;
type Unit = keyof typeof UNIT_MS;

const UNITS_DESCENDING: readonly Unit[] = ["w", "d", "h", "m", "s", "ms"];
const DURATION = /^(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?$/;

/** Reads `90s`, `1h30m`, `1d2h3m4s5ms`, largest unit first; anything else is undefined. */
export function parseDurationMs(text: string): number | undefined {
  const match = text === "" ? null : DURATION.exec(text);
  if (match === null) return undefined;
  const totalMs = UNITS_DESCENDING.reduce(
    (sum, unit, index) => sum + Number(match[index + 1] ?? 0) * UNIT_MS[unit],
    0,
  );
  return Number.isSafeInteger(totalMs) ? totalMs : undefined;
}

/** The shortest exact text `parseDurationMs` reads back: `1h30m`, `250ms`, `0s`. */
export function formatDurationMs(durationMs: number): string {
  let restMs = durationMs;
  let text = "";
  for (const unit of UNITS_DESCENDING) {
    if (unit === "w") continue; // Days read better than weeks in a log line.
    const count = Math.floor(restMs / UNIT_MS[unit]);
    restMs -= count * UNIT_MS[unit];
    if (count > 0) text += `${count}${unit}`;
  }
  return text === "" ? "0s" : text;
}
