import { compileTiming } from "../core/schedule/compile-timing.ts";
import type { TimingSpec, WhenSpec } from "../core/schedule/timing.ts";
import type { Finding } from "./located-problem.ts";
import type { Sound } from "./sound-value.ts";
import type { ElementTexts, WhenTexts } from "./when-schema.ts";
import { valueAt } from "./zod-problems.ts";

type Path = readonly (string | number)[];

/** One `when` in its file. */
export interface WhenPlace {
  readonly path: Path;
  /** The plain value of the whole file, faults included. */
  readonly root: unknown;
  /** The zone where `when` names none. */
  readonly timezone: string;
}

const KINDS = ["cron", "every", "at"] as const;
type Kind = (typeof KINDS)[number];
/** Keys that mean something for some kinds only. */
const BELONGS: Readonly<Record<"offset" | "anchor" | "dst", readonly Kind[]>> = {
  offset: ["every"],
  anchor: ["every"],
  dst: ["cron", "at"],
};

/** Reads `when` and has it compiled, so that a pattern that never fires is found here. */
export function readTiming(written: WhenTexts, place: WhenPlace): Sound<TimingSpec> {
  const single = typeof written === "object" && !Array.isArray(written) ? written : {};
  const timezone = single.timezone ?? place.timezone;
  const elements = Array.isArray(written)
    ? written.map((element, index) => ({ element, path: [...place.path, index] }))
    : [{ element: written, path: place.path }];
  const read = elements.map(({ element, path }) =>
    readElement(element, { ...place, path, timezone }),
  );
  const findings = read.flatMap((one) => one.findings);
  const whens = read.flatMap((one) => one.value ?? []);
  if (whens.length < elements.length) return { findings };

  const spec: TimingSpec = {
    when: whens,
    timezone,
    ...(single.from !== undefined && { from: single.from }),
    ...(single.until !== undefined && { until: single.until }),
  };
  const compiled = compileTiming(spec);
  if (compiled.ok) return { findings, value: spec };
  const problems = compiled.problems.map((problem): Finding => {
    const [head, index, ...inner] = problem.path;
    if (head !== "when") return { ...problem, path: [...place.path, ...problem.path] };
    const at = typeof index === "number" ? elements[index] : undefined;
    // A pattern that stands alone is its own element.
    const within = typeof at?.element === "string" ? [] : inner;
    return { ...problem, path: [...(at?.path ?? place.path), ...within] };
  });
  return { findings: [...findings, ...problems] };
}

function readElement(element: string | ElementTexts, place: WhenPlace): Sound<WhenSpec> {
  const { path, timezone } = place;
  if (typeof element === "string")
    return { findings: [], value: { kind: "cron", expression: element, timezone } };

  // Counted in what was written: a kind whose value is at fault was cut out, and is one all the same.
  const kinds = KINDS.filter((kind) => valueAt(place.root, [...path, kind]) !== undefined);
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    const found = kind === undefined ? "no cron, every or at" : `${kinds.join(" and ")} together`;
    return { findings: [{ path, found, expected: "exactly one of cron, every and at" }] };
  }
  const findings = (["offset", "anchor", "dst"] as const).flatMap((key): Finding[] => {
    if (element[key] === undefined || BELONGS[key].includes(kind)) return [];
    const expected = `it beside ${BELONGS[key].join(" or ")} only`;
    return [{ path: [...path, key], found: `"${key}" beside "${kind}"`, expected, at: "key" }];
  });
  const value = specOf(element, timezone);
  return { findings, ...(value !== undefined && { value }) };
}

function specOf(element: ElementTexts, outerZone: string): WhenSpec | undefined {
  const { cron, every, at, anchor, dst } = element;
  const local = { timezone: element.timezone ?? outerZone, ...(dst !== undefined && { dst }) };
  if (cron !== undefined) return { kind: "cron", expression: cron, ...local };
  if (at !== undefined) return { kind: "at", at, ...local };
  if (every === undefined) return undefined;
  return {
    kind: "every",
    everyMs: every,
    offsetMs: element.offset ?? 0,
    ...(anchor !== undefined && { anchorAt: anchor }),
  };
}
