import { Command } from "commander";
import { OrreryError } from "../../shared/core/errors.ts";
import { scheduleName, type RunId } from "../../shared/core/ids.ts";
import { limits } from "../../shared/core/limits.ts";
import { isFinal, type Run } from "../../shared/core/run/run.ts";
import { viewRun } from "../../shared/core/run/run-view.ts";
import { didYouMean } from "../../shared/config/did-you-mean.ts";
import { scanSchedules } from "../../shared/records/schedule-record.ts";
import { findRun } from "../../shared/usecases/find-run.ts";
import { requestRun } from "../../shared/usecases/request-run.ts";
import { warnUnlessRunning, withData, type OpenData } from "../data.ts";
import { dataOption, inputOption, jsonOption, type Inputs } from "../options.ts";
import { pollUntil } from "../poll-until.ts";
import { reasonText, tookText } from "../run-text.ts";
import { printJson, type Terminal } from "../terminal.ts";

interface RunOptions {
  readonly data: string;
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
    .addHelpText(
      "after",
      "\nExamples:\n  orrery run nightly-train\n" +
        "  orrery run nightly-train --input DATE=2027-01-14 --wait && echo trained",
    )
    .action(async (schedule: string, options: RunOptions) => {
      await withData(
        terminal,
        options.data,
        async (data) => await run(terminal, data, { schedule, options }),
      );
    });
}

async function run(
  terminal: Terminal,
  data: OpenData,
  asked: { readonly schedule: string; readonly options: RunOptions },
): Promise<void> {
  const { schedule, options } = asked;
  const id = await request(data, schedule, options.input);
  const find = async (): Promise<Run> =>
    await data.services.store.snapshot(async (reader) => await findRun(reader, id));
  const show = (made: Run): void =>
    options.json === true ? printJson(terminal, viewRun(made)) : terminal.out(id);

  warnUnlessRunning(terminal, data, "the run starts with the next `orrery up`");
  if (options.wait !== true) {
    show(await find());
    return;
  }
  // The id alone is known before the end; whoever waits may want it for `logs --follow`.
  if (options.json !== true) terminal.out(id);
  const ended = await pollUntil(data.clock, async () => {
    const seen = await find();
    return isFinal(seen.state) ? seen : undefined;
  });
  if (options.json === true) show(ended);
  tellEnd(terminal, ended, data);
}

function tellEnd(terminal: Terminal, ended: Run, data: OpenData): void {
  if (ended.state === "succeeded") {
    terminal.err(`Run ${ended.id} succeeded in ${tookText(ended, data.clock.now())}`);
    return;
  }
  const text = `Run ${ended.id} is ${ended.state}: ${reasonText(ended)}`;
  throw new OrreryError("RUN_UNSUCCESSFUL", text);
}

async function request({ services }: OpenData, schedule: string, inputs: Inputs): Promise<RunId> {
  const requested = await requestRun(services, {
    schedule: scheduleName(schedule),
    cause: { kind: "person", id: services.random.id() },
    askedAt: services.clock.now(),
    inputs,
  });
  if (requested.outcome !== "rejected") return requested.run;
  const known = await services.store.snapshot(
    async (reader) => await scanSchedules(reader, { limit: limits.scanRows }),
  );
  const hint = didYouMean(
    schedule,
    known.map((each) => each.schedule),
  );
  throw new OrreryError("SCHEDULE_NOT_FOUND", `Nothing was started: ${requested.reason}${hint}`);
}
