import type { ScheduleName } from "../../shared/core/ids.ts";
import type { SimulatedRun } from "../../shared/core/simulation/simulated-run.ts";
import { trailingHour, type HourPoint } from "../../shared/core/simulation/trailing-hour.ts";
import { DAY_MS } from "../../shared/core/time/duration.ts";
import { formatInstant, plusMs, type Instant } from "../../shared/core/time/instant.ts";
import { limits } from "../../shared/core/limits.ts";
import type { Configuration } from "../../shared/core/project/configuration.ts";
import type { Simulated } from "./simulate.ts";

const WIDTH = 1_600;
const LEFT = 220;
const ROW = 18;
const CURVE = 120;

/**
 * A page of its own, without scripts and without anything from elsewhere: a row for each schedule,
 * with what waited, ran and never started, and under each project the units of its trailing hour
 * against the limit, on the same axis.
 */
export function timelineHtml(
  { from, until, runs }: Simulated,
  { schedules, projects }: Configuration,
): string {
  const x = (at: Instant): number =>
    LEFT + ((Math.min(Math.max(at, from), until) - from) / Math.max(1, until - from)) * WIDTH;
  const axis: Axis = { x, from, until };
  const bySchedule = Map.groupBy(runs, ({ schedule }) => schedule);
  const parts: string[] = [];
  let top = 40;
  for (const { project, limits: unitLimits } of projects) {
    parts.push(text(4, top + 14, project, "project"));
    top += 24;
    const own = schedules.filter((each) => each.project === project);
    for (const { name } of own) {
      parts.push(rowOf(name, bySchedule.get(name) ?? [], { axis, top }));
      top += ROW;
    }
    const attempts = own.flatMap(({ name }) =>
      (bySchedule.get(name) ?? []).flatMap((run) => run.attempts),
    );
    parts.push(curveOf(trailingHour(attempts), unitLimits.unitsPerHour, { axis, top: top + 8 }));
    top += CURVE + 32;
  }
  const svg = `<svg viewBox="0 0 ${LEFT + WIDTH + 20} ${top}" role="img" aria-label="Timeline of simulated runs">${daysOf(axis, top)}${parts.join("")}</svg>`;
  const title = `Simulation from ${formatInstant(from)} to ${formatInstant(until)}`;
  return PAGE.replace("TITLE", escaped(title))
    .replace("HEADING", escaped(title))
    .replace("BODY", svg);
}

interface Axis {
  readonly x: (at: Instant) => number;
  readonly from: Instant;
  readonly until: Instant;
}

interface Place {
  readonly axis: Axis;
  readonly top: number;
}

/** Where there are more runs than a row has room for, a tooltip would not be found anyway. */
function rowOf(name: ScheduleName, runs: readonly SimulatedRun[], { axis, top }: Place): string {
  const step = Math.max(1, Math.ceil(runs.length / limits.timelineBars));
  const bars = runs
    .filter((_, index) => index % step === 0)
    .map((run) => barOf(run, { axis, top }));
  const note = step === 1 ? "" : ` (one of ${step} shown)`;
  return text(16, top + 12, `${name}${note}`, "name") + bars.join("");
}

function barOf(run: SimulatedRun, { axis: { x, until }, top }: Place): string {
  const [first] = run.attempts;
  const begin = x(run.effectiveAt);
  const hint = `<title>${escaped(hintOf(run))}</title>`;
  if (first === undefined) {
    const kind = run.state === "waiting" || run.state === "queued" ? "wait" : "never";
    const end = kind === "wait" ? x(until) : begin + 2;
    return box(kind, [begin, end], top, hint);
  }
  const wait =
    first.startedAt > run.effectiveAt ? box("wait", [begin, x(first.startedAt)], top, hint) : "";
  const ran = run.attempts.map(({ startedAt, endedAt }) =>
    box(
      run.state === "succeeded" || run.state === "running" ? "ran" : "failed",
      [x(startedAt), x(endedAt)],
      top,
      hint,
    ),
  );
  return wait + ran.join("");
}

