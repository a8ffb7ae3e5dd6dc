import { limits } from "../limits.ts";
import type { OnLimit, Priority, ScheduleDefinition } from "../schedule/schedule-definition.ts";
import { formatDurationMs } from "../time/duration.ts";
import type { Run } from "./run.ts";

/** What one run does otherwise than its schedule says; what is absent stays as it is. */
export interface RunOverrides {
  readonly priority?: Priority;
  readonly timeoutMs?: number;
  readonly onLimit?: OnLimit;
}

/** What a run is to do: its schedule's definition, but for what was said of this one run. */
export function definitionOf(run: Run, definition: ScheduleDefinition): ScheduleDefinition {
  return run.overrides === undefined ? definition : { ...definition, ...run.overrides };
}

/** What is wrong with a timeout for one run, in a sentence; undefined where it may have it. */
export function wrongTimeout(timeoutMs: number): string | undefined {
  if (timeoutMs >= 1 && timeoutMs <= limits.timeoutMaxMs) return undefined;
  return `expected more than nothing and at most ${formatDurationMs(limits.timeoutMaxMs)}`;
}
