import { assert } from "../../core/assert.ts";

/** One segment of a template: a text, any one segment (`*`), or all that follow (`**`). */
type TemplateSegment =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "one" }
  | { readonly kind: "rest" };

/** A variable and the segments it covers, `to` not among them; the last may be `**`. */
export interface TemplateVariable {
  /** Proto field names, from the request inwards. */
  readonly path: readonly string[];
  readonly from: number;
  readonly to: number;
  /** One segment is decoded whole; in a value of several, an encoded slash stays encoded. */
  readonly spans: "one" | "several";
}

/** A path template of `google.api.http`. Source: google/api/http.proto, "Path template syntax". */
export interface PathTemplate {
  readonly text: string;
  readonly segments: readonly TemplateSegment[];
  readonly variables: readonly TemplateVariable[];
  /** What follows the colon behind the last segment. */
  readonly verb?: string;
}

const VERB = /^[A-Za-z0-9_-]+$/;
const LITERAL = /^[A-Za-z0-9_.~-]+$/;
const FIELD_PATH = /^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*$/;

/** Reads a template. One that breaks the syntax is a mistake in our protos, and an assertion. */
export function parseTemplate(text: string): PathTemplate {
  assert(text.startsWith("/"), `the path template ${text} begins with a slash`);
  const { path, verb } = splitVerb(text);
  const segments: TemplateSegment[] = [];
  const variables: TemplateVariable[] = [];
  // A slash inside braces belongs to the variable's own pattern.
  for (const part of path.slice(1).split(/\/(?![^{]*\})/)) {
    const variable = /^\{([^{}=]+)(?:=([^{}]+))?\}$/.exec(part);
    if (variable === null) {
      segments.push(segmentOf(part, text));
      continue;
    }
    const [, name = "", pattern = "*"] = variable;
    assert(FIELD_PATH.test(name), `the variable ${name} of ${text} is a field path`);
    const covered = pattern.split("/").map((each) => segmentOf(each, text));
    const from = segments.length;
    segments.push(...covered);
    const spans = covered.length === 1 && covered[0]?.kind !== "rest" ? "one" : "several";
    variables.push({ path: name.split("."), from, to: segments.length, spans });
  }
  const rest = segments.findIndex(({ kind }) => kind === "rest");
  assert(rest === -1 || rest === segments.length - 1, `** is the last segment of ${text}`);
  return { text, segments, variables, ...(verb === undefined ? {} : { verb }) };
}

function splitVerb(text: string): { readonly path: string; readonly verb?: string } {
  const at = text.indexOf(":", Math.max(text.lastIndexOf("/"), text.lastIndexOf("}")));
  if (at === -1) return { path: text };
  const verb = text.slice(at + 1);
  assert(VERB.test(verb), `the verb of ${text} is a word`);
  return { path: text.slice(0, at), verb };
}

function segmentOf(text: string, template: string): TemplateSegment {
  if (text === "*") return { kind: "one" };
  if (text === "**") return { kind: "rest" };
  assert(LITERAL.test(text), `${text} in ${template} is a segment`);
  return { kind: "literal", text };
}

/** Whether the segments of a path, as they were sent, fit; a wildcard takes no empty segment. */
export function fits(template: PathTemplate, sent: readonly string[]): boolean {
  const { segments } = template;
  const rest = segments.at(-1)?.kind === "rest";
  const fixed = rest ? segments.length - 1 : segments.length;
  if (rest ? sent.length < fixed : sent.length !== fixed) return false;
  return sent.every((text, index) => {
    const wanted = segments[index];
    return wanted?.kind === "literal" ? wanted.text === text : text !== "";
  });
}

/** The decoded value of a variable, or undefined where the path is no percent-encoded UTF-8. */
export function valueOf(
  variable: TemplateVariable,
  template: PathTemplate,
  sent: readonly string[],
): string | undefined {
  const isOpen = template.segments[variable.to - 1]?.kind === "rest";
  const covered = sent.slice(variable.from, isOpen ? undefined : variable.to);
  const decoded = covered.map((text) =>
    variable.spans === "one" ? decode(text) : decodeButSlashes(text),
  );
  return decoded.some((text) => text === undefined) ? undefined : decoded.join("/");
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function decodeButSlashes(text: string): string | undefined {
  const parts = text.split(/%2f/i).map(decode);
  return parts.some((part) => part === undefined) ? undefined : parts.join("%2F");
}

const RANK = { literal: 0, one: 1, rest: 2 } as const;

/** Sorts the more particular template first: from the left, a literal before `*` before `**`. */
export function byParticularity(left: PathTemplate, right: PathTemplate): number {
  for (const [index, segment] of left.segments.entries()) {
    const other = right.segments[index];
    if (other === undefined) return -1;
    const order = RANK[segment.kind] - RANK[other.kind];
    if (order !== 0) return order;
  }
  return left.segments.length - right.segments.length;
}
