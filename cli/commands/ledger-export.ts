import { open, rename, rm } from "node:fs/promises";
import { Command, Option } from "commander";
import { messageOf, OrreryError } from "../../shared/core/errors.ts";
import { limits } from "../../shared/core/limits.ts";
import { UsageService } from "../../shared/gen/orrery/v1/usage_service_pb.ts";
import type { ApiClient } from "../api-client.ts";
import { csvRecord } from "../csv.ts";
import { viewEntry, type EntryView } from "../entry-view.ts";
import { dataOption, endpointOption, storeOption, type TargetOptions } from "../options.ts";
import { withTarget } from "../target.ts";
import type { Terminal } from "../terminal.ts";
import { periodOf, sinceOption, untilOption, type PeriodOptions } from "./ledger-period.ts";

/** How an export writes its entries. */
type ExportFormat = "csv" | "json" | "jsonl";

interface ExportOptions extends TargetOptions, PeriodOptions {
  readonly format: ExportFormat;
  readonly output?: string;
}

/** `orrery ledger export`: a whole ledger, for a spreadsheet or a program. */
export function exportCommand(terminal: Terminal): Command {
  return new Command("export")
    .description(
      "Writes a project's ledger from its oldest entry on, page by page. CSV is as RFC 4180 has it, " +
        "with a header; a text that a spreadsheet would calculate has an apostrophe before it.",
    )
    .argument("<project>", "the project's id")
    .addOption(
      new Option("--format <format>", "csv, json (one document) or jsonl (a line for each entry)")
        .choices(["csv", "json", "jsonl"])
        .default("csv"),
    )
    .addOption(sinceOption())
    .addOption(untilOption())
    .option("-o, --output <file>", "a file that is there once it is whole (default: stdout)")
    .addOption(dataOption())
    .addOption(storeOption())
    .addOption(endpointOption())
    .action(async (project: string, options: ExportOptions) => {
      await withTarget(terminal, options, async ({ api }) => {
        const text = exportText(entriesOf(api, project, options), project, options.format);
        if (options.output !== undefined) {
          await writeWhole(options.output, text);
          return;
        }
        for await (const part of text) terminal.bytes("stdout", Buffer.from(part));
      });
    });
}

/** A project's entries, oldest first, a page at a time. */
export async function* entriesOf(
  api: ApiClient,
  project: string,
  period: PeriodOptions = {},
): AsyncGenerator<readonly EntryView[]> {
  const pageSize = BigInt(limits.scanRows);
  let pageToken = "";
  do {
    const page = await api.call(UsageService.method.listEntries, {
      ...{ project, oldestFirst: true, pageSize, pageToken },
      ...periodOf(period),
    });
    yield page.entries.map(viewEntry);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}

const COLUMNS = [
  ...["seq", "at", "kind", "units", "attempt", "reason", "heldAfter", "balanceAfter"],
  ...["spendStartAt", "spendEndAt", "rate", "spendUnits"],
] as readonly (keyof EntryView)[];

/**
 * An export as text, as it comes: never more than a page at once, and nothing before the first page is
 * there, so that a refusal stands alone.
 */
export async function* exportText(
  pages: AsyncIterable<readonly EntryView[]>,
  project: string,
  format: ExportFormat,
): AsyncGenerator<string> {
  const { begin, between, end, line } = FORMATS[format];
  let before = begin(project);
  for await (const page of pages) {
    if (page.length === 0) continue;
    yield before + page.map(line).join(between);
    before = between;
  }
  yield before === between ? end : before + end;
}

interface Writing {
  readonly begin: (project: string) => string;
  readonly between: string;
  readonly end: string;
  readonly line: (entry: EntryView) => string;
}

const FORMATS: Readonly<Record<ExportFormat, Writing>> = {
  csv: {
    begin: () => csvRecord(COLUMNS),
    between: "",
    end: "",
    line: (entry) => csvRecord(COLUMNS.map((column) => entry[column] ?? undefined)),
  },
  json: {
    begin: (project) => `{"project": ${JSON.stringify(project)}, "entries": [\n`,
    between: ",\n",
    end: "\n]}\n",
    line: (entry) => JSON.stringify(entry),
  },
  jsonl: { begin: () => "", between: "", end: "", line: (entry) => `${JSON.stringify(entry)}\n` },
};

/** Writes beside the file first: one that is there is whole. */
async function writeWhole(file: string, text: AsyncIterable<string>): Promise<void> {
  const beside = `${file}.part`;
  const handle = await open(beside, "w").catch((error: unknown) => {
    throw new OrreryError("USAGE", `Nothing was exported: ${messageOf(error)}`);
  });
  try {
    for await (const part of text) await handle.write(part);
    await handle.close();
    await rename(beside, file);
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(beside, { force: true });
    throw error;
  }
}
