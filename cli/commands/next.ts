import { Command, InvalidArgumentError } from "commander";
import { OrreryError } from "../../shared/core/errors.ts";
import { limits } from "../../shared/core/limits.ts";
import type { NextFire } from "../../shared/core/schedule/next-fire.ts";
import { fireAfter } from "../../shared/core/schedule/owed.ts";
import type { ScheduleDefinition } from "../../shared/core/schedule/schedule-definition.ts";
import { formatDurationMs } from "../../shared/core/time/duration.ts";
import { formatInstant, parseInstant, type Instant } from "../../shared/core/time/instant.ts";
import { formatLocal } from "../../shared/core/time/zone.ts";
import { didYouMean } from "../../shared/config/did-you-mean.ts";
import { localClock } from "../../infra/local/wiring.ts";
import { compiledTiming } from "../../shared/usecases/timing-cache.ts";
import { loadConfiguration } from "../configuration.ts";
import { jsonOption, wholeNumber } from "../options.ts";
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
        "Where jitter puts a fire off, the time it is aimed at stands behind it.",
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
  const previews = chosen(schedules, options.schedule, file).map((definition) => ({
    definition,
    fires: firesAfter(definition, fromAt, options.count),
  }));
  if (options.json === true) {
    printJson(terminal, { from: formatInstant(fromAt), schedules: previews.map(viewPreview) });
    return;
  }
  if (previews.length === 0) terminal.out(`${file} has no schedules.`);
  for (const preview of previews) printPreview(terminal, preview, fromAt);
}

function chosen(
  schedules: readonly ScheduleDefinition[],
  name: string | undefined,
  file: string,
): readonly ScheduleDefinition[] {
  const found = schedules.filter((each) => name === undefined || each.name === name);
  if (name === undefined || found.length > 0) return found;
  const hint = didYouMean(
    name,
    schedules.map((each) => each.name),
  );
  throw new OrreryError("SCHEDULE_NOT_FOUND", `${file} has no schedule ${name}${hint}`);
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
  const timing = compiledTiming(definition.timing);
  const fires: NextFire[] = [];
  let fire = fireAfter(definition, timing, fromAt);
  while (fire !== undefined && fires.length < count) {
    fires.push(fire);
    fire = fireAfter(definition, timing, fire.nominalAt);
  }
  return fires;
}

function printPreview(terminal: Terminal, { definition, fires }: Preview, fromAt: Instant): void {
  const { name, timezone, timing } = definition;
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
      putOffMs === 0 ? "" : `+${formatDurationMs(putOffMs)} jitter: ${formatInstant(effectiveAt)}`,
    ];
  });
  printTable(terminal, rows, "  ");
}

function startedBy({ after }: ScheduleDefinition): string {
  const upstream = after.map(({ schedule, condition }) => `${schedule} (${condition})`);
  return ["a message", "a person", ...upstream].join(", ");
}

function viewPreview({ definition, fires }: Preview): object {
  const { name, timezone, timing } = definition;
  return {
    schedule: name,
    timezone,
    hasClock: timing !== undefined,
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

function readInstant(text: string): Instant {
  const at = parseInstant(text);
  if (at !== undefined) return at;
  throw new InvalidArgumentError(
    "Expected an instant with Z or an offset, such as 2027-01-15T06:00:00Z or 2027-01-15T09:00:00+03:00.",
  );
}
