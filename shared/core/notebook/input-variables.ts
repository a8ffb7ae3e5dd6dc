import type { WrongField } from "../errors.ts";
import type { Json } from "../json.ts";
import { limits } from "../limits.ts";

/** The texts under which a notebook finds its variables in the environment. */
export function variableTexts(
  variables: Readonly<Record<string, Json>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}

/** What is wrong with variables that a caller gives; undefined where nothing is. */
export function wrongVariables(variables: Readonly<Record<string, Json>>): WrongField | undefined {
  const field = "input_variables";
  let bytes = 0;
  for (const [name, text] of Object.entries(variableTexts(variables))) {
    bytes += new TextEncoder().encode(name + text).length;
    if (name === "" || name.includes("=") || `${name}${text}`.includes("\0")) {
      const description = `"${name}" cannot stand in an environment: a name has no "=" and is not empty, and no value has U+0000`;
      return { field, description };
    }
  }
  if (bytes <= limits.notebookInputBytes) return undefined;
  const most = limits.notebookInputBytes;
  return { field, description: `All together have at most ${most} bytes, got ${bytes}` };
}
