import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Command, Option } from "commander";
import { DAY_MS, HOUR_MS } from "../../shared/core/time/duration.ts";
import { earlier, instant, plusMs, type Instant } from "../../shared/core/time/instant.ts";
import {
  UsageService,
  type Entry,
  type Spending,
  type Usage,
} from "../../shared/gen/orrery/v1/usage_service_pb.ts";
import { firstItems, type ApiClient } from "../api-client.ts";
import { ENTRY_TITLES, entryRow } from "../entry-view.ts";
import {
  dataOption,
  endpointOption,
  jsonOption,
  limitOption,
  readInstantOrDate,
  storeOption,
  type TargetOptions,
} from "../options.ts";
import { scheduleRows, sparklineText, stepRows } from "../spending-text.ts";
import { printTable } from "../table.ts";
import { withTarget, type Target } from "../target.ts";
import { printJson, type Terminal } from "../terminal.ts";
import { viewUsage, type ShownSpending } from "../usage-json.ts";
import { usageRows } from "../usage-text.ts";

interface UsageOptions extends TargetOptions {
  readonly by?: "hour" | "day";
  readonly from?: Instant;
  readonly until?: Instant;
  readonly entries: number;
  readonly json?: true;
}

/** A day by the hour, and a month by the day, with the step that is not over yet. */
const LAST_HOURS = 24;
const LAST_DAYS = 30;

/** `orrery usage`: how a project stands with its units. */
export function usageCommand(terminal: Terminal): Command {
  return new Command("usage")
    .summary("show a project's units: limits, spending, ledger")
    .description(
      "Shows what a project may spend, what it holds for running work, what ended work spent by the " +
        "hour, by the day and by schedule, and its latest ledger entries, newest first. Hours and days " +
        "are those of UTC. One unit is a CPU core for a second.",
    )
    .argument("<project>", "a project of the live configuration")
    .addOption(
      new Option("--by <step>", "list what was spent by the hour or by the day").choices([
        "hour",
        "day",
      ]),
    )
    .addOption(
      new Option(
        "--from <instant>",
        "list from then on; a bare date is its midnight in UTC",
      ).argParser(readInstantOrDate),
    )
    .addOption(new Option("--until <instant>", "and until then").argParser(readInstantOrDate))
    .addOption(limitOption("-e, --entries <number>", "how many ledger entries", 10))
    .addOption(jsonOption())
    .addOption(dataOption())
    .addOption(storeOption())
    .addOption(endpointOption())
    .addHelpText(
      "after",
      "\nExamples:\n  orrery usage quickstart --entries 30\n" +
        "  orrery usage quickstart --by hour --from 2027-01-15 --until 2027-01-16",
    )
    .action(async (project: string, options: UsageOptions) => {
      await withTarget(terminal, options, async (target) => {
        const { api } = target;
        const usage = await api.call(UsageService.method.get, { project });
        const shown = await askSpending(target, project, options);
        const entries = await firstItems(options.entries, async (page) => {
          const answer = await api.call(UsageService.method.listEntries, { project, ...page });
          return { items: answer.entries, nextPageToken: answer.nextPageToken };
        });
        if (options.json === true) printJson(terminal, viewUsage(usage, shown, entries));
        else print(terminal, { usage, shown, entries });
      });
    });
}

async function askSpending(
  { api, clock }: Target,
  project: string,
  { by, from, until }: UsageOptions,
): Promise<ShownSpending> {
  const now = clock.now();
  const step = by ?? "day";
  const lengthMs = step === "hour" ? (LAST_HOURS - 1) * HOUR_MS : (LAST_DAYS - 1) * DAY_MS;
  const preset = instant(Math.max(0, earlier(now, until ?? now) - lengthMs));
  const spending = await callFor(api, { project, step, from: from ?? preset, until });
  const isPreset = by === undefined && from === undefined && until === undefined;
  if (!isPreset) return { by: step, spending };
  const hoursFrom = plusMs(now, -(LAST_HOURS - 1) * HOUR_MS);
  const hours = await callFor(api, { project, step: "hour", from: hoursFrom });
  return { by: step, spending, lastHours: hours };
}

async function callFor(
  api: ApiClient,
  asked: {
    readonly project: string;
    readonly step: string;
    readonly from: Instant;
    readonly until?: Instant | undefined;
  },
): Promise<Spending> {
  const { from, until, ...rest } = asked;
  return await api.call(UsageService.method.getSpending, {
    ...rest,
    from: timestampFromMs(from),
    ...(until === undefined ? {} : { until: timestampFromMs(until) }),
  });
}

interface Shown {
  readonly usage: Usage;
  readonly shown: ShownSpending;
  readonly entries: readonly Entry[];
}

function print(terminal: Terminal, { usage, shown, entries }: Shown): void {
  const { by, spending, lastHours } = shown;
  printTable(terminal, [
    ...usageRows(usage),
    ...(lastHours === undefined
      ? []
      : [
          [`${LAST_HOURS} hours`, sparklineText(lastHours, "hour")],
          [`${LAST_DAYS} days`, sparklineText(spending, "day")],
        ]),
  ]);
  if (lastHours === undefined) {
    terminal.out("");
    printTable(terminal, stepRows(spending, by));
  }
  if (spending.schedules.length > 0) {
    terminal.out("");
    printTable(terminal, scheduleRows(spending));
  }
  terminal.out("");
  if (entries.length === 0) terminal.out("The ledger has no entries yet.");
  else printTable(terminal, [ENTRY_TITLES, ...entries.map(entryRow)]);
}
