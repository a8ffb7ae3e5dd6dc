import { Command, Option } from "commander";
import { FINAL_STATES, LIVE_STATES, type Run, type RunState } from "../../shared/core/run/run.ts";
import { viewRun } from "../../shared/core/run/run-view.ts";
import { formatInstant, type Instant } from "../../shared/core/time/instant.ts";
import { RunService } from "../../shared/gen/orrery/v1/run_service_pb.ts";
import { firstItems } from "../api-client.ts";
import { withTarget, type Target } from "../target.ts";
import { decodeRun } from "../decoded-run.ts";
import { oneLine } from "../one-line.ts";
import {
  dataOption,
  jsonOption,
  limitOption,
  type TargetOptions,
  storeOption,
  endpointOption,
} from "../options.ts";
import { readableMs, stateCell, tookText, unitsText } from "../run-text.ts";
import { printTable, titles, type Cell } from "../table.ts";
import { printJson, type Terminal } from "../terminal.ts";

interface RunsOptions extends TargetOptions {
  readonly schedule?: string;
  readonly state?: RunState;
  readonly limit: number;
  readonly json?: true;
}

/** A reason may be two lines long; `show` and `explain` print it whole. */
const REASON_CHARS = 60;

/** `orrery runs`: the latest runs. */
export function runsCommand(terminal: Terminal): Command {
  return new Command("runs")
    .summary("list the latest runs")
    .description(
      "Lists runs, the latest nominal time first: those that run, those that wait, and those that " +
        "ended in the last 35 days, also where they were skipped or refused.",
    )
    .option("-s, --schedule <name>", "only runs of this schedule")
    .addOption(
      new Option("--state <state>", "only runs in this state").choices([
        ...LIVE_STATES,
        ...FINAL_STATES,
      ]),
    )
    .addOption(limitOption("-n, --limit <number>", "how many", 20))
    .addOption(jsonOption())
    .addOption(dataOption())
    .addOption(storeOption())
    .addOption(endpointOption())
    .addHelpText(
      "after",
      "\nExamples:\n  orrery runs\n  orrery runs --schedule nightly-train --state failed\n" +
        "  orrery runs --json | jq -r '.runs[].run'",
    )
    .action(async (options: RunsOptions) => {
      await withTarget(terminal, options, async (target) => await runs(terminal, target, options));
    });
}

async function runs(terminal: Terminal, target: Target, options: RunsOptions): Promise<void> {
  const { schedule = "", state = "", limit } = options;
  const messages = await firstItems(limit, async (page) => {
    const request = { schedule, state, ...page };
    const { runs: items, nextPageToken } = await target.api.call(RunService.method.list, request);
    return { items, nextPageToken };
  });
  const found = messages.map(decodeRun);
  if (options.json === true) {
    printJson(terminal, { runs: found.map(viewRun) });
    return;
  }
  if (found.length === 0) {
    terminal.out(emptyText(options));
    return;
  }
  const now = target.clock.now();
  const header = titles("RUN", "STATE", "NOMINAL (UTC)", "TOOK", "UNITS", "REASON");
  printTable(terminal, [header, ...found.map((run) => rowOf(run, now))]);
}

function rowOf(run: Run, now: Instant): readonly Cell[] {
  return [
    run.id,
    stateCell(run.state),
    formatInstant(run.nominalAt),
    tookText(run, now),
    unitsText(run),
    oneLine(remark(run, now), REASON_CHARS),
  ];
}

/** The reason, or what else there is to say about a run that has none. */
function remark(run: Run, now: Instant): string {
  if (run.reason !== undefined) return run.reason.text;
  if (run.cancelRequestedAt !== undefined) return "asked to end";
  if (run.state !== "queued" || run.effectiveAt <= now) return "";
  return `due in ${readableMs(run.effectiveAt - now)}`;
}

function emptyText({ schedule, state }: RunsOptions): string {
  const which = `${state === undefined ? "" : `${state} `}runs`;
  const whose = schedule === undefined ? "" : ` of ${schedule}`;
  return `There are no ${which}${whose}. \`orrery run SCHEDULE\` asks for one; \`orrery next FILE\` shows when schedules fire.`;
}
