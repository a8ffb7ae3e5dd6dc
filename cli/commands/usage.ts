import { Command } from "commander";
import { projectId } from "../../shared/core/ids.ts";
import { formatInstant } from "../../shared/core/time/instant.ts";
import type { Entry } from "../../shared/core/units/ledger.ts";
import { projectUsage, type Usage } from "../../shared/usecases/project-usage.ts";
import { withData } from "../data.ts";
import { counted } from "../one-line.ts";
import { dataOption, jsonOption, limitOption } from "../options.ts";
import { printTable, titles, type Cell } from "../table.ts";
import { printJson, type Terminal } from "../terminal.ts";

interface UsageOptions {
  readonly data: string;
  readonly entries: number;
  readonly json?: true;
}

const BAR_CHARS = 20;

/** `orrery usage`: how a project stands with its units. */
export function usageCommand(terminal: Terminal): Command {
  return new Command("usage")
    .summary("show a project's units: limits, spending, ledger")
    .description(
      "Shows what a project may spend, what it holds for running work, what ended work spent in the " +
        "last 60 minutes, and its latest ledger entries, newest first. One unit is a CPU core " +
        "for a second.",
    )
    .argument("<project>", "a project of the live configuration")
    .addOption(limitOption("-e, --entries <number>", "how many ledger entries", 10))
    .addOption(jsonOption())
    .addOption(dataOption())
    .addHelpText("after", "\nExample:\n  orrery usage quickstart --entries 30")
    .action(async (project: string, options: UsageOptions) => {
      await withData(terminal, options.data, async ({ services }) => {
        const usage = await projectUsage(services, projectId(project), options.entries);
        if (options.json === true) printJson(terminal, viewUsage(usage));
        else print(terminal, usage);
      });
    });
}

function print(terminal: Terminal, usage: Usage): void {
  const { balance, heldUnits, runningAttempts } = usage;
  printTable(terminal, [
    ["Project", usage.project],
    ["Limits", limitsText(usage)],
    ["Balance", balance === undefined ? "no limit" : `${balance} units left`],
    ["Held", `${heldUnits} units, by ${counted(runningAttempts, "running attempt")}`],
    ["Last hour", lastHourText(usage)],
  ]);
  terminal.out("");
  if (usage.entries.length === 0) {
    terminal.out("The ledger has no entries yet.");
    return;
  }
  const header = titles("ENTRY", "AT (UTC)", "KIND", "UNITS", "HELD", "LEFT", "FOR");
  printTable(terminal, [header, ...usage.entries.map(entryRow)]);
}

function limitsText({ limits }: Usage): string {
  const { unitsPerHour, unitsPerExecution, concurrentRuns } = limits;
  const parts = [
    ...(unitsPerHour === undefined ? [] : [`${unitsPerHour} units an hour`]),
    ...(unitsPerExecution === undefined ? [] : [`${unitsPerExecution} units an execution`]),
    ...(concurrentRuns === undefined ? [] : [`${counted(concurrentRuns, "run")} at once`]),
  ];
  return parts.length === 0 ? "none" : parts.join(", ");
}

function lastHourText({ spentLastHourUnits: spent, limits }: Usage): string {
  const { unitsPerHour } = limits;
  if (unitsPerHour === undefined) return `${spent} units spent`;
  const share = unitsPerHour === 0 ? 1 : Math.min(1, spent / unitsPerHour);
  // Rounded up, so that the least spending shows.
  const full = Math.ceil(share * BAR_CHARS);
  const bar = "█".repeat(full) + "░".repeat(BAR_CHARS - full);
  return `${bar} ${spent} of ${unitsPerHour} units spent`;
}

function entryRow(entry: Entry): readonly Cell[] {
  const { seq, at, kind, heldAfter, balanceAfter, reason } = entry;
  const of = "reservation" in entry ? entry.reservation : undefined;
  return [
    `#${seq}`,
    formatInstant(at),
    kind,
    entry.units === null ? "no limit" : String(entry.units),
    String(heldAfter),
    balanceAfter === undefined ? "-" : String(balanceAfter),
    of === undefined ? reason : `${of} (${reason})`,
  ];
}

/** A project's units as programs read them. */
function viewUsage({ entries, ...usage }: Usage): object {
  return { ...usage, entries: entries.map(viewEntry) };
}

function viewEntry(entry: Entry): object {
  const { seq, at, kind, units, reason, heldAfter, balanceAfter } = entry;
  return {
    seq,
    at: formatInstant(at),
    kind,
    units,
    ...("reservation" in entry ? { attempt: entry.reservation } : {}),
    reason,
    heldAfter,
    ...(balanceAfter === undefined ? {} : { balanceAfter }),
  };
}
