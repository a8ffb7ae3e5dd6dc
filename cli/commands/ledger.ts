import { Command, Option } from "commander";
import { OrreryError } from "../../shared/core/errors.ts";
import {
  UsageService,
  type LedgerVerification,
} from "../../shared/gen/orrery/v1/usage_service_pb.ts";
import { firstItems, type ApiClient } from "../api-client.ts";
import { ENTRY_TITLES, entryRow, viewEntry } from "../entry-view.ts";
import { counted, oneLine } from "../one-line.ts";
import {
  dataOption,
  endpointOption,
  jsonOption,
  limitOption,
  storeOption,
  type TargetOptions,
} from "../options.ts";
import { printTable, titles } from "../table.ts";
import { withTarget } from "../target.ts";
import { printJson, type Terminal } from "../terminal.ts";
import { exportCommand } from "./ledger-export.ts";
import { adjustCommand, setBalanceCommand, topUpCommand } from "./ledger-post.ts";
import { periodOf, sinceOption, untilOption, type PeriodOptions } from "./ledger-period.ts";

interface ListOptions extends TargetOptions, PeriodOptions {
  readonly limit: number;
  readonly oldestFirst?: true;
  readonly json?: true;
}

interface VerifyOptions extends TargetOptions {
  readonly all?: true;
  readonly json?: true;
}

/** `orrery ledger`: every unit that was held, spent or added, and by whom. */
export function ledgerCommand(terminal: Terminal): Command {
  return new Command("ledger")
    .summary("list, export and verify a project's ledger; move its balance")
    .description(
      "Works with the ledger of a project: every unit that was held, spent, given back or added is an " +
        "entry, and no entry is ever changed. What may still be spent is what the entries add up to.",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  orrery ledger list quickstart\n" +
        "  orrery ledger export quickstart --from 2027-01-01T00:00:00Z --output january.csv\n" +
        "  orrery ledger verify --all\n" +
        '  orrery ledger top-up quickstart 50000 --reason "invoice 4711"',
    )
    .addCommand(listCommand(terminal))
    .addCommand(exportCommand(terminal))
    .addCommand(verifyCommand(terminal))
    .addCommand(topUpCommand(terminal))
    .addCommand(adjustCommand(terminal))
    .addCommand(setBalanceCommand(terminal));
}

function listCommand(terminal: Terminal): Command {
  return new Command("list")
    .description("Lists entries of a project's ledger, newest first unless asked otherwise.")
    .argument("<project>", "the project's id")
    .addOption(limitOption("-n, --limit <number>", "how many", 20))
    .addOption(new Option("--oldest-first", "from the first entry on"))
    .addOption(sinceOption())
    .addOption(untilOption())
    .addOption(jsonOption())
    .addOption(dataOption())
    .addOption(storeOption())
    .addOption(endpointOption())
    .action(async (project: string, options: ListOptions) => {
      await withTarget(terminal, options, async ({ api }) => {
        const oldestFirst = options.oldestFirst === true;
        const entries = await firstItems(options.limit, async (page) => {
          const request = { project, oldestFirst, ...periodOf(options), ...page };
          const answer = await api.call(UsageService.method.listEntries, request);
          return { items: answer.entries, nextPageToken: answer.nextPageToken };
        });
        if (options.json === true)
          printJson(terminal, { project, entries: entries.map(viewEntry) });
        else if (entries.length === 0) terminal.out("There are no such entries.");
        else printTable(terminal, [ENTRY_TITLES, ...entries.map(entryRow)]);
      });
    });
}

function verifyCommand(terminal: Terminal): Command {
  return new Command("verify")
    .description(
      "Adds a ledger up from its first entry, compares with the project's account, and looks whether " +
        "whatever holds units is alive. It changes nothing. Exits with 1 where something differs.",
    )
    .argument("[project]", "the project's id")
    .option("--all", "every project that has a ledger")
    .addOption(jsonOption())
    .addOption(dataOption())
    .addOption(storeOption())
    .addOption(endpointOption())
    .action(async (project: string | undefined, options: VerifyOptions) => {
      if ((project === undefined) === (options.all === undefined)) {
        throw new OrreryError("USAGE", "Nothing was verified: name a project, or give --all");
      }
      await withTarget(terminal, options, async ({ api }) => {
        await verify(terminal, api, { project, isJson: options.json === true });
      });
    });
}

async function verify(
  terminal: Terminal,
  api: ApiClient,
  { project, isJson }: { readonly project: string | undefined; readonly isJson: boolean },
): Promise<void> {
  const projects = project === undefined ? await allProjects(api) : [project];
  const found: LedgerVerification[] = [];
  for (const each of projects) {
    const verified = await api.call(UsageService.method.verifyLedger, { project: each });
    found.push(verified);
    if (!isJson) print(terminal, verified);
  }
  if (isJson) printJson(terminal, { ledgers: found.map(view) });
  else if (found.length === 0) terminal.out("There are no ledgers yet.");
  const unsound = found.filter(({ sound }) => !sound);
  if (unsound.length === 0) return;
  const names = unsound.map((each) => each.project).join(", ");
  throw new OrreryError(
    "LEDGER_UNSOUND",
    `${counted(unsound.length, "ledger")} of ${found.length} ${unsound.length === 1 ? "does" : "do"} not add up: ${names}`,
  );
}

async function allProjects(api: ApiClient): Promise<readonly string[]> {
  const projects: string[] = [];
  let pageToken = "";
  do {
    const page = await api.call(UsageService.method.listAccounts, { pageToken });
    projects.push(...page.accounts.map(({ project }) => project));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return projects;
}

function print(terminal: Terminal, verified: LedgerVerification): void {
  const { project, entries, sound, differences, differenceCount } = verified;
  const mark = sound ? terminal.dress("green", "✔") : terminal.dress("red", "✘");
  const count = entries === 1n ? "1 entry" : `${entries} entries`;
  const told = sound ? "adds up" : counted(Number(differenceCount), "difference");
  terminal.out(`${mark} ${project}: ${count}, ${told}`);
  if (differences.length === 0) return;
  printTable(
    terminal,
    [
      titles("WHERE", "EXPECTED", "FOUND"),
      ...differences.map(({ place, expected, found }) => [place, expected, oneLine(found)]),
    ],
    "  ",
  );
}

/** A verification as programs read it. */
function view(verified: LedgerVerification): object {
  const { project, entries, sound, differenceCount } = verified;
  return {
    project,
    entries: Number(entries),
    sound,
    differences: verified.differences.map(({ place, expected, found }) => ({
      ...{ place, expected, found },
    })),
    differenceCount: Number(differenceCount),
  };
}
