import { withoutSecrets, type Span } from "./secret-places.ts";

const SHOWN_CHARACTERS = 100;

interface Hidden {
  /** Offsets that hold secrets. */
  readonly spans: readonly Span[];
  /** The text did not parse, so spans may be missing where a secret is. */
  readonly broken: boolean;
}

/**
 * The line an offset stands on with a caret under it. Secrets are starred out, and in a text that
 * does not parse nothing is shown after the name of one, on its line or the next.
 */
export function excerptOf(text: string, offset: number, hidden: Hidden): string {
  const from = offset === 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
  const end = text.indexOf("\n", offset);
  const to = end === -1 ? text.length : end;
  let line = text.slice(from, to);
  for (const [secretFrom, secretTo] of hidden.spans) {
    if (secretTo <= from || secretFrom >= to) continue;
    const start = Math.min(Math.max(secretFrom - from, 0), line.length);
    const stop = Math.min(Math.max(secretTo - from, start), line.length);
    line = line.slice(0, start) + "*".repeat(stop - start) + line.slice(stop);
  }
  if (hidden.broken) {
    const before = text.slice(text.lastIndexOf("\n", from - 2) + 1, from);
    line = withoutSecrets(line, before);
  }

  const column = offset - from;
  const start = Math.max(
    0,
    Math.min(column - SHOWN_CHARACTERS / 2, line.length - SHOWN_CHARACTERS),
  );
  // A tab keeps its width under the caret; other control characters must not reach a terminal.
  const shown = line.slice(start, start + SHOWN_CHARACTERS).replace(/[^\P{Cc}\t]/gu, " ");
  const indent = shown.slice(0, column - start).replace(/[^\t]/g, " ");
  return `${shown.trimEnd()}\n${indent.padEnd(column - start)}^`;
}
