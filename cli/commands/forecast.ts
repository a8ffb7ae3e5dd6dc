import { Command } from "commander";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { limits } from "../../shared/core/limits.ts";
import { formatInstant } from "../../shared/core/time/instant.ts";
import {
  UsageService,
  type Forecast,
  type ScheduleForecast,
} from "../../shared/gen/orrery/v1/usage_service_pb.ts";
import { bar, FULL } from "../bar.ts";
import { required } from "../decoded-run.ts";
import { viewForecast } from "../forecast-view.ts";
import { counted } from "../one-line.ts";
import { grouped } from "../number-text.ts";
import {
  dataOption,
  endpointOption,
  jsonOption,
  storeOption,
  wholeNumber,
  type TargetOptions,
} from "../options.ts";
import { readableMs } from "../run-text.ts";
import { printTable, titles, type Cell } from "../table.ts";
import { withTarget } from "../target.ts";
import { printJson, type Terminal } from "../terminal.ts";

interface ForecastOptions extends TargetOptions {
  readonly days: number;
  readonly without?: readonly string[];
  readonly json?: true;
}

const BAR_CHARS = 20;

/** `orrery forecast`: when a project's balance ends at its present plan, and because of whom. */
export function forecastCommand(terminal: Terminal): Command {
  return new Command("forecast")
    .summary("show when the balance ends at the present plan, and why")
    .description(
      "Lets a project's schedules fire over the days to come, each run taking what its schedule's " +
        "runs are estimated to take, under the limits and policies that the platform goes by. Says " +
        "when the balance ends, who spends most, and what pausing each of those would change. " +
        "Nothing is started or written.",
    )
    .argument("<project>", "a project of the live configuration")
    .option(
      "--days <number>",
      `how far to look, at most ${limits.forecastDaysMax}`,
      wholeNumber(1, limits.forecastDaysMax),
      limits.forecastDays,
    )
    .option("--without <schedules...>", "as if these were paused from now on")
    .addOption(jsonOption())
    .addOption(dataOption())
    .addOption(storeOption())
    .addOption(endpointOption())
    .addHelpText(
      "after",
      "\nExamples:\n  orrery forecast my-project\n" +
        "  orrery forecast my-project --days 90 --without nightly-train hourly-report",
    )
    .action(async (project: string, options: ForecastOptions) => {
      await withTarget(terminal, options, async ({ api }) => {
        const { days, without = [] } = options;
        const request = { project, days, paused: [...without] };
        const forecast = await api.call(UsageService.method.getForecast, request);
        if (options.json === true) printJson(terminal, viewForecast(forecast));
        else print(terminal, forecast);
      });
    });
}

function print(terminal: Terminal, forecast: Forecast): void {
  for (const line of sentences(forecast)) terminal.out(line);
  terminal.out("");
  const { plannedUnits, schedules } = forecast;
  printTable(terminal, [
    ["Looked until", `${formatInstant(required(forecast.until))}${cutText(forecast)}`],
    ["Planned", `${grouped(plannedUnits)} units`],
    ["Peak hour", peakText(forecast)],
  ]);
  terminal.out("");
  const shown = schedules.filter(({ fires, plannedUnits: units }) => fires > 0n || units > 0n);
  if (shown.length === 0) {
    terminal.out("No schedule fires until then.");
    return;
  }
  const header = titles("SCHEDULE", "UNITS", "SHARE", "", "STARTS", "EACH", "WITHOUT IT");
  printTable(terminal, [header, ...shown.map((each) => row(each, forecast))]);
  for (const each of shown) {
    const note = noteOf(each);
    if (note !== "") terminal.out(`  ${each.schedule}: ${note}.`);
  }
}

/** What matters, in one or two sentences. */
function sentences(forecast: Forecast): readonly string[] {
  const { balance, balanceEndsAt, lowAt } = forecast;
  if (balance === undefined) return ["The project has no balance, so that none can end."];
  const left = `The balance of ${grouped(balance)} units`;
  const until = formatInstant(required(forecast.until));
  const [first] = forecast.schedules;
  const lows =
    lowAt === undefined
      ? []
      : [
          `The project is low from ${formatInstant(required(lowAt))} on: schedules wait then, or are left out, as their atLowBalance says.`,
        ];
  if (balanceEndsAt === undefined) {
    return [`${left} lasts until ${until} at the present plan.`, ...lows];
  }
  const end = `${left} ends on ${formatInstant(required(balanceEndsAt))} at the present plan`;
  const change = first === undefined ? "" : changeText(first, until);
  return [`${end}${change === "" ? "" : `; without ${first?.schedule ?? ""} ${change}`}.`, ...lows];
}

function changeText(
  { balanceEndsWithoutAt: endsAt, lastsWithout }: ScheduleForecast,
  until: string,
): string {
  if (endsAt !== undefined) return `it lasts to ${formatInstant(required(endsAt))}`;
  return lastsWithout ? `it lasts until ${until} at least` : "";
}

function cutText({ truncated }: Forecast): string {
  return truncated ? "; there is more to plan than is looked at" : "";
}

function peakText({ peakHourUnits, peakHourAt, unitsPerHour }: Forecast): string {
  const at = `in the hour to ${formatInstant(required(peakHourAt))}`;
  if (unitsPerHour === undefined) return `${grouped(peakHourUnits)} units ${at}`;
  const share = unitsPerHour === 0n ? 1 : Number(peakHourUnits) / Number(unitsPerHour);
  const full = bar([{ share, char: FULL }], BAR_CHARS);
  return `${full} ${grouped(peakHourUnits)} of ${grouped(unitsPerHour)} units ${at}`;
}

function row(each: ScheduleForecast, forecast: Forecast): readonly Cell[] {
  const { schedule, plannedUnits, fires, starts, estimate } = each;
  const total = forecast.plannedUnits;
  const share = total === 0n ? 0 : Number(plannedUnits) / Number(total);
  return [
    schedule,
    grouped(plannedUnits),
    `${Math.round(share * 100)}%`,
    bar([{ share, char: FULL }], BAR_CHARS),
    `${starts} of ${fires}`,
    estimate === undefined ? "unknown" : `${grouped(estimate.units)} by ${estimate.source}`,
    changeText(each, "the end"),
  ];
}

/** What is not as its author may think. */
function noteOf({ waits, longestWait, refusals, skips, waiting }: ScheduleForecast): string {
  const longest = longestWait === undefined ? 0 : durationMs(longestWait);
  return [
    ...(waits === 0n
      ? []
      : [`${counted(Number(waits), "run")} wait first, ${readableMs(longest)} at most`]),
    ...(refusals === 0n ? [] : [`${refusals} never start for want of units`]),
    ...(skips === 0n ? [] : [`${skips} are left out`]),
    ...(waiting === 0n ? [] : [`${waiting} still wait in the end`]),
  ].join("; ");
}
