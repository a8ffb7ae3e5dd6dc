import { Command, InvalidArgumentError } from "commander";
import { limits } from "../../shared/core/limits.ts";
import type { Configuration } from "../../shared/core/project/configuration.ts";
import type { ScheduleDefinition } from "../../shared/core/schedule/schedule-definition.ts";
import {
  expectedOf,
  LAID_OUT_MINUTES,
  loadOf,
  type Expected,
} from "../../shared/core/schedule/schedule-load.ts";
import { peakOf, placeLoads, type Load, type Peak } from "../../shared/core/schedule/stagger.ts";
import { formatDurationMs, MINUTE_MS, parseDurationMs } from "../../shared/core/time/duration.ts";
import { loadConfiguration } from "../configuration.ts";
import { jsonOption } from "../options.ts";
import { printTable, titles } from "../table.ts";
import { printJson, type Terminal } from "../terminal.ts";

interface StaggerOptions {
  readonly window: number;
  readonly json?: true;
}

/** `orrery stagger`: offsets that would flatten a project's peak. */
export function staggerCommand(terminal: Terminal): Command {
  return new Command("stagger")
    .summary("propose offsets that flatten the peak")
    .description(
      "Lays out five weeks of a file's schedules, project by project, and proposes by how much to " +
        "put each off within a window, so that fewer run at once. What a run takes is its estimate, " +
        "else its timeout, else ten minutes. Schedules with a jitter or an offset of their own stay " +
        "where they are. `stagger: auto` in a `when` applies what this proposes; it changes nothing.",
    )
    .argument("<file>", "the schedules YAML")
    .option(
      "-w, --window <duration>",
      "by how much a schedule may be put off",
      readWindow,
      limits.staggerWindowMs,
    )
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  orrery stagger orrery.yaml\n  orrery stagger orrery.yaml -w 1h",
    )
    .action(async (file: string, options: StaggerOptions) => {
      const proposals = proposalsFor(await loadConfiguration(terminal, file), options.window);
      if (options.json === true) {
        printJson(terminal, { projects: proposals.map(viewProposal) });
        return;
      }
      if (proposals.length === 0) terminal.out(`${file} has no schedule that a clock starts.`);
      for (const proposal of proposals) print(terminal, proposal);
    });
}

function readWindow(text: string): number {
  const windowMs = parseDurationMs(text);
  const isWithin = windowMs !== undefined && windowMs >= MINUTE_MS;
  if (isWithin && windowMs <= limits.staggerWindowMaxMs) return windowMs;
  throw new InvalidArgumentError("Expected a duration such as 30m, from 1m to 24h.");
}

interface Placed {
  readonly definition: ScheduleDefinition;
  readonly expected: Expected;
  readonly load: Load;
  readonly offset: number;
}

interface Proposal {
  readonly project: string;
  readonly placed: readonly Placed[];
  readonly before: Peak;
  readonly after: Peak;
}

function proposalsFor({ schedules, rates }: Configuration, windowMs: number): readonly Proposal[] {
  const timed = schedules.filter(({ timing }) => timing !== undefined);
  return [...new Set(timed.map(({ project }) => project))].map((project) => {
    const all = timed.filter((each) => each.project === project);
    const expected = all.map((each) => expectedOf(each, rates));
    const loads = all.map((each, index) => {
      const expects = expected[index] ?? expectedOf(each, rates);
      return loadOf(each, expects, windowOf(each, windowMs));
    });
    const offsets = placeLoads(loads, LAID_OUT_MINUTES);
    const unmoved = loads.map(({ offset }) => offset);
    return {
      project,
      placed: all.flatMap((definition, index): readonly Placed[] => {
        const [load, expects] = [loads[index], expected[index]];
        if (load === undefined || expects === undefined) return [];
        return [{ definition, expected: expects, load, offset: offsets[index] ?? 0 }];
      }),
      before: peakOf(loads, unmoved, LAID_OUT_MINUTES),
      after: peakOf(loads, offsets, LAID_OUT_MINUTES),
    };
  });
}

/** Its own window, else the one that was asked for; none where its author wants something else. */
function windowOf(
  { timing, jitterMs, stagger }: ScheduleDefinition,
  windowMs: number,
): number | undefined {
  if (stagger !== undefined) return stagger.windowMs;
  const isOneOff = timing?.when.some(({ kind }) => kind === "at") === true;
  return jitterMs > 0 || isOneOff ? undefined : windowMs;
}

function print(terminal: Terminal, { project, placed, before, after }: Proposal): void {
  terminal.out(terminal.dress("bold", project));
  const rows = placed.map(({ definition, expected, load, offset }) => [
    definition.name,
    offsetText(load, offset),
    `${expected.units} in ${formatDurationMs(expected.durationMs)}`,
    SOURCES[expected.source],
  ]);
  printTable(terminal, [titles("SCHEDULE", "OFFSET", "UNITS OF A RUN", "BY"), ...rows], "  ");
  terminal.out(`  Before: ${peakText(before)}.`);
  terminal.out(`  After:  ${peakText(after)}.`);
}

const SOURCES: Readonly<Record<Expected["source"], string>> = {
  configured: "its estimate",
  timeout: "its timeout",
  assumed: "assumed: it has neither estimate nor timeout",
};

function offsetText({ window, evenRate }: Load, offset: number): string {
  const shown = offset === 0 ? "none" : formatDurationMs(offset * MINUTE_MS);
  if (evenRate > 0) return "none, it fires all the time";
  return window === undefined ? `${shown}, its own` : shown;
}

function peakText({ unitsPerSecond, unitsPerHour }: Peak): string {
  return `at most ${unitsPerSecond} units a second at once, and ${unitsPerHour} in any hour`;
}

function viewProposal({ project, placed, before, after }: Proposal): object {
  return {
    project,
    before,
    after,
    schedules: placed.map(({ definition, expected, load, offset }) => ({
      schedule: definition.name,
      offsetSeconds: (offset * MINUTE_MS) / 1_000,
      isProposed: load.window !== undefined,
      units: expected.units,
      durationSeconds: Math.ceil(expected.durationMs / 1_000),
      by: expected.source,
    })),
  };
}
