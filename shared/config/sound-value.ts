import type { z } from "zod";
import type { Finding } from "./located-problem.ts";
import { expectedPhrase, findingsOf, valueAt, type RefusedKeys } from "./zod-problems.ts";

type Path = readonly (string | number)[];

/** What a schema makes of a value: every finding, and what is left once the faults are cut out. */
export interface Sound<T> {
  readonly findings: readonly Finding[];
  /** Absent where a fault is so near the root that nothing is left. */
  readonly value?: T;
}

/**
 * Checks a plain value against a schema. With faults in it, the parts they stand in are cut out
 * until the rest fits, so that checks across the file can go on and name their problems too.
 */
export function checkShape<S extends z.ZodType>(
  schema: S,
  value: unknown,
  refused: RefusedKeys = {},
): Sound<z.output<S>> {
  const first = schema.safeParse(value, { error: expectedPhrase });
  if (first.success) return { findings: [], value: first.data };

  const findings = findingsOf(first.error.issues, value, refused);
  const rest = structuredClone(value);
  let faults = findings;
  // Each round removes at least one part, and what a removal can break is only what held it.
  for (;;) {
    // All parts are chosen before the first is cut, for a cut would make others look missing.
    const parts = faults.map((fault) => presentPart(rest, fault.path));
    if (parts.some((part) => part.length === 0)) return { findings };
    for (const part of parts) cutOut(rest, part);
    const again = schema.safeParse(rest, { error: expectedPhrase });
    if (again.success) return { findings, value: again.data };
    faults = findingsOf(again.error.issues, rest, refused);
  }
}

/** The longest start of a path at which something stands; empty where only the root does. */
function presentPart(root: unknown, path: Path): Path {
  const present = path.findIndex(
    (_, index) => valueAt(root, path.slice(0, index + 1)) === undefined,
  );
  return present < 0 ? path : path.slice(0, present);
}

/** An element leaves a hole, so that those behind it keep their places; the next round cuts its list. */
function cutOut(root: unknown, part: Path): void {
  const holder = valueAt(root, part.slice(0, -1));
  const step = part.at(-1);
  if (typeof holder === "object" && holder !== null && step !== undefined)
    Reflect.deleteProperty(holder, step);
}
