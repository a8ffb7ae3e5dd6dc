import { assertNever } from "../assert.ts";
import { parsed, unparsed, type Parsed, type Problem } from "../problem.ts";
import type { Instant } from "../time/instant.ts";
import { formatLocal } from "../time/zone.ts";
import { formatDate, parseDateFormat, type DateFormat } from "./date-format.ts";

/**
 * Texts with holes: `s3://reports/{{ nominalAt | date('yyyy-MM-dd') }}.csv`. A hole holds one of the
 * names below, and an instant may be sent through `date`. There is nothing to call and nothing to
 * look up, so a text from a file can do no more than print what we hand it.
 */
const INSTANT_NAMES = ["nominalAt", "effectiveAt"] as const;
const TEXT_NAMES = ["schedule", "run", "project", "attempt"] as const;
type InstantName = (typeof INSTANT_NAMES)[number];
type TextName = (typeof TEXT_NAMES)[number];

/** What the holes may print. `timezone` is the schedule's, and an instant prints in it. */
export type TemplateValues = Readonly<
  Record<InstantName, Instant> & Record<TextName, string> & { timezone: string }
>;

type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "name"; readonly name: TextName }
  | { readonly kind: "instant"; readonly name: InstantName; readonly format?: DateFormat };

/** A text that was checked whole, ready to be printed any number of times. */
export type Template = readonly Part[];

/** Reads a text with holes. Each faulty hole is a problem of its own, without a path. */
export function parseTemplate(text: string): Parsed<Template> {
  const parts: Part[] = [];
  const problems: Problem[] = [];
  let restAt = 0;
  for (;;) {
    const openAt = text.indexOf("{{", restAt);
    parts.push({ kind: "text", text: text.slice(restAt, openAt < 0 ? undefined : openAt) });
    if (openAt < 0) break;
    const closeAt = endOfHole(text, openAt + 2);
    if (closeAt === undefined) {
      const expected = "}} to close the hole; a literal {{ is written {{ '{{' }}";
      problems.push({ path: [], found: text.slice(openAt, openAt + EXCERPT_CHARS), expected });
      break;
    }
    const hole = parseHole(text.slice(openAt + 2, closeAt).trim());
    if (hole.ok) parts.push(hole.value);
    else problems.push(...hole.problems);
    restAt = closeAt + 2;
  }
  return problems.length > 0 ? unparsed(...problems) : parsed(parts);
}

/** Prints a template. An instant without a format prints as ISO 8601 in the zone. */
export function renderTemplate(template: Template, values: TemplateValues): string {
  return template.map((part) => renderPart(part, values)).join("");
}

function renderPart(part: Part, values: TemplateValues): string {
  switch (part.kind) {
    case "text":
      return part.text;
    case "name":
      return values[part.name];
    case "instant":
      return part.format === undefined
        ? formatLocal(values.timezone, values[part.name])
        : formatDate(part.format, values.timezone, values[part.name]);
    default:
      return assertNever(part);
  }
}

/** Where `}}` stands outside quotes. */
function endOfHole(text: string, fromAt: number): number | undefined {
  const token = /'[^']*'|"[^"]*"|\}\}/g;
  token.lastIndex = fromAt;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    if (match[0] === "}}") return match.index;
  }
  return undefined;
}

/** Enough of an open hole to find it by. */
const EXCERPT_CHARS = 40;
const QUOTED = /^(?:'((?:[^']|'')*)'|"((?:[^"]|"")*)")$/;

/** What stands between quotes, where a doubled quote means one. */
function unquoted(text: string): string | undefined {
  const match = QUOTED.exec(text);
  return match?.[1]?.replaceAll("''", "'") ?? match?.[2]?.replaceAll('""', '"');
}

const HOLE = /^(?<name>\w+)(?:\s*\|\s*(?<filter>\w+)\s*(?:\((?<argument>[^]*)\))?)?$/;
const KNOWN = [...INSTANT_NAMES, ...TEXT_NAMES].join(", ");

function parseHole(text: string): Parsed<Part> {
  const literal = unquoted(text);
  if (literal !== undefined) return parsed({ kind: "text", text: literal });
  const groups = HOLE.exec(text)?.groups;
  if (groups === undefined) {
    const found = text === "" ? "an empty hole" : text;
    return refused(found, `a name (${KNOWN}), with | date('…') if it is an instant`);
  }
  const { name = "", filter, argument } = groups;
  const textName = TEXT_NAMES.find((known) => known === name);
  const instantName = INSTANT_NAMES.find((known) => known === name);
  if (textName === undefined && instantName === undefined) {
    return refused(`the name ${name}`, `one of ${KNOWN}`);
  }
  if (filter !== undefined && filter !== "date")
    return refused(`the filter ${filter}`, "date, the one filter there is");
  if (instantName !== undefined) return parseInstantHole(instantName, filter, argument);
  return textName !== undefined && filter === undefined
    ? parsed({ kind: "name", name: textName })
    : refused(text, `date only after ${INSTANT_NAMES.join(" or ")}`);
}

function parseInstantHole(name: InstantName, filter?: string, argument?: string): Parsed<Part> {
  if (filter === undefined) return parsed({ kind: "instant", name });
  const formatText = unquoted(argument?.trim() ?? "");
  if (formatText === undefined) {
    return refused(
      argument ?? "date without a format",
      "a quoted format, as in date('yyyy-MM-dd')",
    );
  }
  const format = parseDateFormat(formatText);
  return format.ok ? parsed({ kind: "instant", name, format: format.value }) : format;
}

const refused = (found: string, expected: string): Parsed<never> =>
  unparsed({ path: [], found, expected });
