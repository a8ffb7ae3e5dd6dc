import { Command } from "commander";
import { ScheduleService, type Fire } from "../../shared/gen/orrery/v1/schedule_service_pb.ts";
import { formatInstant } from "../../shared/core/time/instant.ts";
import { required } from "../decoded-run.ts";
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

interface ResumeOptions extends TargetOptions {
  readonly json?: true;
}

/** `orrery resume`: lets a paused schedule run again. */
export function resumeCommand(terminal: Terminal): Command {
  return new Command("resume")
    .summary("let a paused schedule run again")
    .description(
      "Ends a schedule's pause: what is due from now on runs again. Occurrences that were due " +
        "meanwhile stay skipped, whatever `catchup` says. One that is not paused stays as it is.",
    )
    .argument("<schedule>", "a schedule of the live configuration")
    .addOption(jsonOption())
    .addOption(dataOption())
    .addOption(storeOption())
    .addOption(endpointOption())
    .addHelpText("after", "\nExample:\n  orrery resume nightly-train")
    .action(async (name: string, options: ResumeOptions) => {
      await withTarget(terminal, options, async (target) => {
        const schedule = await callForSchedule(
          target,
          { schedule: name, nothing: "Nothing was changed" },
          async () => await target.api.call(ScheduleService.method.resume, { schedule: name }),
        );
        if (options.json === true) {
          printJson(terminal, viewSchedule(schedule));
          return;
        }
        // One that is claimed ahead has its run already, and still is what comes next.
        const { fires } = await target.api.call(ScheduleService.method.listFires, {
          schedule: name,
          pageSize: 1n,
        });
        terminal.out(resumedText(name, fires[0]));
      });
    });
}

function resumedText(schedule: string, fire: Fire | undefined): string {
  const at = fire === undefined ? "" : formatInstant(required(fire.effectiveAt));
  return `${schedule} is not paused${at === "" ? "" : `; it fires next at ${at}`}.`;
}
