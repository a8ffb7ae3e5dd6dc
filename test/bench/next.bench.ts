import { CronExpressionParser } from "cron-parser";
import { nextOccurrence } from "../../shared/core/schedule/next-occurrence.ts";
import type { Instant } from "../../shared/core/time/instant.ts";
import { aCron, at, compiled } from "../support/timing-builder.ts";

const CASES = [
  ["every minute", "* * * * *", "Europe/Berlin"],
  ["every five minutes", "*/5 * * * *", "America/New_York"],
  ["nightly", "30 2 * * *", "Europe/Berlin"],
  ["nightly, fixed offset", "30 2 * * *", "Europe/Moscow"],
  ["weekdays at nine", "0 9 * * mon-fri", "Asia/Kolkata"],
  ["last of the month", "0 18 L * *", "Australia/Lord_Howe"],
  ["leap day", "0 12 29 2 *", "America/Santiago"],
] as const;

const ROUNDS = 31;
const STEPS = 400;
const START_AT = at("2027-01-01T00:00:00Z");

/** Microseconds per step, the median of many rounds that each walk the same occurrences. */
function medianUs(round: () => () => void): number {
  const samples = Array.from({ length: ROUNDS }, () => {
    const step = round();
    const startedAt = performance.now();
    for (let count = 0; count < STEPS; count += 1) step();
    return ((performance.now() - startedAt) * 1_000) / STEPS;
  });
  return samples.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
}

function oursUs(expression: string, timezone: string): number {
  const timing = compiled({ when: [aCron(expression, { timezone })] });
  return medianUs(() => {
    let nextAt: Instant = START_AT;
    return () => {
      nextAt = nextOccurrence(timing, nextAt) ?? START_AT;
    };
  });
}

function cronParserUs(expression: string, tz: string): number {
  return medianUs(() => {
    const cron = CronExpressionParser.parse(expression, { tz, currentDate: new Date(START_AT) });
    return () => {
      cron.next();
    };
  });
}

/**
 * Prints what one next occurrence costs, ours beside plain cron-parser with a zone. Parsing is left
 * out on both sides; both walk the same occurrences, in the same process, one after the other.
 */
export function bench(): void {
  const rows = CASES.map(([label, expression, timezone]) => {
    const ours = oursUs(expression, timezone);
    const theirs = cronParserUs(expression, timezone);
    return [label, `${expression} ${timezone}`, ours.toFixed(2), theirs.toFixed(1)].concat(
      `${(theirs / ours).toFixed(0)}x`,
    );
  });
  const head = ["next()", "pattern", "orrery us", "cron-parser us", "ratio"];
  for (const row of [head, ...rows]) {
    const [label = "", pattern = "", ...figures] = row;
    const right = figures.map((figure) => figure.padStart(15)).join("");
    process.stdout.write(`${label.padEnd(23)}${pattern.padEnd(34)}${right}\n`);
  }
}
