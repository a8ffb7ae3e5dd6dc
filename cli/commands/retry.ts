import { Command } from "commander";
import { RunService } from "../../shared/gen/orrery/v1/run_service_pb.ts";
import { followMade } from "../made-run.ts";
import {
  dataOption,
  endpointOption,
  inputOption,
  type Inputs,
  jsonOption,
  storeOption,
  type TargetOptions,
} from "../options.ts";
import { withTarget } from "../target.ts";
import type { Terminal } from "../terminal.ts";

interface RetryOptions extends TargetOptions {
  readonly input: Inputs;
  readonly wait?: true;
  readonly json?: true;
}

/** `orrery retry`: makes a run anew from the inputs of one that has ended. */
export function retryCommand(terminal: Terminal): Command {
  return new Command("retry")
    .summary("try a run anew from its inputs")
    .description(
      "Makes a run anew from the inputs of one that has ended, for the same nominal time, and prints " +
        "the new run's id. Inputs stay as they were, secret ones too, but for those given here; what " +
        "it does is what its schedule says now. What comes after its schedule follows it again.",
    )
    .argument("<run>", "a run id, as `orrery runs` lists it")
    .addOption(inputOption())
    .option("-w, --wait", "wait for its end; exit 0 when it succeeded, else 1")
    .addOption(jsonOption())
    .addOption(dataOption())
    .addOption(storeOption())
    .addOption(endpointOption())
    .addHelpText(
      "after",
      "\nExamples:\n  orrery retry nightly-train.20270115T233000Z.1f0a9c3e\n" +
        "  orrery retry nightly-train.20270115T233000Z.1f0a9c3e --input BATCH=100 --wait",
    )
    .action(async (run: string, options: RetryOptions) => {
      await withTarget(terminal, options, async (target) => {
        const inputs = options.input;
        const { run: id } = await target.api.call(RunService.method.retry, { run, inputs });
        await followMade(terminal, target, { ...options, id });
      });
    });
}
