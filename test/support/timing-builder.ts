import { assert } from "../../shared/core/assert.ts";
import { compileTiming } from "../../shared/core/schedule/compile-timing.ts";
import type { CompiledTiming } from "../../shared/core/schedule/compiled-timing.ts";
import { occurrencesAfter } from "./occurrences.ts";
import type { DstPolicy, TimingSpec, WhenSpec } from "../../shared/core/schedule/timing.ts";
import { parseInstant, type Instant } from "../../shared/core/time/instant.ts";
import { formatLocal } from "../../shared/core/time/zone.ts";

/** An instant that the test wrote and that therefore reads. */
export function at(text: string): Instant {
  const instant = parseInstant(text);
  assert(instant !== undefined, `${text} is an instant`);
  return instant;
}

export function aCron(
  expression: string,
  options: { timezone?: string; dst?: Partial<DstPolicy> } = {},
): WhenSpec {
  return { kind: "cron", expression, timezone: "UTC", ...options };
}

export function aTiming(spec: Partial<TimingSpec> = {}): TimingSpec {
  return { when: [aCron("0 0 * * *")], timezone: "UTC", ...spec };
}

/** A timing the test knows to be right. */
export function compiled(spec: Partial<TimingSpec>): CompiledTiming {
  const result = compileTiming(aTiming(spec));
  assert(result.ok, `it compiles: ${JSON.stringify(result)}`);
  return result.value;
}

/** The next `count` occurrences of one expression, as its zone's clock shows them. */
export function firesOf(
  cron: { expression: string; timezone: string; dst?: Partial<DstPolicy> },
  after: string,
  count: number,
): readonly string[] {
  const timing = compiled({ when: [{ kind: "cron", ...cron }] });
  return occurrencesAfter(timing, at(after), count).map((fire) => formatLocal(cron.timezone, fire));
}
