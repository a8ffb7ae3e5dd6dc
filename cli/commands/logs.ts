import { Command, Option } from "commander";
import { OrreryError } from "../../shared/core/errors.ts";
import { attemptIdOf, type AttemptId } from "../../shared/core/ids.ts";
import { limits } from "../../shared/core/limits.ts";
import { isFinal, type Run } from "../../shared/core/run/run.ts";
import type { Executor, LogStream } from "../../shared/ports/executor.ts";
import { findRun } from "../../shared/usecases/find-run.ts";
import { warnUnlessRunning, withData, type OpenData } from "../data.ts";
import { dataOption, wholeNumber } from "../options.ts";
import { pollUntil } from "../poll-until.ts";
import { reasonText } from "../run-text.ts";
import type { Terminal } from "../terminal.ts";

interface LogsOptions {
  readonly data: string;
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
    .addHelpText(
      "after",
      "\nExamples:\n  orrery logs nightly-train.20270115T233000Z.1f0a9c3e\n" +
        '  orrery logs --follow "$(orrery run nightly-train)"',
    )
    .action(async (run: string, options: LogsOptions) => {
      await withData(terminal, options.data, async (data) => {
        await logs(terminal, data, { run, options });
      });
    });
}

async function logs(
  terminal: Terminal,
  data: OpenData,
  asked: { readonly run: string; readonly options: LogsOptions },
): Promise<void> {
  const { options } = asked;
  const find = async (): Promise<Run> =>
    await data.services.store.snapshot(async (reader) => await findRun(reader, asked.run));
  let run = await find();
  const followed = options.follow === true && !isFinal(run.state);
  if (followed) {
    warnUnlessRunning(terminal, data, "only the next `orrery up` will start or end the run");
    run = await pollUntil(data.clock, async () => {
      const seen = await find();
      return seen.attempts.length >= (options.attempt ?? 1) || isFinal(seen.state)
        ? seen
        : undefined;
    });
  }
  const number = attemptNumber(run, options.attempt);
  const copies = copiesOf(attemptIdOf(run.id, number), options.stream);
  const copyAll = async (): Promise<void> => {
    for (const copy of copies) await copyNew(terminal, data.executor, copy);
  };
  if (followed) {
    await pollUntil(data.clock, async () => {
      // Asked before the copy: what was written before the end is copied after it.
      const { end } = (await find()).attempts[number - 1] ?? {};
      await copyAll();
      return end;
    });
  }
  await copyAll();
}

function attemptNumber(run: Run, asked: number | undefined): number {
  const last = run.attempts.length;
  if (last === 0) {
    const why = run.reason === undefined ? "" : `: ${reasonText(run)}`;
    throw new OrreryError(
      "LOG_NOT_FOUND",
      `Run ${run.id} has never started, so it wrote nothing; it is ${run.state}${why}`,
    );
  }
  if (asked === undefined || asked <= last) return asked ?? last;
  throw new OrreryError(
    "LOG_NOT_FOUND",
    `Run ${run.id} has no attempt ${asked}: its last one is ${last}`,
  );
}

/** How far one stream has been printed, and to where. */
interface Copy {
  readonly attempt: AttemptId;
  readonly stream: LogStream;
  readonly to: "stdout" | "stderr";
  offset: number;
}

function copiesOf(attempt: AttemptId, stream: LogStream | undefined): readonly Copy[] {
  if (stream !== undefined) return [{ attempt, stream, to: "stdout", offset: 0 }];
  return (["stdout", "stderr"] as const).map((each) => ({
    attempt,
    stream: each,
    to: each,
    offset: 0,
  }));
}

/** Prints what the stream has gained. */
async function copyNew(
  terminal: Terminal,
  executor: Pick<Executor, "readLog">,
  copy: Copy,
): Promise<void> {
  const { attempt, stream, to } = copy;
  let offset = copy.offset;
  for (;;) {
    const { bytes, nextOffset } = await executor.readLog(attempt, stream, offset);
    if (bytes.length === 0) break;
    terminal.bytes(to, bytes);
    offset = nextOffset;
  }
  copy.offset = offset;
}
