import { Command, InvalidArgumentError } from "commander";
import { ScheduleService, type Schedule } from "../../shared/gen/orrery/v1/schedule_service_pb.ts";
import { limits } from "../../shared/core/limits.ts";
import { formatInstant } from "../../shared/core/time/instant.ts";
import { required } from "../decoded-run.ts";
import { oneLine } from "../one-line.ts";
import {
  dataOption,
  endpointOption,
  jsonOption,
  storeOption,
  type TargetOptions,
} from "../options.ts";
import { callForSchedule, viewSchedule } from "../schedule-text.ts";
import { withTarget } from "../target.ts";
import { printJson, type Terminal } from "../terminal.ts";

interface PauseOptions extends TargetOptions {
  readonly note?: string;
  readonly json?: true;
}

/** `orrery pause`: stops a schedule's occurrences from running. */
export function pauseCommand(terminal: Terminal): Command {
  return new Command("pause")
    .summary("stop a schedule from running until it is resumed")
    .description(
      "Pauses a schedule: its occurrences are skipped from now on, each with its row, until " +
        "`orrery resume`. What runs or waits goes on; messages and `orrery run` still start it. No " +
        "configuration that is applied ends a pause. Pausing it again changes the note.",
    )
    .argument("<schedule>", "a schedule of the live configuration")
    .option("--note <text>", "why, for whoever looks next", readNote)
    .addOption(jsonOption())
    .addOption(dataOption())
    .addOption(storeOption())
    .addOption(endpointOption())
    .addHelpText("after", '\nExample:\n  orrery pause nightly-train --note "the bucket moves"')
    .action(async (name: string, options: PauseOptions) => {
      await withTarget(terminal, options, async (target) => {
        const { note = "" } = options;
        const schedule = await callForSchedule(
          target,
          { schedule: name, nothing: "Nothing was changed" },
          async () => await target.api.call(ScheduleService.method.pause, { schedule: name, note }),
        );
        if (options.json === true) printJson(terminal, viewSchedule(schedule));
        else terminal.out(pausedText(schedule));
      });
    });
}

function pausedText({ schedule, pause }: Schedule): string {
  const since = pause === undefined ? "" : ` since ${formatInstant(required(pause.at))}`;
  const note = pause === undefined || pause.note === "" ? "" : `: ${oneLine(pause.note)}`;
  return `${schedule} is paused${since}${note}\n\`orrery resume ${schedule}\` lets it run again.`;
}

function readNote(text: string): string {
  if (text.length <= limits.pauseNoteChars) return text;
  throw new InvalidArgumentError(`A note has at most ${limits.pauseNoteChars} characters.`);
}
