import { withoutSecrets, type Span } from "./secret-places.ts";

const SHOWN_CHARACTERS = 100;

/** A place in a text, and what around it must not be shown. */
interface Scene {
  readonly text: string;
  readonly offset: number;
  /** The offset its line starts at. */
  readonly lineAt: number;
  readonly secrets: readonly Span[];
  /** The text did not parse, so there may be secrets nobody knows of. */
  readonly broken: boolean;
}

/**
 * The line an offset stands on with a caret under it, or the part of it around the place. Secrets
 * are starred out, and in a text that does not parse nothing is shown after the name of one, on its
 * line or the next.
 */
export function excerptOf({ text, offset, lineAt, secrets, broken }: Scene): string {
  const ahead = text.slice(offset, offset + SHOWN_CHARACTERS);
  const lineEnd = offset + (/\n/.exec(ahead)?.index ?? ahead.length);
  // A line may be as long as the file: only the part to be shown is ever touched.
  const start = Math.max(
    lineAt,
    Math.min(offset - SHOWN_CHARACTERS / 2, lineEnd - SHOWN_CHARACTERS),
  );
  const shown = broken
    ? withoutSecrets(starred(text, [lineAt, lineEnd], secrets), lineBefore(text, lineAt)).slice(
        start - lineAt,
      )
    : starred(text, [start, lineEnd], secrets);

  // A tab keeps its width under the caret; other control characters must not reach a terminal.
  const line = shown.slice(0, SHOWN_CHARACTERS).replace(/[^\P{Cc}\t]/gu, " ");
  const indent = line.slice(0, offset - start).replace(/[^\t]/g, " ");
  return `${line.trimEnd()}\n${indent.padEnd(offset - start)}^`;
}

function starred(text: string, [partAt, partEnd]: Span, secrets: readonly Span[]): string {
  let shown = text.slice(partAt, partEnd);
  for (const [from, to] of secrets) {
    if (to <= partAt || from >= partEnd) continue;
    const start = Math.max(from, partAt) - partAt;
    const stop = Math.min(to, partEnd) - partAt;
    shown = shown.slice(0, start) + "*".repeat(stop - start) + shown.slice(stop);
  }
  return shown;
}

function lineBefore(text: string, lineAt: number): string {
  if (lineAt === 0) return "";
  return text.slice(text.lastIndexOf("\n", lineAt - 2) + 1, lineAt);
}
