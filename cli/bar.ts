/** A part of a bar: what it is a share of the whole, and what it is drawn with. */
export interface BarPart {
  readonly share: number;
  readonly char: string;
}

/** Spent or filled, held, and nothing: told apart without colours. */
export const FULL = "█";
export const HELD = "▒";
const EMPTY = "░";

/**
 * A bar of so many characters, its parts from the left. Each is rounded up, so that the least shows,
 * and the bar never grows for it: later parts have what is left.
 */
export function bar(parts: readonly BarPart[], chars: number): string {
  let text = "";
  for (const { share, char } of parts) {
    const wanted = Math.ceil(Math.min(1, Math.max(0, share)) * chars);
    text += char.repeat(Math.min(wanted, chars - text.length));
  }
  return text.padEnd(chars, EMPTY);
}
