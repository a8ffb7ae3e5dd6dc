import { Command, Option } from "commander";
import { limits } from "../../shared/core/limits.ts";
import { isFinal, type RunState } from "../../shared/core/run/run.ts";
import type { LogStream } from "../../shared/ports/executor.ts";
import { RunService } from "../../shared/gen/orrery/v1/run_service_pb.ts";
import { logBytes } from "../log-bytes.ts";
import { withTarget, type Target } from "../target.ts";
import {
  dataOption,
  type TargetOptions,
  storeOption,
  endpointOption,
  wholeNumber,
} from "../options.ts";
import type { Terminal } from "../terminal.ts";

interface LogsOptions extends TargetOptions {
  readonly attempt?: number;
  readonly stream?: LogStream;
  readonly follow?: true;
}

/** `orrery logs`: what a run's program wrote. */
export function logsCommand(terminal: Terminal): Command {
  const streams: readonly LogStream[] = ["stdout", "stderr", "system"];
  return new Command("logs")
    .summary("print what a run's program wrote")
    .description(
      "Prints the output of an attempt byte for byte: its stdout to stdout and its stderr to stderr. " +
        "With --stream it is one of them alone, or `system`, which has what the executor did, to stdout.",
    )
    .argument("<run>", "a run id, as `orrery runs` lists it")
    .option(
      "-a, --attempt <number>",
      "the attempt, counted from 1 (default: the last)",
      wholeNumber(1, limits.attemptsMax),
    )
    .addOption(new Option("--stream <stream>", "one stream alone, to stdout").choices(streams))
    .option("-f, --follow", "wait for its start if need be, and go on until the attempt ends")
    .addOption(dataOption())
    .addOption(storeOption())
    .addOption(endpointOption())
    .addHelpText(
      "after",
      "\nExamples:\n  orrery logs nightly-train.20270115T233000Z.1f0a9c3e\n" +
        '  orrery logs --follow "$(orrery run nightly-train)"',
    )
    .action(async (run: string, options: LogsOptions) => {
      await withTarget(terminal, options, async (target) => {
        await logs(terminal, target, { run, options });
      });
    });
}

async function logs(
  terminal: Terminal,
  target: Target,
  asked: { readonly run: string; readonly options: LogsOptions },
): Promise<void> {
  const { attempt, follow = false, stream } = asked.options;
  if (follow) {
    const { state } = await target.api.call(RunService.method.get, { run: asked.run });
    if (!isFinal(state as RunState)) {
      await target.warnUnlessRunning("only the next `orrery up` will start or end the run");
    }
  }
  const copies: readonly Copy[] =
    stream === undefined
      ? [
          { stream: "stdout", to: "stdout" },
          { stream: "stderr", to: "stderr" },
        ]
      : [{ stream, to: "stdout" }];
  await Promise.all(
    copies.map(async (copy) => {
      const wanted = { run: asked.run, stream: copy.stream, follow, attempt: attempt ?? 0 };
      for await (const bytes of logBytes(target, wanted)) terminal.bytes(copy.to, bytes);
    }),
  );
}

/** One stream, and where it is printed. */
interface Copy {
  readonly stream: LogStream;
  readonly to: "stdout" | "stderr";
}