function hintOf({ schedule, nominalAt, state, reason, waitedFor, attempts }: SimulatedRun): string {
  const units = attempts.reduce((sum, each) => sum + each.units, 0);
  const why = reason === undefined ? "" : ` (${reason})`;
  const waited = waitedFor === undefined ? "" : `, waited for ${waitedFor}`;
  return `${schedule} ${formatInstant(nominalAt)}: ${state}${why}${waited}, ${units} units`;
}

function box(
  kind: string,
  [from, to]: readonly [number, number],
  top: number,
  hint: string,
): string {
  const width = Math.max(1, to - from).toFixed(1);
  return `<rect class="${kind}" x="${from.toFixed(1)}" y="${top + 2}" width="${width}" height="${ROW - 5}">${hint}</rect>`;
}

function curveOf(
  points: readonly HourPoint[],
  limit: number | undefined,
  { axis, top }: Place,
): string {
  const most = Math.max(
    1,
    limit ?? 0,
    points.reduce((max, { units }) => Math.max(max, units), 0),
  );
  const y = (units: number): number => top + CURVE - (units / most) * (CURVE - 16);
  const shown = thinned(points.filter(({ at }) => at <= axis.until));
  const path = shown.map(({ at, units }) => `${axis.x(at).toFixed(1)},${y(units).toFixed(1)}`);
  const line = path.length === 0 ? "" : `<polyline class="hour" points="${path.join(" ")}"/>`;
  const bound =
    limit === undefined
      ? ""
      : `<line class="limit" x1="${LEFT}" x2="${LEFT + WIDTH}" y1="${y(limit)}" y2="${y(limit)}"/>` +
        text(16, y(limit) + 4, `${limit} an hour`, "name");
  return `${line}${bound}${text(16, top + CURVE, "units of the trailing hour", "name")}`;
}

/** Of many points the highest of each stretch, so that no peak is lost. */
function thinned(points: readonly HourPoint[]): readonly HourPoint[] {
  const step = Math.ceil(points.length / limits.timelineBars);
  if (step <= 1) return points;
  const stretches = Math.ceil(points.length / step);
  return Array.from({ length: stretches }, (_, index) =>
    points
      .slice(index * step, (index + 1) * step)
      .reduce((highest, point) => (point.units > highest.units ? point : highest)),
  );
}

/** At most forty lines: of days, or of every so many days. */
function daysOf({ x, from, until }: Axis, height: number): string {
  const days = Math.ceil((until - from) / DAY_MS);
  const step = Math.max(1, Math.ceil(days / 40));
  const lines: string[] = [];
  for (let day = 0; day <= days; day += step) {
    const at = plusMs(from, day * DAY_MS);
    if (at > until) break;
    const place = x(at).toFixed(1);
    lines.push(`<line class="day" x1="${place}" x2="${place}" y1="24" y2="${height}"/>`);
    lines.push(text(x(at) + 2, 20, formatInstant(at).slice(5, 10), "name"));
  }
  return lines.join("");
}

function text(x: number, y: number, content: string, kind: string): string {
  return `<text class="${kind}" x="${x.toFixed(1)}" y="${y.toFixed(1)}">${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

const PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>TITLE</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark; --ink: #1b1f24; --page: #fff; --faint: #d0d7de; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --page: #0d1117; --faint: #30363d; } }
body { background: var(--page); color: var(--ink); font: 14px system-ui, sans-serif; margin: 16px; }
svg { width: 100%; min-width: 900px; height: auto; }
text { fill: var(--ink); font-size: 11px; } .project { font-weight: 600; font-size: 13px; }
.day { stroke: var(--faint); } .ran { fill: #1f883d; } .failed { fill: #cf222e; }
.wait { fill: #bf8700; opacity: .6; } .never { fill: #8250df; }
.hour { fill: none; stroke: #0969da; stroke-width: 1.2; } .limit { stroke: #cf222e; stroke-dasharray: 4 3; }
.key span { display: inline-block; width: 12px; height: 12px; margin: 0 4px 0 12px; }
main { overflow-x: auto; }
</style></head><body><h1>HEADING</h1>
<p class="key"><span style="background:#1f883d"></span>ran<span style="background:#cf222e"></span>failed<span style="background:#bf8700"></span>waited<span style="background:#8250df"></span>never started</p>
<main>BODY</main></body></html>
`;
