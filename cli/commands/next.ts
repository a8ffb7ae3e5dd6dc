import { Command } from "commander";
import { formatDay } from "../../shared/core/calendar/day.ts";
import { limits } from "../../shared/core/limits.ts";
import type { NextFire } from "../../shared/core/schedule/next-fire.ts";
import { fireAfter } from "../../shared/core/schedule/owed.ts";
import { countedFrom } from "../../shared/core/schedule/times.ts";
import type { ScheduleDefinition } from "../../shared/core/schedule/schedule-definition.ts";
import { formatDurationMs } from "../../shared/core/time/duration.ts";
import { formatInstant, type Instant } from "../../shared/core/time/instant.ts";
import { formatLocal } from "../../shared/core/time/zone.ts";
import { localClock } from "../../infra/local/wiring.ts";
import { compiledTiming } from "../../shared/usecases/timing-cache.ts";
import { chosenSchedules } from "../chosen-schedules.ts";
import { loadConfiguration } from "../configuration.ts";
import { jsonOption, readInstant, wholeNumber } from "../options.ts";
import { printTable } from "../table.ts";
import { printJson, type Terminal } from "../terminal.ts";

interface NextOptions {
  readonly schedule?: string;
  readonly count: number;
  readonly from?: Instant;
  readonly json?: true;
}

/** `orrery next`: when the schedules of a file would fire. */
export function nextCommand(terminal: Terminal): Command {
  return new Command("next")
    .summary("show when schedules would fire next")
    .description(
      "Shows the next fire times of every schedule in a file, in the schedule's own zone and in UTC. " +
        "Listed is what comes after --from, so that the last line of one answer starts the next. " +
        "Where jitter or a stagger puts a fire off, the time it is aimed at stands behind it.",
    )
    .argument("<file>", "the schedules YAML")
    .option("-s, --schedule <name>", "only this schedule")
    .option(
      "-n, --count <number>",
      `how many of each, at most ${limits.nextFiresMax}`,
      wholeNumber(1, limits.nextFiresMax),
      5,
    )
    .option("--from <instant>", "list what is after this instant, not after now", readInstant)
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  orrery next orrery.yaml\n" +
        "  orrery next orrery.yaml --schedule nightly-train --count 3 --from 2027-03-27T00:00:00+03:00",
    )
    .action(async (file: string, options: NextOptions) => await next(terminal, file, options));
}

async function next(terminal: Terminal, file: string, options: NextOptions): Promise<void> {
  const { schedules } = await loadConfiguration(terminal, file);
  const fromAt = options.from ?? localClock.now();
  const previews = chosenSchedules(schedules, options.schedule, file).map((definition) => ({
    definition,
    fires: firesAfter(definition, fromAt, options.count),
  }));
  if (options.json === true) {
    printJson(terminal, { from: formatInstant(fromAt), schedules: previews.map(viewPreview) });
    return;
  }
  if (previews.length === 0) terminal.out(`${file} has no schedules.`);
  for (const preview of previews) {
    printPreview(terminal, preview, { fromAt, count: options.count });
  }
}

interface Preview {
  readonly definition: ScheduleDefinition;
  readonly fires: readonly NextFire[];
}

function firesAfter(
  definition: ScheduleDefinition,
  fromAt: Instant,
  count: number,
): readonly NextFire[] {
  if (definition.timing === undefined) return [];
  // What `times` leaves of it is counted from here, as it would be if it became live now.
  const live = countedFrom(definition.timing, compiledTiming(definition.timing), fromAt);
  const timing = compiledTiming(live);
  const fires: NextFire[] = [];
  let fire = fireAfter(definition, timing, fromAt);
  while (fire !== undefined && fires.length < count) {
    fires.push(fire);
    fire = fireAfter(definition, timing, fire.nominalAt);
  }
  return fires;
}

function printPreview(
  terminal: Terminal,
  { definition, fires }: Preview,
  { fromAt, count }: { readonly fromAt: Instant; readonly count: number },
): void {
  const { name, timezone, timing } = definition;
  const by = definition.stagger === undefined ? "jitter" : "stagger";
  terminal.out(`${terminal.dress("bold", name)} (${timezone})`);
  if (timing === undefined) {
    terminal.out(`  It has no clock; it is started by ${startedBy(definition)}.`);
  } else if (fires.length === 0) {
    terminal.out(`  It does not fire after ${formatInstant(fromAt)}.`);
  }
  const rows = fires.map(({ nominalAt, effectiveAt }) => {
    const putOffMs = effectiveAt - nominalAt;
    return [
      `${weekdayOf(timezone, nominalAt)} ${formatLocal(timezone, nominalAt)}`,
      formatInstant(nominalAt),
      putOffMs === 0 ? "" : `+${formatDurationMs(putOffMs)} ${by}: ${formatInstant(effectiveAt)}`,
    ];
  });
  printTable(terminal, rows, "  ");
  const through = calendarThrough(definition);
  const lastDate = formatLocal(timezone, fires.at(-1)?.nominalAt ?? fromAt).slice(0, 10);
  const hasEnded = fires.length < count && timing?.calendars?.some((set) => set.weekdays === 0);
  if (through === undefined || (hasEnded !== true && lastDate <= through)) return;
  terminal.out(`  Its calendar lists days through ${through}; behind that only weekdays decide.`);
}

/** The last day that the lists of a schedule's calendars are made for. */
function calendarThrough({ timing }: ScheduleDefinition): string | undefined {
  const ends = (timing?.calendars ?? []).flatMap(({ through }) => through ?? []);
  return ends.length === 0 ? undefined : formatDay(Math.min(...ends));
}

function startedBy({ after }: ScheduleDefinition): string {
  const upstream = after.map(({ schedule, condition }) => `${schedule} (${condition})`);
  return ["a message", "a person", ...upstream].join(", ");
}

function viewPreview({ definition, fires }: Preview): object {
  const { name, timezone, timing } = definition;
  const through = calendarThrough(definition);
  return {
    schedule: name,
    timezone,
    hasClock: timing !== undefined,
    ...(through !== undefined && { calendarThrough: through }),
    fires: fires.map(({ nominalAt, effectiveAt }) => ({
      nominalAt: formatInstant(nominalAt),
      effectiveAt: formatInstant(effectiveAt),
      local: formatLocal(timezone, nominalAt),
      weekday: weekdayOf(timezone, nominalAt),
    })),
  };
}

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;

/** The local date's weekday: the date alone tells it, whatever the offset. */
function weekdayOf(timezone: string, at: Instant): string {
  const date = formatLocal(timezone, at).slice(0, "2027-01-15".length);
  return WEEKDAYS[new Date(date).getUTCDay()] ?? "";
}
