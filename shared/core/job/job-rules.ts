import type { WrongField } from "../errors.ts";
import { limits } from "../limits.ts";
import type { JobFile, StoredFile } from "./job-definition.ts";
import {
  PROJECT_HOME_VARIABLE,
  substitute,
  VARIABLE_NAME,
  type CommandVariables,
} from "./substitute.ts";

/**
 * What a job that a client describes must keep to. Each rule answers with every violation it finds,
 * so that a caller mends all of them at once. Source: the checks of the DataSphere Jobs CLI.
 */

/** A part of a request, and the path of the field it stands in. */
export interface Placed<T> {
  readonly at: string;
  readonly value: T;
}

const SHA256 = /^[0-9a-f]{64}$/;
const PYTHON_VERSION = /^3\.\d{1,3}(?:\.\d{1,3})?$/;

/** A command says something, and each `${NAME}` in it stands for something. */
export function commandProblems(
  { at, value }: Placed<string>,
  variables: CommandVariables,
): readonly WrongField[] {
  if (value.trim() === "") return [{ field: at, description: "is empty: give the command to run" }];
  const filled = substitute(value, variables);
  if (filled.ok) return [];
  return filled.unknown.map((name) => {
    const description = `names \${${name.slice(0, 80)}} and nothing gives a value: define it, or write $NAME for a variable of the shell`;
    return { field: at, description };
  });
}

/** A file without a variable lies inside the working directory; one with a variable may lie anywhere. */
export function pathProblems({ at, value }: Placed<JobFile>): readonly WrongField[] {
  const { path, variable } = value;
  const field = `${at}.path`;
  if (path === "") return [{ field, description: "is empty" }];
  // With a variable it gets a place of ours, and only its last name goes along.
  if (isTooLong(variable === undefined ? path : (path.split("/").at(-1) ?? ""))) {
    const most = `${limits.jobPathBytes} bytes, and ${limits.fileNameBytes} in one name`;
    return [{ field, description: `is too long: a path has at most ${most}` }];
  }
  const leaves = path.startsWith("/") || path.split("/").includes("..");
  if (variable !== undefined || !leaves) return [];
  const description = `"${path}" leaves the working directory: use a relative path without .., or give it a variable`;
  return [{ field, description }];
}

function isTooLong(path: string): boolean {
  const bytes = (text: string): number => new TextEncoder().encode(text).length;
  return (
    bytes(path) > limits.jobPathBytes ||
    path.split("/").some((name) => bytes(name) > limits.fileNameBytes)
  );
}

export function contentProblems({ at, value }: Placed<StoredFile>): readonly WrongField[] {
  const wrong: WrongField[] = [];
  if (!SHA256.test(value.sha256)) {
    const description = `"${value.sha256.slice(0, 80)}" is not 64 lower-case hex digits`;
    wrong.push({ field: `${at}.sha256`, description });
  }
  if (value.bytes < 0 || value.bytes > limits.jobFileBytes) {
    const description = `${value.bytes} is not in 0 to ${limits.jobFileBytes} bytes`;
    wrong.push({ field: `${at}.size_bytes`, description });
  }
  return wrong;
}

/** All contents of a job together: how large they are, and that one content has one size. */
export function contentsProblems(
  at: string,
  files: readonly Placed<StoredFile>[],
): readonly WrongField[] {
  const wrong: WrongField[] = [];
  const sizes = new Map<string, number>();
  for (const { at: place, value } of files) {
    const known = sizes.get(value.sha256) ?? value.bytes;
    sizes.set(value.sha256, known);
    if (known === value.bytes) continue;
    const description = `says ${value.bytes} bytes, but another file with this sha256 says ${known}`;
    wrong.push({ field: `${place}.size_bytes`, description });
  }
  const total = files.reduce((sum, { value }) => sum + Math.max(0, value.bytes), 0);
  if (total > limits.jobInputsBytes) {
    const description = `are ${total} bytes together, more than ${limits.jobInputsBytes}`;
    wrong.push({ field: at, description });
  }
  return wrong;
}

/** Names for `${NAME}`: well formed, not reserved, and each given to one thing only. */
export function variableProblems(names: readonly Placed<string>[]): readonly WrongField[] {
  const wrong = names.flatMap(({ at, value }) => {
    if (VARIABLE_NAME.test(value) && value !== PROJECT_HOME_VARIABLE) return [];
    const description = `"${value.slice(0, 80)}" cannot name a variable: use 1 to 50 letters, digits, - and _, and not ${PROJECT_HOME_VARIABLE}`;
    return [{ field: at, description }];
  });
  return [...wrong, ...repeatProblems(names)];
}

/** Every text stands once. */
export function repeatProblems(texts: readonly Placed<string>[]): readonly WrongField[] {
  const first = new Map<string, string>();
  return texts.flatMap(({ at, value }) => {
    const earlier = first.get(value);
    if (earlier === undefined) {
      first.set(value, at);
      return [];
    }
    return [{ field: at, description: `"${value.slice(0, 80)}" is in ${earlier} already` }];
  });
}

/** A list's length. Requirements may be many: a whole environment frozen by pip. */
export function lengthProblems(
  { at, value }: Placed<number>,
  most: number = limits.jobListEntries,
): readonly WrongField[] {
  if (value <= most) return [];
  return [{ field: at, description: `has ${value} entries and may have ${most}` }];
}

/** Somebody must know what a second on each of these costs. */
export function instanceTypeProblems(
  at: string,
  types: readonly string[],
  hasRate: (type: string) => boolean,
): readonly WrongField[] {
  if (types.length === 0) return [{ field: at, description: "is empty: name one, such as c1.4" }];
  return types.flatMap((type, index) => {
    if (hasRate(type)) return [];
    const description = `no rate is known for "${type.slice(0, 80)}": use a known type such as c1.4, or add it to \`rates\``;
    return [{ field: `${at}[${index}].name`, description }];
  });
}

export function pythonVersionProblems({ at, value }: Placed<string>): readonly WrongField[] {
  if (value === "" || PYTHON_VERSION.test(value)) return [];
  return [{ field: at, description: `"${value.slice(0, 80)}" is not like 3.12` }];
}

/** How long data is kept: a positive time, ten years at most. */
export function dataTtlProblems({ at, value }: Placed<number>): readonly WrongField[] {
  if (value > 0 && value <= limits.jobDataTtlMaxMs) return [];
  const description = `${value / 1_000} s is not in 0.001 to ${limits.jobDataTtlMaxMs / 1_000} s`;
  return [{ field: at, description }];
}

export function diskProblems({ at, value }: Placed<number>): readonly WrongField[] {
  if (value >= limits.jobDiskMinBytes && value <= limits.jobDiskMaxBytes) return [];
  const gb = (bytes: number): number => bytes / 1024 ** 3;
  const description = `${gb(value)} is not in ${gb(limits.jobDiskMinBytes)} to ${gb(limits.jobDiskMaxBytes)}`;
  return [{ field: at, description }];
}
