import { Command } from "commander";
import { clockChanges, type ClockChange } from "../../shared/core/schedule/clock-changes.ts";
import { countedFrom } from "../../shared/core/schedule/times.ts";
import type { ScheduleDefinition } from "../../shared/core/schedule/schedule-definition.ts";
import {
  formatInstant,
  instant,
  INSTANT_MAX,
  type Instant,
} from "../../shared/core/time/instant.ts";
import { formatLocalTime, type LocalTime } from "../../shared/core/time/local-time.ts";
import { formatLocal } from "../../shared/core/time/zone.ts";
import { localClock } from "../../infra/local/wiring.ts";
import { compiledTiming } from "../../shared/usecases/timing-cache.ts";
import { timeZoneData } from "../../shared/usecases/time-zones/zone-data.ts";
import { chosenSchedules } from "../chosen-schedules.ts";
import { loadConfiguration } from "../configuration.ts";
import { jsonOption, readInstant, wholeNumber } from "../options.ts";
import { printTable } from "../table.ts";
import { printJson, type Terminal } from "../terminal.ts";

interface DstOptions {
  readonly schedule?: string;
  readonly years: number;
  readonly from?: Instant;
  readonly json?: true;
}

const YEARS_MAX = 50;

/** `orrery dst`: where a change of a clock touches the schedules of a file. */
export function dstCommand(terminal: Terminal): Command {
  return new Command("dst")
    .summary("show where changes of the clock touch schedules")
    .description(
      "Shows every change of a zone's clock at which a schedule names local times that the zone " +
        "skips or shows twice, and what becomes of them. Rhythms (`every`) count elapsed time, so " +
        "no change touches them. What the future brings is what the tz data of this machine says.",
    )
    .argument("<file>", "the schedules YAML")
    .option("-s, --schedule <name>", "only this schedule")
    .option(
      "-y, --years <number>",
      `how far to look, at most ${YEARS_MAX}`,
      wholeNumber(1, YEARS_MAX),
      5,
    )
    .option("--from <instant>", "look from this instant on, not from now", readInstant)
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  orrery dst orrery.yaml\n  orrery dst orrery.yaml --schedule nightly-train --years 2",
    )
    .action(async (file: string, options: DstOptions) => {
      await dst(terminal, file, options);
    });
}

interface Touched {
  readonly definition: ScheduleDefinition;
  readonly changes: readonly ClockChange[];
}

async function dst(terminal: Terminal, file: string, options: DstOptions): Promise<void> {
  const { schedules } = await loadConfiguration(terminal, file);
  const fromAt = options.from ?? localClock.now();
  const untilAt = yearsAfter(fromAt, options.years);
  const touched = chosenSchedules(schedules, options.schedule, file).map((definition) => ({
    definition,
    changes: changesOf(definition, fromAt, untilAt),
  }));
  if (options.json === true) {
    printJson(terminal, {
      from: formatInstant(fromAt),
      until: formatInstant(untilAt),
      tzdata: timeZoneData(),
      schedules: touched.map(viewTouched),
    });
    return;
  }
  const span = `until ${formatInstant(untilAt)}, by tz data ${timeZoneData()}`;
  const affected = touched.filter(({ changes }) => changes.length > 0);
  if (affected.length === 0) terminal.out(`No change of a clock touches a schedule ${span}.`);
  for (const each of affected) print(terminal, each);
  const others = touched.length - affected.length;
  if (affected.length > 0 && others > 0) {
    terminal.out(`No change of a clock touches the other ${others} of ${touched.length} ${span}.`);
  }
}

function changesOf(
  { timing }: ScheduleDefinition,
  fromAt: Instant,
  untilAt: Instant,
): readonly ClockChange[] {
  if (timing === undefined) return [];
  const live = countedFrom(timing, compiledTiming(timing), fromAt);
  return clockChanges(live, compiledTiming(live), { fromAt, untilAt });
}

function yearsAfter(fromAt: Instant, years: number): Instant {
  const date = new Date(fromAt);
  return instant(Math.min(date.setUTCFullYear(date.getUTCFullYear() + years), INSTANT_MAX));
}

function print(terminal: Terminal, { definition, changes }: Touched): void {
  terminal.out(terminal.dress("bold", definition.name));
  const rows = changes.map((change) => [
    `${weekdayOf(change)} ${formatLocal(change.timezone, change.changeAt)}`,
    change.timezone,
    change.kind === "gap" ? "skips" : "repeats",
    `${clockTime(change.fromLocal)} to ${clockTime(change.untilLocal)}`,
    `names ${namedText(change)}:`,
    OUTCOMES[change.outcome],
  ]);
  printTable(terminal, rows, "  ");
}

const OUTCOMES: Readonly<Record<ClockChange["outcome"], string>> = {
  leftOut: "left out",
  moved: "once, at the end of the gap",
  first: "the first time only",
  second: "the second time only",
  both: "both times",
};

function namedText({ named, firstNamed, lastNamed }: ClockChange): string {
  if (named === 1) return clockTime(firstNamed);
  return `${named} times from ${clockTime(firstNamed)} to ${clockTime(lastNamed)}`;
}

/** The time of day, without seconds where there are none. */
function clockTime(local: LocalTime): string {
  return formatLocalTime(local).slice("2027-01-15T".length).replace(/:00$/, "");
}

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;

function weekdayOf({ timezone, changeAt }: ClockChange): string {
  const date = formatLocal(timezone, changeAt).slice(0, "2027-01-15".length);
  return WEEKDAYS[new Date(date).getUTCDay()] ?? "";
}

function viewTouched({ definition, changes }: Touched): object {
  return {
    schedule: definition.name,
    changes: changes.map((change) => ({
      kind: change.kind,
      timezone: change.timezone,
      changeAt: formatInstant(change.changeAt),
      fromLocal: formatLocalTime(change.fromLocal),
      untilLocal: formatLocalTime(change.untilLocal),
      named: change.named,
      firstNamed: formatLocalTime(change.firstNamed),
      lastNamed: formatLocalTime(change.lastNamed),
      outcome: change.outcome,
    })),
  };
}
