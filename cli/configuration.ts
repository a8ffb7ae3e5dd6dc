import { OrreryError } from "../shared/core/errors.ts";
import type { Configuration } from "../shared/core/project/configuration.ts";
import { formatProblem, type LocatedProblem } from "../shared/config/located-problem.ts";
import { readConfigurationFile } from "../infra/local/configuration-file.ts";
import { counted } from "./one-line.ts";
import type { Terminal } from "./terminal.ts";

/** The configuration in a file; its problems are printed, and then it is `CONFIG_INVALID`. */
export async function loadConfiguration(terminal: Terminal, file: string): Promise<Configuration> {
  const result = await readConfigurationFile(file);
  if (result.ok) return result.value;
  printProblems(terminal, result.problems);
  throw problemsIn(file, result.problems);
}

/** The error that ends a command after the problems of a file were shown. */
export function problemsIn(file: string, problems: readonly LocatedProblem[]): OrreryError {
  return new OrreryError(
    "CONFIG_INVALID",
    `${file} has ${counted(problems.length, "problem")}: nothing of it was used`,
  );
}

/** Each problem on a line of its own, with the place under it. */
export function printProblems(terminal: Terminal, problems: readonly LocatedProblem[]): void {
  for (const problem of problems) {
    terminal.err(formatProblem(problem));
    if (problem.excerpt !== "") terminal.err(problem.excerpt);
  }
}
