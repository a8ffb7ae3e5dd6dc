import { wrongFields } from "../../core/errors.ts";
import { JOB_STATUSES, type JobStatus } from "../../core/job/job.ts";

const FORM = /^(\s*)(status)(\s+)(in)(\s*)\(([^)]*)(\))(\s*)$/i;

/**
 * The statuses that a filter lets through; undefined for an empty one. The grammar is what
 * DataSphere documents, `status IN (A, B)`; anything else is `ARGUMENT_INVALID` with its place.
 */
export function parseJobFilter(filter: string): ReadonlySet<JobStatus> | undefined {
  if (filter.trim() === "") return undefined;
  const match = FORM.exec(filter);
  if (match === null) throw wrongAt(offsetOfMistake(filter), "status IN (A, B)");
  const list = match[6] ?? "";
  let place = filter.indexOf("(") + 1;
  const statuses = new Set<JobStatus>();
  for (const item of list.split(",")) {
    const name = item.trim();
    const at = place + (item.length - item.trimStart().length);
    const status = JOB_STATUSES.find((each) => each === name);
    if (status === undefined) throw wrongAt(at, `one of ${JOB_STATUSES.join(", ")}`);
    statuses.add(status);
    place += item.length + 1;
  }
  return statuses;
}

const STEPS = [/^\s*status\b/i, /^\s*in\b/i, /^\s*\(/, /^[^)]*\)/, /^\s*$/];

/** How far the text is as it must be. */
function offsetOfMistake(filter: string): number {
  let offset = 0;
  for (const step of STEPS) {
    const match = step.exec(filter.slice(offset));
    if (match === null) break;
    offset += match[0].length;
  }
  return offset + (/^\s*/.exec(filter.slice(offset))?.[0].length ?? 0);
}

function wrongAt(offset: number, expected: string): Error {
  const description = `is wrong at character ${offset + 1}: expected ${expected}`;
  return wrongFields([{ field: "filter", description }]);
}
