import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Command, Option } from "commander";
import { ON_LIMITS, PRIORITIES } from "../../shared/core/schedule/schedule-definition.ts";
import { RunService } from "../../shared/gen/orrery/v1/run_service_pb.ts";
import { followMade } from "../made-run.ts";
import {
  dataOption,
  endpointOption,
  inputOption,
  type Inputs,
  jsonOption,
  readDuration,
  storeOption,
  type TargetOptions,
} from "../options.ts";
import { callForSchedule } from "../schedule-text.ts";
import { withTarget, type Target } from "../target.ts";
import type { Terminal } from "../terminal.ts";

interface RunOptions extends TargetOptions {
  readonly input: Inputs;
  readonly priority?: string;
  readonly timeout?: number;
  readonly onLimit?: string;
  readonly wait?: true;
  readonly json?: true;
}

/** `orrery run`: asks for a run of a schedule, now. */
export function runCommand(terminal: Terminal): Command {
  return new Command("run")
    .summary("ask for a run now")
    .description(
      "Asks for a run of a schedule, now, beside whatever its clock says, and prints the run's id. " +
        "The run meets the same limits and policies as any other, but for what is said otherwise of " +
        "it here, and a pause of its schedule does not keep it. Without a running platform it starts " +
        "with the next `orrery up`.",
    )
    .argument("<schedule>", "a schedule of the live configuration")
    .addOption(inputOption())
    .addOption(
      new Option("--priority <priority>", "who goes first, for this run").choices(PRIORITIES),
    )
    .option("--timeout <duration>", "how long this run may take, such as 2h", readDuration)
    .addOption(
      new Option("--on-limit <policy>", "what becomes of this run where it does not fit").choices(
        ON_LIMITS,
      ),
    )
    .option("-w, --wait", "wait for its end; exit 0 when it succeeded, else 1")
    .addOption(jsonOption())
    .addOption(dataOption())
    .addOption(storeOption())
    .addOption(endpointOption())
    .addHelpText(
      "after",
      "\nExamples:\n  orrery run nightly-train\n" +
        "  orrery run nightly-train --input DATE=2027-01-14 --wait && echo trained\n" +
        "  orrery run nightly-train --priority high --timeout 4h --on-limit fail",
    )
    .action(async (schedule: string, options: RunOptions) => {
      await withTarget(
        terminal,
        options,
        async (target) =>
          await followMade(terminal, target, {
            ...options,
            id: await request(target, schedule, options),
          }),
      );
    });
}

async function request(
  target: Target,
  schedule: string,
  { input: inputs, priority = "", timeout, onLimit = "" }: RunOptions,
): Promise<string> {
  const overrides = {
    priority,
    onLimit,
    ...(timeout === undefined ? {} : { timeout: durationFromMs(timeout) }),
  };
  const { run } = await callForSchedule(
    target,
    { schedule, nothing: "Nothing was started" },
    async () => await target.api.call(RunService.method.create, { schedule, inputs, overrides }),
  );
  return run;
}
