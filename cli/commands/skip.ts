import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Command, Option } from "commander";
import {
  ScheduleService,
  type SkipOccurrencesResponse,
} from "../../shared/gen/orrery/v1/schedule_service_pb.ts";
import { limits } from "../../shared/core/limits.ts";
import { formatInstant, type Instant } from "../../shared/core/time/instant.ts";
import { required } from "../decoded-run.ts";
import {
  dataOption,
  endpointOption,
  jsonOption,
  readInstant,
  storeOption,
  type TargetOptions,
  wholeNumber,
} from "../options.ts";
import { callForSchedule, viewFire } from "../schedule-text.ts";
import { withTarget } from "../target.ts";
import { printJson, type Terminal } from "../terminal.ts";

interface SkipOptions extends TargetOptions {
  readonly count?: number;
  readonly at?: Instant;
  readonly undo?: true;
  readonly json?: true;
}

/** `orrery skip`: leaves out occurrences to come, once. */
export function skipCommand(terminal: Terminal): Command {
  return new Command("skip")
    .summary("leave out a schedule's next occurrence")
    .description(
      "Leaves out occurrences of a schedule that are still to come, once: the next one, the next " +
        "--count, or the one at --at. Each still gets its row, skipped. Repeating it leaves out no " +
        "more; --undo takes back all of it, or the one at --at. Prints what is left out from now on.",
    )
    .argument("<schedule>", "a schedule of the live configuration")
    .option(
      "-n, --count <number>",
      `how many of the next ones, at most ${limits.skipsMax}`,
      wholeNumber(1, limits.skipsMax),
    )
    .addOption(
      new Option("--at <instant>", "the occurrence with this nominal time")
        .argParser(readInstant)
        .conflicts("count"),
    )
    .addOption(new Option("--undo", "let them run after all").conflicts("count"))
    .addOption(jsonOption())
    .addOption(dataOption())
    .addOption(storeOption())
    .addOption(endpointOption())
    .addHelpText(
      "after",
      "\nExamples:\n  orrery skip nightly-train\n" +
        "  orrery skip nightly-train --at 2027-01-15T02:30:00+03:00\n" +
        "  orrery skip nightly-train --undo",
    )
    .action(async (schedule: string, options: SkipOptions) => {
      await withTarget(terminal, options, async (target) => {
        const { count = 0, at, undo = false } = options;
        const nominal = at === undefined ? {} : { nominalAt: timestampFromMs(at) };
        const request = { schedule, count, undo, ...nominal };
        const skipped = await callForSchedule(
          target,
          { schedule, nothing: "Nothing was changed" },
          async () => await target.api.call(ScheduleService.method.skip, request),
        );
        print(terminal, { schedule, skipped, isJson: options.json === true });
      });
    });
}

function print(
  terminal: Terminal,
  {
    schedule,
    skipped: { skips },
    isJson,
  }: {
    readonly schedule: string;
    readonly skipped: SkipOccurrencesResponse;
    readonly isJson: boolean;
  },
): void {
  if (isJson) {
    printJson(terminal, { schedule, skips: skips.map(viewFire) });
    return;
  }
  if (skips.length === 0) terminal.out(`Nothing of ${schedule} is left out.`);
  else terminal.out(`${schedule} leaves out:`);
  for (const { nominalAt } of skips) terminal.out(`  ${formatInstant(required(nominalAt))}`);
}
