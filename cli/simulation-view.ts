import type { Configuration } from "../shared/core/project/configuration.ts";
import type { ProjectSummary, ScheduleSummary } from "../shared/core/simulation/summary.ts";
import { formatInstant } from "../shared/core/time/instant.ts";
import type { Report } from "./commands/simulate.ts";
import { counted } from "./one-line.ts";
import { readableMs } from "./run-text.ts";
import { printTable, titles, type Cell } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/** Prints what a simulation came to, for people. */
export function printSimulation(
  terminal: Terminal,
  { simulated, summary, violations, unestimated }: Report,
  { projects, assertions = [] }: Configuration,
): void {
  const { from, until, runs, complete } = simulated;
  const period = `${formatInstant(from)} to ${formatInstant(until)}`;
  terminal.out(`Simulated ${period}: ${counted(runs.length, "occurrence")}.`);
  if (!complete) terminal.out("It stopped there: there is more to play than is kept in memory.");
  terminal.out("");
  const header = titles(
    "SCHEDULE",
    "FIRES",
    "STARTED",
    "FAILED",
    "WAITED",
    "LONGEST WAIT",
    "UNITS",
    "NOT STARTED",
  );
  printTable(terminal, [header, ...summary.schedules.map(scheduleRow)]);
  terminal.out("");
  const limitsOf = new Map<string, number | undefined>(
    projects.map(({ project, limits }) => [project, limits.unitsPerHour]),
  );
  printTable(terminal, [
    titles("PROJECT", "UNITS", "PEAK HOUR", "BALANCE"),
    ...summary.projects.map((each) => projectRow(each, limitsOf.get(each.project))),
  ]);
  if (unestimated.length > 0) {
    const names = unestimated.slice(0, 5).join(", ") + (unestimated.length > 5 ? ", …" : "");
    terminal.err(`No \`estimate\`, so their whole timeout was taken: ${names}`);
  }
  if (assertions.length === 0) return;
  terminal.out("");
  if (violations.length === 0) terminal.out(holding(assertions.length));
  for (const { sentence } of violations) terminal.out(`${terminal.dress("red", "✘")} ${sentence}`);
}

function holding(assertions: number): string {
  return assertions === 1 ? "The assertion holds." : `All ${assertions} assertions hold.`;
}

function scheduleRow(schedule: ScheduleSummary): readonly Cell[] {
  const { states, fires, started, waits, longestWaitMs, units, unstarted } = schedule;
  const failed = (states.failed ?? 0) + (states.timedOut ?? 0);
  const waiting = states.waiting === undefined ? [] : [`${states.waiting} still waiting`];
  const ended = Object.entries(unstarted).map(([code, count]) => `${count} ${code}`);
  const reasons = [...ended, ...waiting];
  return [
    schedule.schedule,
    String(fires),
    String(started),
    failed === 0 ? "-" : { text: String(failed), style: "red" },
    waits === 0 ? "-" : String(waits),
    longestWaitMs === 0 ? "-" : readableMs(longestWaitMs),
    String(units),
    reasons.length === 0 ? "-" : reasons.join(", "),
  ];
}

function projectRow(
  { project, units, peak, balanceEndsAt, lowAt }: ProjectSummary,
  unitsPerHour: number | undefined,
): readonly Cell[] {
  const limit = unitsPerHour === undefined ? "" : ` of ${unitsPerHour}`;
  return [
    project,
    String(units),
    peak === undefined ? "-" : `${peak.units}${limit}, the hour to ${formatInstant(peak.at)}`,
    balanceText({ balanceEndsAt, lowAt }),
  ];
}

function balanceText({
  balanceEndsAt,
  lowAt,
}: Record<"balanceEndsAt" | "lowAt", ProjectSummary["lowAt"]>): string {
  const parts = [
    ...(lowAt === undefined ? [] : [`low from ${formatInstant(lowAt)}`]),
    ...(balanceEndsAt === undefined ? [] : [`ends ${formatInstant(balanceEndsAt)}`]),
  ];
  return parts.length === 0 ? "lasts" : parts.join(", ");
}

/** The same for programs. */
export function viewSimulation({ simulated, summary, violations, unestimated }: Report): object {
  const { from, until, complete, runs } = simulated;
  return {
    from: formatInstant(from),
    until: formatInstant(until),
    complete,
    occurrences: runs.length,
    schedules: summary.schedules,
    projects: summary.projects.map(({ peak, balanceEndsAt, lowAt, ...project }) => ({
      ...project,
      ...(peak === undefined
        ? {}
        : { peakHourUnits: peak.units, peakHourEndsAt: formatInstant(peak.at) }),
      ...(balanceEndsAt === undefined ? {} : { balanceEndsAt: formatInstant(balanceEndsAt) }),
      ...(lowAt === undefined ? {} : { lowAt: formatInstant(lowAt) }),
    })),
    unestimated,
    violations: violations.map(({ assertion, sentence }) => ({ ...assertion, sentence })),
  };
}
