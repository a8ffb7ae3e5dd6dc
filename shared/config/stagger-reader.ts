import { limits } from "../core/limits.ts";
import { expectedOf, LAID_OUT_MINUTES, loadOf } from "../core/schedule/schedule-load.ts";
import type { ScheduleDefinition, Stagger } from "../core/schedule/schedule-definition.ts";
import { placeLoads } from "../core/schedule/stagger.ts";
import { MINUTE_MS } from "../core/time/duration.ts";
import type { ScheduleTexts } from "./configuration-schema.ts";
import type { Finding } from "./located-problem.ts";
import type { Sound } from "./sound-value.ts";

/** Reads `stagger` of a `when`; an offset that is to be worked out is zero until `placeStaggered`. */
export function readStagger(
  { when }: ScheduleTexts,
  path: readonly (string | number)[],
): Sound<Stagger> {
  if (typeof when !== "object" || Array.isArray(when)) return { findings: [] };
  const { stagger, jitter, at } = when;
  if (stagger === undefined) return { findings: [] };
  const other = jitter !== undefined ? "jitter" : at !== undefined ? "at" : undefined;
  if (other !== undefined) {
    const expected = other === "at" ? "it beside cron or every only" : "one of the two";
    const found = `"stagger" beside "${other}"`;
    return { findings: [{ path: [...path, "when", "stagger"], found, expected, at: "key" }] };
  }
  if (typeof stagger === "number") return { findings: [], value: { offsetMs: stagger } };
  const windowMs = stagger === "auto" ? limits.staggerWindowMs : stagger.window;
  return { findings: [], value: { offsetMs: 0, windowMs } };
}

/**
 * Works out the offsets of the schedules that asked for one, project by project, among all schedules
 * of the project in the order of the file.
 */
export function placeStaggered(
  schedules: readonly ScheduleDefinition[],
  rates: Readonly<Record<string, number>>,
): { readonly schedules: readonly ScheduleDefinition[]; readonly findings: readonly Finding[] } {
  const asking = schedules.filter(({ stagger }) => stagger?.windowMs !== undefined);
  if (asking.length === 0) return { schedules, findings: [] };
  const offsets = new Map<string, number>();
  const findings: Finding[] = [];
  for (const project of new Set(asking.map((each) => each.project))) {
    const all = schedules.filter((each) => each.project === project && each.timing !== undefined);
    if (all.length > limits.staggerSchedules) {
      const name = asking.find((each) => each.project === project)?.name ?? "";
      findings.push({
        path: ["schedules", name, "when", "stagger"],
        found: `a project of ${all.length} schedules`,
        expected: `at most ${limits.staggerSchedules} in a project that staggers`,
      });
      continue;
    }
    const loads = all.map((each) => loadOf(each, expectedOf(each, rates), each.stagger?.windowMs));
    for (const [index, offset] of placeLoads(loads, LAID_OUT_MINUTES).entries()) {
      offsets.set(all[index]?.name ?? "", offset * MINUTE_MS);
    }
  }
  return { schedules: schedules.map((each) => placed(each, offsets.get(each.name))), findings };
}

function placed(definition: ScheduleDefinition, offsetMs: number | undefined): ScheduleDefinition {
  const windowMs = definition.stagger?.windowMs;
  if (windowMs === undefined || offsetMs === undefined) return definition;
  return { ...definition, stagger: { offsetMs, windowMs } };
}
