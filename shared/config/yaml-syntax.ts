import type { Document, YAMLError } from "yaml";
import type { Finding } from "./located-problem.ts";

type ErrorCode = YAMLError["code"];

/**
 * What each complaint of the parser means, in our words. Its own messages quote the text, which
 * may be an unquoted secret.
 */
const MEANING: Readonly<Partial<Record<ErrorCode, readonly [found: string, expected: string]>>> = {
  BAD_DIRECTIVE: ["a % directive that YAML does not have", "none, or %YAML 1.2"],
  BAD_DQ_ESCAPE: [
    'an escape that "double quotes" do not have',
    "one of YAML's, or 'single quotes', which have none",
  ],
  BAD_INDENT: [
    "a line whose indentation does not match",
    "the same indentation for all entries of a list or mapping",
  ],
  BAD_SCALAR_START: ["a text that starts with a character YAML reserves", "quotes around the text"],
  BLOCK_AS_IMPLICIT_KEY: [
    "a second name on one line",
    "each name on its own line, or quotes around a text with a colon",
  ],
  BLOCK_IN_FLOW: [
    "an indented block inside { } or [ ]",
    "only { }, [ ] and plain values inside brackets",
  ],
  MISSING_CHAR: [
    "something that is never closed or separated",
    "the closing quote, bracket, comma or colon",
  ],
  MULTILINE_IMPLICIT_KEY: ["a name without its colon", "name: value"],
  MULTIPLE_DOCS: ["a second document", "one document: no --- or ... between parts"],
  RESOURCE_EXHAUSTION: ["nesting too deep to read", "a few levels of nesting"],
  TAB_AS_INDENT: ["a tab in the indentation", "spaces"],
  TAG_RESOLVE_FAILED: ["a tag (!)", "a plain value without a tag, or quotes around the text"],
};

/**
 * The parser's complaints as findings. Of its errors the first alone, for after one slip it no
 * longer knows where it is and complains about every line that follows; of faulty tags all.
 */
export function syntaxFindings({ errors, warnings }: Document): readonly Finding[] {
  const first = errors.reduce<YAMLError | undefined>(
    (earliest, error) => (earliest && earliest.pos[0] <= error.pos[0] ? earliest : error),
    undefined,
  );
  return (first === undefined ? warnings : [first]).map((error) => {
    const [found, expected] = MEANING[error.code] ?? ["text that is not YAML", "valid YAML 1.2"];
    return { path: [], found, expected, at: { offset: error.pos[0] } };
  });
}
