import { Command } from "commander";
import { formatInstant } from "../../shared/core/time/instant.ts";
import {
  UsageService,
  type Entry,
  type Usage,
} from "../../shared/gen/orrery/v1/usage_service_pb.ts";
import { firstItems } from "../api-client.ts";
import { withTarget } from "../target.ts";
import { required } from "../decoded-run.ts";
import { counted } from "../one-line.ts";
import {
  dataOption,
  jsonOption,
  limitOption,
  type TargetOptions,
  storeOption,
  endpointOption,
} from "../options.ts";
import { printTable, titles, type Cell } from "../table.ts";
import { printJson, type Terminal } from "../terminal.ts";

interface UsageOptions extends TargetOptions {
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
    .addOption(storeOption())
    .addOption(endpointOption())
    .addHelpText("after", "\nExample:\n  orrery usage quickstart --entries 30")
    .action(async (project: string, options: UsageOptions) => {
      await withTarget(terminal, options, async ({ api }) => {
        const usage = await api.call(UsageService.method.get, { project });
        const entries = await firstItems(options.entries, async (page) => {
          const request = { project, ...page };
          const { entries: items, nextPageToken } = await api.call(
            UsageService.method.listEntries,
            request,
          );
          return { items, nextPageToken };
        });
        if (options.json === true) printJson(terminal, viewUsage(usage, entries));
        else print(terminal, usage, entries);
      });
    });
}

function print(terminal: Terminal, usage: Usage, entries: readonly Entry[]): void {
  const { balance, heldUnits, runningAttempts } = usage;
  printTable(terminal, [
    ["Project", usage.project],
    ["Limits", limitsText(usage)],
    ["Balance", balance === undefined ? "no limit" : `${balance} units left`],
    ["Held", `${heldUnits} units, by ${counted(Number(runningAttempts), "running attempt")}`],
    ["Last hour", lastHourText(usage)],
    ...providerRows(usage),
  ]);
  terminal.out("");
  if (entries.length === 0) {
    terminal.out("The ledger has no entries yet.");
    return;
  }
  const header = titles("ENTRY", "AT (UTC)", "KIND", "UNITS", "HELD", "LEFT", "FOR");
  printTable(terminal, [header, ...entries.map(entryRow)]);
}

function limitsText({ unitsPerHour, unitsPerExecution, concurrentRuns }: Usage): string {
  const parts = [
    ...(unitsPerHour === undefined ? [] : [`${unitsPerHour} units an hour`]),
    ...(unitsPerExecution === undefined ? [] : [`${unitsPerExecution} units an execution`]),
    ...(concurrentRuns === undefined ? [] : [`${counted(Number(concurrentRuns), "run")} at once`]),
  ];
  return parts.length === 0 ? "none" : parts.join(", ");
}

/** What DataSphere was asked for and what that leaves open, where it owns the project. */
function providerRows({ exposure, unanswered }: Usage): readonly (readonly Cell[])[] {
  const rows: (readonly Cell[])[] = [];
  if (exposure !== undefined) {
    const { lookedAt, untoldUnits, elsewhereUnits } = exposure;
    const most = elsewhereUnits === undefined ? "without limit" : `up to ${elsewhereUnits} units`;
    const untold = untoldUnits === 0n ? "" : `; ${untoldUnits} units may be spent already`;
    const asked = formatInstant(required(lookedAt));
    rows.push(["DataSphere", `asked at ${asked}${untold}; spent elsewhere since: ${most}`]);
  }
  if (unanswered !== "") rows.push(["No answer", unanswered]);
  return rows;
}

function lastHourText({ spentLastHourUnits: spent, unitsPerHour }: Usage): string {
  if (unitsPerHour === undefined) return `${spent} units spent`;
  const share = unitsPerHour === 0n ? 1 : Math.min(1, Number(spent) / Number(unitsPerHour));
  // Rounded up, so that the least spending shows.
  const full = Math.ceil(share * BAR_CHARS);
  const bar = "█".repeat(full) + "░".repeat(BAR_CHARS - full);
  return `${bar} ${spent} of ${unitsPerHour} units spent`;
}

function entryRow(entry: Entry): readonly Cell[] {
  const { seq, kind, heldAfter, balanceAfter, reason, reservation } = entry;
  return [
    `#${seq}`,
    formatInstant(required(entry.at)),
    kind,
    entry.units === undefined ? "no limit" : String(entry.units),
    String(heldAfter),
    balanceAfter === undefined ? "-" : String(balanceAfter),
    reservation === "" ? reason : `${reservation} (${reason})`,
  ];
}

/** A project's units as programs read them. */
function viewUsage(usage: Usage, entries: readonly Entry[]): object {
  const { project, unitsPerHour, unitsPerExecution, concurrentRuns, balance } = usage;
  return {
    project,
    limits: {
      ...number("unitsPerHour", unitsPerHour),
      ...number("unitsPerExecution", unitsPerExecution),
      ...number("concurrentRuns", concurrentRuns),
    },
    ...number("balance", balance),
    heldUnits: Number(usage.heldUnits),
    runningAttempts: Number(usage.runningAttempts),
    spentLastHourUnits: Number(usage.spentLastHourUnits),
    ...viewExposure(usage),
    entries: entries.map(viewEntry),
  };
}

function viewExposure({ exposure, unanswered }: Usage): object {
  const told = unanswered === "" ? {} : { unanswered };
  if (exposure === undefined) return told;
  const { lookedAt, untoldUnits, elsewhereUnits } = exposure;
  return {
    exposure: {
      lookedAt: formatInstant(required(lookedAt)),
      untoldUnits: Number(untoldUnits),
      ...number("elsewhereUnits", elsewhereUnits),
    },
    ...told,
  };
}

/** A member that is there where the number is. */
function number(name: string, value: bigint | undefined): Readonly<Record<string, number>> {
  return value === undefined ? {} : { [name]: Number(value) };
}

function viewEntry(entry: Entry): object {
  const { kind, units, reason, reservation, balanceAfter } = entry;
  return {
    seq: Number(entry.seq),
    at: formatInstant(required(entry.at)),
    kind,
    units: units === undefined ? null : Number(units),
    ...(reservation === "" ? {} : { attempt: reservation }),
    reason,
    heldAfter: Number(entry.heldAfter),
    ...number("balanceAfter", balanceAfter),
  };
}
