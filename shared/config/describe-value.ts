import { mayBeSecret } from "./secret-places.ts";

type Path = readonly (string | number)[];

const SHOWN_CHARACTERS = 60;
const PHRASE_CHARACTERS = 1_000;
/** What stands at a path, in plain words: `"fivem" (text)`, `5 (number)`, `a list`. */
export function describeValue(value: unknown, path: Path): string {
  switch (typeof value) {
    case "string":
      if (value === "") return "an empty text";
      return mayBeSecret(path) ? "text" : `${quoted(value)} (text)`;
    case "number":
      return mayBeSecret(path) ? "a number" : `${value} (number)`;
    case "boolean":
      return `${String(value)} (boolean)`;
    case "object":
      if (value === null) return "nothing";
      return Array.isArray(value) ? "a list" : "a mapping";
    default:
      return "nothing";
  }
}

/** The text in double quotes, control characters escaped, cut where it gets long. */
export function quoted(text: string): string {
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  return JSON.stringify(shown);
}

/** A phrase from anywhere, made fit for one line of a terminal. */
export function printable(phrase: string): string {
  const line = phrase.replace(/\p{Cc}+/gu, " ");
  return line.length > PHRASE_CHARACTERS ? `${line.slice(0, PHRASE_CHARACTERS)}…` : line;
}
