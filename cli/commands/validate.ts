import { Command } from "commander";
import { readConfigurationFile } from "../../infra/local/configuration-file.ts";
import type { Configuration } from "../../shared/core/project/configuration.ts";
import { formatProblem, type LocatedProblem } from "../../shared/config/located-problem.ts";
import { printProblems, problemsIn } from "../configuration.ts";
import { counted } from "../one-line.ts";
import { jsonOption } from "../options.ts";
import { printJson, type Terminal } from "../terminal.ts";

/** `orrery validate`: reads a schedules file as `up` would, and applies nothing. */
export function validateCommand(terminal: Terminal): Command {
  return new Command("validate")
    .summary("check a schedules file")
    .description(
      "Reads a schedules file with every job and file it names, and prints all that is wrong with " +
        "it at once, each problem with its line. It changes nothing and needs no platform. What is " +
        "right and ends before long, such as a calendar's list of holidays, is a warning. " +
        "Exits 0 when the file is valid, and 2 when it is not.",
    )
    .argument("<file>", "the schedules YAML")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  orrery validate orrery.yaml\n  orrery validate orrery.yaml --json",
    )
    .action(async (file: string, options: { readonly json?: true }) => {
      await validate(terminal, file, options);
    });
}

async function validate(
  terminal: Terminal,
  file: string,
  options: { readonly json?: true },
): Promise<void> {
  const result = await readConfigurationFile(file);
  const problems = result.ok ? [] : result.problems;
  const warnings = result.ok ? (result.warnings ?? []) : [];
  if (options.json === true) {
    printJson(terminal, {
      valid: result.ok,
      problems: problems.map(viewProblem),
      warnings: warnings.map(viewProblem),
    });
  } else if (result.ok) {
    for (const warning of warnings) terminal.err(`warning: ${formatProblem(warning)}`);
    terminal.out(`${file} is valid: ${summaryOf(result.value)}`);
  } else {
    printProblems(terminal, problems);
  }
  if (!result.ok) throw problemsIn(file, problems);
}

function summaryOf({ schedules, projects, subscriptions }: Configuration): string {
  return [
    counted(schedules.length, "schedule"),
    counted(projects.length, "project"),
    counted(subscriptions.length, "notification"),
  ].join(", ");
}

/** A problem as programs read it: all of it but the excerpt, which is for eyes. */
function viewProblem({ excerpt, ...problem }: LocatedProblem): Omit<LocatedProblem, "excerpt"> {
  return problem;
}
