import { OrreryError } from "../../shared/core/errors.ts";

/** The environment of a deployed function. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A variable that a part cannot do without. */
export interface Variable {
  readonly name: string;
  /** What it holds, and what sets it. */
  readonly about: string;
  /** What is wrong with a value, if anything. It repeats no value: some are secret. */
  readonly wrong?: (value: string) => string | undefined;
}

/**
 * Makes sure of every variable at once, so that one failed call names all there is to mend. Throws
 * ENVIRONMENT_INVALID; an empty variable is a missing one.
 */
export function requireVariables(variables: readonly Variable[], environment: Environment): void {
  const problems = [...new Set(variables)].flatMap((variable) => {
    const problem = problemWith(variable, environment[variable.name] ?? "");
    return problem === undefined ? [] : [`${variable.name} ${problem}: ${variable.about}`];
  });
  if (problems.length === 0) return;
  throw new OrreryError(
    "ENVIRONMENT_INVALID",
    `The environment of this function is not complete. ${problems.join(". ")}. ` +
      "`orrery deploy` sets all of them; by hand, make a new version of the function with them.",
  );
}

/** The value of a variable that `requireVariables` has made sure of. */
export function valueOf({ name }: Variable, environment: Environment): string {
  return environment[name] ?? "";
}

/** The value, or what stands for it where the variable is unset or empty. */
export function optionalValue(name: string, environment: Environment, otherwise: string): string {
  const value = environment[name] ?? "";
  return value === "" ? otherwise : value;
}

function problemWith({ wrong }: Variable, value: string): string | undefined {
  if (value === "") return "is missing";
  const problem = wrong?.(value);
  return problem === undefined ? undefined : `is wrong, ${problem}`;
}

/** For variables that hold an `http` or `https` URL. */
export function wrongUrl(value: string): string | undefined {
  const protocol = URL.parse(value)?.protocol;
  return protocol === "https:" || protocol === "http:" ? undefined : "it is no http or https URL";
}
