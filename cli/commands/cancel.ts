import { Command } from "commander";
import { RunService } from "../../shared/gen/orrery/v1/run_service_pb.ts";
import { withTarget } from "../target.ts";
import { dataOption, type TargetOptions, storeOption, endpointOption } from "../options.ts";
import type { Terminal } from "../terminal.ts";

/** `orrery cancel`: ends a run that waits, or asks one that runs to end. */
export function cancelCommand(terminal: Terminal): Command {
  return new Command("cancel")
    .summary("cancel a run")
    .description(
      "Cancels a run: at once where nothing of it runs. A running program gets its signal, then its " +
        "grace, and is killed after that; what it used until then is settled. Repeating it is " +
        "harmless; a run that has ended is an error.",
    )
    .argument("<run>", "a run id, as `orrery runs` lists it")
    .addOption(dataOption())
    .addOption(storeOption())
    .addOption(endpointOption())
    .addHelpText("after", "\nExample:\n  orrery cancel nightly-train.20270115T233000Z.1f0a9c3e")
    .action(async (text: string, options: TargetOptions) => {
      await withTarget(terminal, options, async (target) => {
        const { run, state } = await target.api.call(RunService.method.cancel, { run: text });
        if (state === "cancelled") {
          terminal.out(`Run ${run} is cancelled; nothing of it ran.`);
          return;
        }
        terminal.out(`Run ${run} was asked to end; \`orrery show\` tells when it has.`);
        await target.warnUnlessRunning("the next `orrery up` ends its program");
      });
    });
}
