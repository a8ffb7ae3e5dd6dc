/** What may stand between the braces of `${NAME}`. Source: the CLI's rule for variable names. */
export const VARIABLE_NAME = /^[0-9A-Za-z_-]{1,50}$/;

/** The variable that names the project's own folder; a job may not define it. */
export const PROJECT_HOME_VARIABLE = "DS_PROJECT_HOME";

/** The variable that names the file into which a program writes its progress. */
export const PROGRESS_VARIABLE = "JOB_PROGRESS_FILENAME";

const REFERENCE = /\$\{(.+?)\}/g;
const SHELL_NAME = /^[A-Za-z_][0-9A-Za-z_]*$/;
/** Characters that mean nothing to a shell, in quotes or out of them. */
const PLAIN = /^[0-9A-Za-z_./@%+=:,-]*$/;

/** What the names in a command stand for. */
export interface CommandVariables {
  /** Written into the command as they are. */
  readonly written: ReadonlyMap<string, string>;
  /** Left as `${NAME}` for the shell, which takes the value from the program's environment. */
  readonly left: ReadonlySet<string>;
}

export interface VariableSources {
  /** Where the job's files are, by variable. */
  readonly files: Readonly<Record<string, string>>;
  /** The run's variables: they stand above arguments of the same name. */
  readonly run: Readonly<Record<string, string>>;
  readonly arguments: Readonly<Record<string, string>>;
  /** Further environment variables of the program. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Decides what each name stands for. A run's values may come from a message, so one that holds
 * anything a shell could act upon is never written into the command: it is left to the shell,
 * whose expansion of an environment variable is data and cannot become code. Arguments and paths
 * were written by the author of the command and go in as the CLI puts them in.
 */
export function commandVariables(sources: VariableSources): CommandVariables {
  const written = new Map(Object.entries(sources.arguments));
  for (const [name, value] of Object.entries(sources.run)) {
    if (PLAIN.test(value)) written.set(name, value);
    else written.delete(name);
  }
  for (const [name, path] of Object.entries(sources.files)) written.set(name, path);
  const inherited = [...Object.keys(sources.environment), ...Object.keys(sources.run)];
  return { written, left: new Set(inherited.filter((name) => SHELL_NAME.test(name))) };
}

/** The command with its variables filled in, or the names nobody gave a value. */
export type Substitution =
  | { readonly ok: true; readonly command: string }
  | { readonly ok: false; readonly unknown: readonly string[] };

/**
 * Fills in every `${NAME}` once; what a value holds is not looked at again. A name that is neither
 * written nor left is refused, as the CLI does, because the shell would put nothing there without
 * a word. `$NAME` without braces belongs to the shell and is not touched.
 */
export function substitute(command: string, variables: CommandVariables): Substitution {
  const unknown = new Set<string>();
  const filled = command.replace(REFERENCE, (reference: string, name: string) => {
    const value = variables.written.get(name);
    if (value === undefined && !variables.left.has(name)) unknown.add(name);
    return value ?? reference;
  });
  return unknown.size === 0 ? { ok: true, command: filled } : { ok: false, unknown: [...unknown] };
}
