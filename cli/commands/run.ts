import { Command } from "commander";
import { OrreryError } from "../../shared/core/errors.ts";
import { limits } from "../../shared/core/limits.ts";
import { isFinal, type Run } from "../../shared/core/run/run.ts";
import { viewRun } from "../../shared/core/run/run-view.ts";
import { isNotFound } from "../api-client.ts";
import { didYouMean } from "../../shared/config/did-you-mean.ts";
import { RunService } from "../../shared/gen/orrery/v1/run_service_pb.ts";
import { ScheduleService } from "../../shared/gen/orrery/v1/schedule_service_pb.ts";
import { withTarget, type Target } from "../target.ts";
import { decodeRun } from "../decoded-run.ts";
import {
  dataOption,
  inputOption,
  type Inputs,
  jsonOption,
  type TargetOptions,
  storeOption,
  endpointOption,
} from "../options.ts";
import { pollUntil } from "../poll-until.ts";
import { reasonText, tookText } from "../run-text.ts";
import { printJson, type Terminal } from "../terminal.ts";

interface RunOptions extends TargetOptions {
  readonly input: Inputs;
  readonly wait?: true;
  readonly json?: true;
}

/** `orrery run`: asks for a run of a schedule, now. */
export function runCommand(terminal: Terminal): Command {
  return new Command("run")
    .summary("ask for a run now")
    .description(
      "Asks for a run of a schedule, now, beside whatever its clock says, and prints the run's id. " +
        "The run meets the same limits and policies as any other. Without a running platform it " +
        "starts with the next `orrery up`.",
    )
    .argument("<schedule>", "a schedule of the live configuration")
    .addOption(inputOption())
    .option("-w, --wait", "wait for its end; exit 0 when it succeeded, else 1")
    .addOption(jsonOption())
    .addOption(dataOption())
    .addOption(storeOption())
    .addOption(endpointOption())
    .addHelpText(
      "after",
      "\nExamples:\n  orrery run nightly-train\n" +
        "  orrery run nightly-train --input DATE=2027-01-14 --wait && echo trained",
    )
    .action(async (schedule: string, options: RunOptions) => {
      await withTarget(
        terminal,
        options,
        async (target) => await run(terminal, target, { schedule, options }),
      );
    });
}

async function run(
  terminal: Terminal,
  target: Target,
  asked: { readonly schedule: string; readonly options: RunOptions },
): Promise<void> {
  const { schedule, options } = asked;
  const id = await request(target, schedule, options.input);
  const find = async (): Promise<Run> =>
    decodeRun(await target.api.call(RunService.method.get, { run: id }));
  const show = (made: Run): void =>
    options.json === true ? printJson(terminal, viewRun(made)) : terminal.out(id);

  await target.warnUnlessRunning("the run starts with the next `orrery up`");
  if (options.wait !== true) {
    show(await find());
    return;
  }
  // The id alone is known before the end; whoever waits may want it for `logs --follow`.
  if (options.json !== true) terminal.out(id);
  const ended = await pollUntil(target, async () => {
    const seen = await find();
    return isFinal(seen.state) ? seen : undefined;
  });
  if (options.json === true) show(ended);
  tellEnd(terminal, ended, target);
}

function tellEnd(terminal: Terminal, ended: Run, target: Target): void {
  if (ended.state === "succeeded") {
    terminal.err(`Run ${ended.id} succeeded in ${tookText(ended, target.clock.now())}`);
    return;
  }
  const text = `Run ${ended.id} is ${ended.state}: ${reasonText(ended)}`;
  throw new OrreryError("RUN_UNSUCCESSFUL", text);
}

async function request({ api }: Target, schedule: string, inputs: Inputs): Promise<string> {
  try {
    return (await api.call(RunService.method.create, { schedule, inputs })).run;
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const { schedules } = await api.call(ScheduleService.method.list, {
      pageSize: BigInt(limits.scanRows),
    });
    const hint = didYouMean(
      schedule,
      schedules.map((known) => known.schedule),
    );
    const text = `schedule ${schedule} is not configured: apply a YAML that has it`;
    throw new OrreryError("SCHEDULE_NOT_FOUND", `Nothing was started: ${text}${hint}`);
  }
}
