import { Command } from "commander";
import { ApiError } from "../../shared/api/api-error.ts";
import { Code } from "../../shared/api/code.ts";
import { attemptIdOf } from "../../shared/core/ids.ts";
import { attemptOperationId } from "../../shared/core/operation/attempt-operation.ts";
import type { Attempt } from "../../shared/core/run/attempt.ts";
import { isAdHoc, type Run } from "../../shared/core/run/run.ts";
import { viewRun } from "../../shared/core/run/run-view.ts";
import { formatDurationMs } from "../../shared/core/time/duration.ts";
import { formatInstant, type Instant } from "../../shared/core/time/instant.ts";
import { RunService } from "../../shared/gen/orrery/v1/run_service_pb.ts";
import { ScheduleService } from "../../shared/gen/orrery/v1/schedule_service_pb.ts";
import type { Estimate } from "../../shared/gen/orrery/v1/usage_service_pb.ts";
import { isNotFound } from "../api-client.ts";
import { withTarget, type Target } from "../target.ts";
import { decodeRun } from "../decoded-run.ts";
import {
  dataOption,
  jsonOption,
  type TargetOptions,
  storeOption,
  endpointOption,
} from "../options.ts";
import { readableMs, reasonText, stateCell, unitsText } from "../run-text.ts";
import { estimateText } from "../schedule-text.ts";
import { printTable, type Cell } from "../table.ts";
import { printJson, type Terminal } from "../terminal.ts";

interface ShowOptions extends TargetOptions {
  readonly json?: true;
}

/** `orrery show`: everything that is known about a run. */
export function showCommand(terminal: Terminal): Command {
  return new Command("show")
    .summary("show everything about a run")
    .description(
      "Shows a run: its state and the reason, every attempt with its units, times and exit code, " +
        "and every output with its SHA-256 and the place of the file. Inputs are named but not " +
        "shown, because they may be secret.",
    )
    .argument("<run>", "a run id, as `orrery runs` lists it")
    .addOption(jsonOption())
    .addOption(dataOption())
    .addOption(storeOption())
    .addOption(endpointOption())
    .addHelpText(
      "after",
      "\nExample:\n  orrery show nightly-train.20270115T233000Z.1f0a9c3e --json",
    )
    .action(async (run: string, options: ShowOptions) => {
      await withTarget(terminal, options, async (target) => {
        const found = decodeRun(await target.api.call(RunService.method.get, { run }));
        if (options.json === true) printJson(terminal, viewRun(found));
        else print(terminal, target, { run: found, estimate: await estimateOf(target, found) });
      });
    });
}

/** What a run of its schedule is expected to come to; nothing where whoever asks finds no such schedule. */
async function estimateOf({ api }: Target, run: Run): Promise<Estimate | undefined> {
  if (isAdHoc(run)) return undefined;
  try {
    const { schedule } = run;
    return (await api.call(ScheduleService.method.get, { schedule })).estimate;
  } catch (error) {
    // It may be there no more, or in a project that whoever asks may not look at.
    const isHidden = error instanceof ApiError && error.code === Code.PERMISSION_DENIED;
    if (isHidden || isNotFound(error)) return undefined;
    throw error;
  }
}

function print(
  terminal: Terminal,
  target: Target,
  { run, estimate }: { readonly run: Run; readonly estimate: Estimate | undefined },
): void {
  const inputs = Object.keys(run.inputs);
  printTable(terminal, [
    ["Run", run.id],
    ["State", stateCell(run.state)],
    ...row("Reason", reasonText(run)),
    ["Schedule", run.schedule],
    ["Project", run.project],
    ["Cause", causeText(run)],
    ...row("Retry of", run.retryOf ?? ""),
    ["Priority", run.priority],
    ...row("Overrides", overridesText(run)),
    ...row("Units", unitsText(run)),
    ...row("Expected", estimate === undefined ? "" : estimateText(estimate)),
    ...row("Inputs", inputs.join(", ")),
    ["Nominal", formatInstant(run.nominalAt)],
    ...instantRow("Inputs for", run.inputsAt),
    ...(run.effectiveAt === run.nominalAt ? [] : instantRow("Effective", run.effectiveAt)),
    ...instantRow("Next look", run.nextEligibleAt),
    ...instantRow("Asked to end", run.cancelRequestedAt),
    ...instantRow("Finished", run.finishedAt),
  ]);
  for (const attempt of run.attempts) printAttempt(terminal, target, { run, attempt });
}

function printAttempt(
  terminal: Terminal,
  target: Target,
  { run, attempt }: { readonly run: Run; readonly attempt: Attempt },
): void {
  const { end, number, unitsHeld } = attempt;
  terminal.out("");
  terminal.out(terminal.dress("bold", `Attempt ${number} on ${attempt.instanceType}`));
  const units =
    end === undefined ? `${unitsHeld} held` : `${end.unitsSettled} spent of ${unitsHeld} held`;
  printTable(
    terminal,
    [
      ["Units", units],
      ...row("Exit code", end?.exitCode === undefined ? "" : String(end.exitCode)),
      ["Admitted", formatInstant(attempt.admittedAt)],
      ...instantRow("Started", attempt.startedAt),
      ...row("Ended", endedText(attempt)),
      ["Operation", attemptOperationId(run, number)],
    ],
    "  ",
  );
  for (const output of end?.outputs ?? []) {
    terminal.out(`  Output ${output.path}, ${output.bytes} bytes`);
    const path = target.outputPath(attemptIdOf(run.id, number), output);
    if (path !== undefined) terminal.out(`    ${path}`);
    terminal.out(`    sha256 ${output.sha256}`);
  }
}

/** What was said of this run alone. */
function overridesText({ overrides }: Run): string {
  const { priority, timeoutMs, onLimit } = overrides ?? {};
  return [
    ...(priority === undefined ? [] : [`priority ${priority}`]),
    ...(timeoutMs === undefined ? [] : [`timeout ${formatDurationMs(timeoutMs)}`]),
    ...(onLimit === undefined ? [] : [`onLimit ${onLimit}`]),
  ].join(", ");
}

function causeText({ cause }: Run): string {
  switch (cause.kind) {
    case "occurrence":
      return "its schedule";
    case "message":
      return `message ${cause.id}`;
    case "person":
      return "a person";
    case "upstream":
      return `the end of ${cause.run}`;
    case "job":
      return `job ${cause.job}, started through the API`;
    case "notebook":
      return "a notebook, started through the API";
  }
}

function endedText({ startedAt, end }: Attempt): string {
  if (end === undefined) return "";
  const ran = startedAt === undefined ? "" : `, after ${readableMs(end.endedAt - startedAt)}`;
  return formatInstant(end.endedAt) + ran;
}

/** A row, or none where there is nothing to say. */
function row(name: string, text: string): readonly (readonly Cell[])[] {
  return text === "" ? [] : [[name, text]];
}

function instantRow(name: string, at: Instant | undefined): readonly (readonly Cell[])[] {
  return row(name, at === undefined ? "" : formatInstant(at));
}
