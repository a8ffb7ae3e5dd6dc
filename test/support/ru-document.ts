import { assert } from "../../shared/core/assert.ts";
import type { MeasuredFlow } from "./ru-flows.ts";
import { monthTable, throttleTable } from "./ru-month.ts";
import { asMarkdown, flowTable } from "./ru-report.ts";
import { stepTable } from "./ru-steps.ts";

/** What `docs/cost.md` has from the measurement, by the names of its sections. */
export function costSections(measured: readonly MeasuredFlow[]): ReadonlyMap<string, string> {
  const minute = measured.find(({ flow }) => flow.name === "run-minute");
  assert(minute !== undefined, "a run of a minute was measured");
  return new Map([
    ["flows", asMarkdown(flowTable(measured))],
    ["steps", asMarkdown(stepTable(minute))],
    ["month", asMarkdown(monthTable(measured))],
    ["throttle", asMarkdown(throttleTable(measured))],
  ]);
}

/** A document with these sections in it: each stands between `<!-- NAME -->` and `<!-- /NAME -->`. */
export function withSections(document: string, sections: ReadonlyMap<string, string>): string {
  let text = document;
  for (const [name, section] of sections) {
    const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const from = text.indexOf(begin);
    const to = text.indexOf(end, from);
    assert(from >= 0 && to >= 0, `the document has a place for ${name}`);
    text = `${text.slice(0, from + begin.length)}\n\n${section}\n\n${text.slice(to)}`;
  }
  return text;
}
