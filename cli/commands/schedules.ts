import { Command } from "commander";
import { formatInstant } from "../../shared/core/time/instant.ts";
import { ScheduleService, type Schedule } from "../../shared/gen/orrery/v1/schedule_service_pb.ts";
import type { RunState } from "../../shared/core/run/run.ts";
import { firstItems } from "../api-client.ts";
import { withTarget } from "../target.ts";
import { required } from "../decoded-run.ts";
import {
  dataOption,
  jsonOption,
  limitOption,
  type TargetOptions,
  storeOption,
  endpointOption,
} from "../options.ts";
import { oneLine } from "../one-line.ts";
import { stateCell } from "../run-text.ts";
import { viewSchedule } from "../schedule-text.ts";
import { printTable, titles, type Cell } from "../table.ts";
import { printJson, type Terminal } from "../terminal.ts";

/** A row stays readable; the JSON has all of it. */
const [WHO_CHARS, NOTE_CHARS] = [30, 60];

interface SchedulesOptions extends TargetOptions {
  readonly limit: number;
  readonly json?: true;
}

/** `orrery schedules`: the live schedules. */
export function schedulesCommand(terminal: Terminal): Command {
  return new Command("schedules")
    .summary("list the live schedules")
    .description(
      "Lists the schedules of the live configuration by name: when each fires next, and how its " +
        "latest run stands, and whether it is paused or leaves something out. `orrery next FILE` looks further ahead, also before a file is live.",
    )
    .addOption(limitOption("-n, --limit <number>", "how many", 100))
    .addOption(jsonOption())
    .addOption(dataOption())
    .addOption(storeOption())
    .addOption(endpointOption())
    .addHelpText("after", "\nExample:\n  orrery schedules --json | jq -r '.schedules[].schedule'")
    .action(async (options: SchedulesOptions) => {
      await withTarget(terminal, options, async ({ api }) => {
        const schedules = await firstItems(options.limit, async (page) => {
          const { schedules: items, nextPageToken } = await api.call(
            ScheduleService.method.list,
            page,
          );
          return { items, nextPageToken };
        });
        if (options.json === true) printJson(terminal, { schedules: schedules.map(viewSchedule) });
        else print(terminal, schedules);
      });
    });
}

function print(terminal: Terminal, schedules: readonly Schedule[]): void {
  if (schedules.length === 0) {
    terminal.out("There are no schedules: `orrery up --config FILE` makes a file live.");
    return;
  }
  const header = titles("SCHEDULE", "PROJECT", "NEXT FIRE (UTC)", "LATEST RUN", "", "");
  printTable(terminal, [header, ...schedules.map(rowOf)]);
}

function rowOf(schedule: Schedule): readonly Cell[] {
  const { nextFire, latestRun, latestRunState } = schedule;
  return [
    schedule.schedule,
    schedule.project,
    nextFire === undefined ? "-" : formatInstant(required(nextFire.effectiveAt)),
    latestRun === "" ? "-" : latestRun,
    latestRun === "" ? "" : stateCell(latestRunState as RunState),
    { text: operatorText(schedule), style: "yellow" },
  ];
}

/** What operators decided about it; empty where nothing. */
function operatorText({ pause, skips: [skip, ...others] }: Schedule): string {
  if (pause !== undefined) {
    const who = pause.by === "" ? "by itself" : `by ${oneLine(pause.by, WHO_CHARS)}`;
    const note = pause.note === "" ? "" : `: ${oneLine(pause.note, NOTE_CHARS)}`;
    return `paused ${who}${note}`;
  }
  if (skip === undefined) return "";
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  return `skips ${formatInstant(required(skip))}${more}`;
}
