import { quoted } from "./describe-value.ts";
import type { JobTexts } from "./job-schema.ts";
import type { Finding } from "./located-problem.ts";
import type { Sound } from "./sound-value.ts";

type Variables = NonNullable<NonNullable<JobTexts["env"]>["vars"]>;

/**
 * The variables a job runs with. A bare `NAME` in the list copies the value it has where the file
 * is read; a mapping in place of the list is an older form with the same meaning.
 */
export function readEnvironment(
  vars: Variables,
  environment: (name: string) => string | undefined,
): Sound<Readonly<Record<string, string>>> {
  if (!Array.isArray(vars)) return { findings: [], value: vars };
  const values = new Map<string, string>();
  const findings: Finding[] = [];
  vars.forEach((entry, index) => {
    const path = ["env", "vars", index];
    const pairs: [string, string | undefined][] =
      typeof entry === "string" ? [[entry, environment(entry)]] : Object.entries(entry);
    for (const [name, value] of pairs) {
      if (values.has(name)) {
        const found = `the variable ${quoted(name)} again`;
        findings.push({ path, found, expected: "every variable once" });
      } else if (value === undefined) {
        const found = `no value for ${quoted(name)} in this environment`;
        findings.push({ path, found, expected: `${name} set here, or ${name}: value` });
      } else {
        values.set(name, value);
      }
    }
  });
  return { findings, value: Object.fromEntries(values) };
}
