import { Command } from "commander";
import { OrreryError } from "../../shared/core/errors.ts";
import { NAME_PATTERN } from "../../shared/core/ids.ts";
import { isFinal, liveAttempt, type Run } from "../../shared/core/run/run.ts";
import { formatInstant, plusMs, type Instant } from "../../shared/core/time/instant.ts";
import {
  RunService,
  type Decision,
  type Explanation,
} from "../../shared/gen/orrery/v1/run_service_pb.ts";
import { withTarget } from "../target.ts";
import { decodeReason, decodeRun, required } from "../decoded-run.ts";
import { explainSchedule } from "../explain-schedule.ts";
import { printChecks } from "../explanation-text.ts";
import { viewExplanation } from "../explanation-view.ts";
import {
  dataOption,
  jsonOption,
  type TargetOptions,
  storeOption,
  endpointOption,
} from "../options.ts";
import { readableMs, reasonText, stateCell, tookText, unitsText } from "../run-text.ts";
import { printTable, type Cell } from "../table.ts";
import { printJson, type Terminal } from "../terminal.ts";

interface ExplainOptions extends TargetOptions {
  readonly at?: string;
  readonly json?: true;
}

/** `orrery explain`: why a run is where it is, with the numbers compared. */
export function explainCommand(terminal: Terminal): Command {
  return new Command("explain")
    .summary("say why a run waits, or what becomes of an occurrence")
    .description(
      "Takes the decision about a run that the platform would take now, without effect, and prints " +
        "it with every limit and the numbers compared, the instant from which it may start, and " +
        "the runs that come first. Of a run that has ended it says why it ended so. Of a schedule " +
        "it takes the decision about an occurrence to come, as it is expected to be by then.",
    )
    .argument("<run-or-schedule>", "a run id, as `orrery runs` lists it, or a schedule")
    .option(
      "--at <time>",
      "the first occurrence of the schedule from then on, not the next one: a time in the " +
        "schedule's zone, or an instant with Z or an offset",
    )
    .addOption(jsonOption())
    .addOption(dataOption())
    .addOption(storeOption())
    .addOption(endpointOption())
    .addHelpText(
      "after",
      '\nExamples:\n  orrery explain "$(orrery runs --state waiting --limit 1 --json | jq -r .runs[0].run)"\n' +
        "  orrery explain nightly-train --at 2027-01-15T09:00",
    )
    .action(async (run: string, options: ExplainOptions) => {
      if (NAME_PATTERN.test(run)) {
        await explainSchedule(terminal, run, options);
        return;
      }
      if (options.at !== undefined) {
        throw new OrreryError("USAGE", `--at goes with a schedule, and ${run} is none`);
      }
      await withTarget(terminal, options, async (target) => {
        const explanation = await target.api.call(RunService.method.explain, { run });
        if (options.json === true) printJson(terminal, viewExplanation(explanation));
        else print(terminal, explanation, target.clock.now());
        if (!isFinal(decodeRun(explanation.run).state)) {
          await target.warnUnlessRunning("nothing starts or ends before the next `orrery up`");
        }
      });
    });
}

function print(terminal: Terminal, explanation: Explanation, now: Instant): void {
  const { decision, checks, ahead, eligibleAt } = explanation;
  const run = decodeRun(explanation.run);
  const rows: (readonly Cell[])[] = [
    ["Run", run.id],
    ["State", stateCell(run.state)],
  ];
  if (run.reason !== undefined) rows.push(["Reason", reasonText(run)]);
  if (isFinal(run.state)) rows.push(...endRows(run, now));
  else if (decision === undefined) rows.push(...runningRows(run, now));
  else rows.push(...decisionRows(decision, run, { now, dueAt: required(eligibleAt) }));
  if (ahead.length > 0) rows.push(["Ahead", ahead.join(", ")]);
  printTable(terminal, rows);
  printChecks(terminal, checks);
}

function endRows(run: Run, now: Instant): readonly (readonly Cell[])[] {
  const finished = run.finishedAt === undefined ? "" : formatInstant(run.finishedAt);
  if (run.attempts.length === 0) return [["Ended", `${finished}, without an attempt`]];
  const last = `the last of ${run.attempts.length} attempts`;
  const attempts = run.attempts.length === 1 ? "its attempt" : last;
  return [
    ["Ended", `${finished}; ${attempts} took ${tookText(run, now) || "no time"}`],
    ["Units", `${unitsText(run)} spent`],
  ];
}

function runningRows(run: Run, now: Instant): readonly (readonly Cell[])[] {
  const attempt = liveAttempt(run);
  if (attempt?.startedAt === undefined) return [["Now", "its attempt is being prepared"]];
  const { startedAt, softLimitMs, hardLimitMs, number } = attempt;
  const softAt = formatInstant(plusMs(startedAt, softLimitMs));
  const hardAt = formatInstant(plusMs(startedAt, hardLimitMs));
  return [
    ["Now", `attempt ${number} runs, ${tookText(run, now)}; ${unitsText(run)}`],
    ["At most", `it is asked to end at ${softAt}, and killed at ${hardAt}`],
  ];
}

/** Before its due time nobody decides; after it, a wait names when it is looked at again. */
function decisionRows(
  decision: Decision,
  run: Run,
  { now, dueAt }: { readonly now: Instant; readonly dueAt: Instant },
): readonly (readonly Cell[])[] {
  const rows: (readonly Cell[])[] = [["Now", decisionText(decision, run)]];
  if (dueAt > now) rows.unshift(["Due", `${inText(dueAt, now)}; nothing is decided before`]);
  else if (decision.kind === "wait") {
    rows.push([
      "Next look",
      `${inText(required(decision.nextEligibleAt), now)}, or when room is made`,
    ]);
  }
  return rows;
}

function decisionText(decision: Decision, run: Run): string {
  const reason = decision.reason && decodeReason(decision.reason);
  const why = reasonText(reason === undefined ? {} : { reason });
  switch (decision.kind) {
    case "admit":
      return `it would start, holding ${decision.unitsHeld} units`;
    case "wait":
      // The numbers move by the second; the checks below have those of now.
      return reason?.code === run.reason?.code ? "it would go on waiting" : `it would wait: ${why}`;
    default:
      return `it would end ${decision.state}: ${why}`;
  }
}

function inText(at: Instant, now: Instant): string {
  return `${formatInstant(at)}, in ${readableMs(Math.max(0, at - now))}`;
}
