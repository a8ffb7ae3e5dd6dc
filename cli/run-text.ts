import type { Run, RunState } from "../shared/core/run/run.ts";
import { isFinal, liveAttempt } from "../shared/core/run/run.ts";
import { formatDurationMs, MINUTE_MS, SECOND_MS } from "../shared/core/time/duration.ts";
import type { Instant } from "../shared/core/time/instant.ts";
import { oneLine } from "./one-line.ts";
import type { Cell } from "./table.ts";
import type { Style } from "./terminal.ts";

/** Words about a run that several commands use. */

/** A state in the colour of how good it is. */
export function stateCell(state: RunState): Cell {
  return { text: state, style: styleOf(state) };
}

function styleOf(state: RunState): Style {
  if (!isFinal(state)) return "cyan";
  if (state === "succeeded") return "green";
  return state === "skipped" || state === "cancelled" ? "yellow" : "red";
}

/** Why a run is where it is, with the code that `docs/reasons.md` explains; empty without one. */
export function reasonText(run: Pick<Run, "reason">): string {
  return run.reason === undefined ? "" : `${oneLine(run.reason.text)} [${run.reason.code}]`;
}

/** How long the last attempt ran, or has been running; empty where none has started. */
export function tookText(run: Run, now: Instant): string {
  const attempt = run.attempts.at(-1);
  if (attempt?.startedAt === undefined) return "";
  const ranMs = (attempt.end?.endedAt ?? now) - attempt.startedAt;
  return readableMs(Math.max(0, ranMs)) + (attempt.end === undefined ? " so far" : "");
}

/** The units that all attempts spent, and those still held. */
export function unitsText(run: Run): string {
  const spent = run.attempts.reduce((sum, attempt) => sum + (attempt.end?.unitsSettled ?? 0), 0);
  const held = liveAttempt(run)?.unitsHeld;
  if (held === undefined) return run.attempts.length === 0 ? "" : String(spent);
  return spent === 0 ? `${held} held` : `${spent}, ${held} held`;
}

/** A duration without digits that nobody reads: milliseconds stand alone, never behind seconds. */
export function readableMs(durationMs: number): string {
  if (durationMs < SECOND_MS) return formatDurationMs(Math.round(durationMs));
  if (durationMs < MINUTE_MS) return `${(durationMs / SECOND_MS).toFixed(1)}s`;
  return formatDurationMs(Math.round(durationMs / SECOND_MS) * SECOND_MS);
}
