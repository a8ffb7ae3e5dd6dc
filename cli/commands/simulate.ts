import { writeFileSync } from "node:fs";
import { Command } from "commander";
import { localClock } from "../../infra/local/wiring.ts";
import { OrreryError } from "../../shared/core/errors.ts";
import { limits } from "../../shared/core/limits.ts";
import type { Configuration } from "../../shared/core/project/configuration.ts";
import { violations, type Violation } from "../../shared/core/simulation/assertion.ts";
import { summarize, type Summary } from "../../shared/core/simulation/summary.ts";
import { DAY_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { formatInstant, plusMs, type Instant } from "../../shared/core/time/instant.ts";
import type { Simulated } from "../../infra/simulation/simulate.ts";
import { loadConfiguration } from "../configuration.ts";
import { counted } from "../one-line.ts";
import { jsonOption, readInstantOrDate, wholeNumber } from "../options.ts";
import { printSimulation, viewSimulation } from "../simulation-view.ts";
import type { Terminal } from "../terminal.ts";
import { printJson } from "../terminal.ts";

interface SimulateOptions {
  readonly days: number;
  readonly from?: Instant;
  readonly failPercent: number;
  readonly seed: number;
  readonly html?: string;
  readonly json?: true;
}

/** What a simulation came to, with everything that was asked of it. */
export interface Report {
  readonly simulated: Simulated;
  readonly summary: Summary;
  readonly violations: readonly Violation[];
  /** Schedules whose file says nothing of how long they take: their whole timeout was taken. */
  readonly unestimated: readonly string[];
}

/** `orrery simulate`: the time to come, played before anything is live. */
export function simulateCommand(terminal: Terminal): Command {
  const mostDays = Math.floor(limits.simulatedMs / DAY_MS);
  return new Command("simulate")
    .summary("play a schedules file on a virtual clock")
    .description(
      "Plays the days to come with the platform's own rules: what fires, waits, is skipped or refused, " +
        "how many units each schedule spends, the peak of any hour, and when a balance ends. Nothing " +
        "runs: each execution takes its `estimate`, or its whole timeout where the file has none. What " +
        "`assertions` say must hold is checked; where one does not, it exits 1.",
    )
    .argument("<file>", "the schedules YAML")
    .option("--days <number>", "how many days", wholeNumber(1, mostDays), 30)
    .option("--from <instant>", "when it begins (default: now)", readInstantOrDate)
    .option(
      "--fail-percent <number>",
      "how many of a hundred executions fail",
      wholeNumber(0, 100),
      0,
    )
    .option("--seed <number>", "the same seed fails the same ones", wholeNumber(0, 999_999_999), 1)
    .option("--html <file>", "write a timeline as a web page of its own")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  orrery simulate orrery.yaml --days 30\n" +
        "  orrery simulate orrery.yaml --from 2027-03-28 --days 1 --html day.html",
    )
    .action(async (file: string, options: SimulateOptions) => {
      await run(terminal, file, options);
    });
}

async function run(terminal: Terminal, file: string, options: SimulateOptions): Promise<void> {
  const configuration = await loadConfiguration(terminal, file);
  const report = await play(terminal, configuration, options);
  if (options.html !== undefined) {
    const { timelineHtml } = await import("../../infra/simulation/timeline-html.ts");
    writeFileSync(options.html, timelineHtml(report.simulated, configuration));
  }
  if (options.json === true) printJson(terminal, viewSimulation(report));
  else printSimulation(terminal, report, configuration);
  const failed = report.violations.length;
  if (failed === 0) return;
  throw new OrreryError(
    "ASSERTION_FAILED",
    `${counted(failed, "assertion")} of ${file} ${failed === 1 ? "does" : "do"} not hold in this simulation`,
  );
}

async function play(
  terminal: Terminal,
  configuration: Configuration,
  { days, from = localClock.now(), failPercent, seed }: SimulateOptions,
): Promise<Report> {
  // Loaded only here: it is the whole platform.
  const { simulate } = await import("../../infra/simulation/simulate.ts");
  const { assumedDuration } = await import("../../infra/simulation/assumed-execution.ts");
  const { schedules, rates, assertions = [] } = configuration;
  const until = plusMs(from, days * DAY_MS);
  let toldMs = localClock.monotonicMs();
  const simulated = await simulate({ configuration, from, until, failPercent, seed }, (at) => {
    if (localClock.monotonicMs() - toldMs < PROGRESS_MS) return;
    toldMs = localClock.monotonicMs();
    const share = Math.floor(((at - from) / (until - from)) * 100);
    terminal.err(`Simulated through ${formatInstant(at)}, ${share} %`);
  });
  const summary = summarize(simulated.runs, { schedules, balanceEnds: simulated.balanceEnds });
  return {
    simulated,
    summary,
    violations: violations(assertions, { ...simulated, summary, schedules }),
    unestimated: schedules
      .filter((each) => !assumedDuration(each, rates).isEstimated)
      .map(({ name }) => name),
  };
}

/** How often somebody who waits is told how far it is. */
const PROGRESS_MS = 5 * SECOND_MS;
