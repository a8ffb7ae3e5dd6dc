import * as z from "zod";
import { describeValue, quoted } from "./describe-value.ts";
import type { Finding } from "./located-problem.ts";
import { didYouMean } from "./did-you-mean.ts";

type Path = readonly (string | number)[];
type Issue = z.core.$ZodIssue;

/** Keys this version refuses although people expect them, and what to say of each. */
export type RefusedKeys = Readonly<Record<string, string>>;

const KINDS: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  int: "a whole number",
  number: "a number",
  object: "a mapping",
  record: "a mapping",
  string: "a text",
};

/**
 * Words an issue as what would be right, where its schema does not. The message of unknown keys is
 * the list of known ones, which only the schema knows: `findingsOf` reads it back.
 */
export const expectedPhrase: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case "invalid_type":
      return KINDS[issue.expected];
    case "invalid_value":
      return oneOf(issue.values.map(String));
    case "unrecognized_keys":
      return issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape).join(" ") : "";
    default:
      return undefined;
  }
};

/**
 * Every issue as a finding in plain words: what stands there, and what would be right. The issues
 * must come from a parse with `expectedPhrase`.
 */
export function findingsOf(
  issues: readonly Issue[],
  root: unknown,
  refused: RefusedKeys,
): readonly Finding[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map((step) => (typeof step === "number" ? step : String(step)));
    switch (issue.code) {
      case "unrecognized_keys": {
        const known = issue.message.split(" ");
        return issue.keys.map((key) => unknownKey([...path, key], known, refused));
      }
      case "invalid_key": {
        const name = quoted(String(path.at(-1)));
        const expected = issue.issues[0]?.message ?? issue.message;
        return [{ path, found: `the name ${name}`, expected, at: "key" as const }];
      }
      case "invalid_union":
        return unionFindings(issue.errors, path, { root, refused });
      case "invalid_value": {
        const found = valueAt(root, path);
        const meant = typeof found === "string" ? didYouMean(found, issue.values.map(String)) : "";
        return [{ path, found: describeValue(found, path), expected: issue.message + meant }];
      }
      default:
        return [{ path, found: describeValue(valueAt(root, path), path), expected: issue.message }];
    }
  });
}

/**
 * A value that fits no form of a union is judged by the form it comes nearest to: among those of
 * its own kind, the one with the fewest complaints. Of no form's kind, it is told all the forms.
 */
function unionFindings(
  forms: readonly (readonly Issue[])[],
  path: Path,
  context: { readonly root: unknown; readonly refused: RefusedKeys },
): readonly Finding[] {
  const ofItsKind = forms.filter((issues) =>
    issues.every((issue) => issue.path.length > 0 || issue.code === "unrecognized_keys"),
  );
  const judged = ofItsKind.map((issues) => {
    const placed = issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] }));
    return findingsOf(placed, context.root, context.refused);
  });
  const nearest = judged.sort((a, b) => a.length - b.length)[0];
  if (nearest !== undefined) return nearest;
  const phrases = new Set(forms.flatMap((issues) => issues[0]?.message ?? []));
  const found = describeValue(valueAt(context.root, path), path);
  return [{ path, found, expected: [...phrases].join(", or ") }];
}

function unknownKey(path: Path, known: readonly string[], refused: RefusedKeys): Finding {
  const key = String(path.at(-1));
  const found = `the unknown key ${quoted(key)}`;
  const reason = Object.hasOwn(refused, key) ? refused[key] : undefined;
  const meant = didYouMean(key, known);
  const expected = reason ?? oneOf(known) + meant;
  return { path, found, expected, at: "key" };
}

/** `one of a, b, c`. */
export function oneOf(names: readonly string[]): string {
  return names.length === 1 ? String(names[0]) : `one of ${names.join(", ")}`;
}

/** What a plain value holds at a path; undefined where it holds nothing. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step))
      return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}
