import { SECOND_MS } from "../time/duration.ts";

/** Units per second by instance type. Source: DataSphere, "Computing resource configurations". */
const BUILT_IN_RATES: Readonly<Record<string, number>> = {
  "c1.4": 4,
  "c1.8": 8,
  "c1.32": 32,
  "c1.80": 80,
  "g1.1": 72,
  "g1.2": 144,
  "g1.4": 288,
  // Obsolete since December 2023, but old jobs still name it.
  "g2.mig": 18,
  "g2.1": 116,
  "g2.2": 232,
  "g2.4": 464,
  "g2.8": 928,
  "gt4.1": 36,
  "gt4i.1": 50,
};

/** Units per second of an instance type, overrides first; undefined for a type nobody named. */
export function rateOf(
  instanceType: string,
  overrides: Readonly<Record<string, number>>,
): number | undefined {
  // Own keys only, or a type called "constructor" would find a rate on the prototype.
  for (const rates of [overrides, BUILT_IN_RATES]) {
    if (Object.hasOwn(rates, instanceType)) return rates[instanceType];
  }
  return undefined;
}

/**
 * Run time as it is billed: every second that began counts whole. No time at all costs nothing,
 * and neither does a negative one, which only a clock set back while the work ran can give.
 */
export function billedMs(durationMs: number): number {
  return Math.ceil(Math.max(0, durationMs) / SECOND_MS) * SECOND_MS;
}

/** What a run time costs: 1.4 s at 72 units a second is two seconds, 144 units. */
export function unitsFor(durationMs: number, rate: number): number {
  return (billedMs(durationMs) / SECOND_MS) * rate;
}
