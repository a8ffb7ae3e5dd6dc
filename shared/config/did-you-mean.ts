import { quoted } from "./describe-value.ts";

/** Beyond this many names a guess costs more than it helps: 500 take about a millisecond. */
const NAMES_MAX = 500;

/**
 * A hint at the known name a person most likely meant, to end a phrase with: empty where none is
 * near. At most a third of the letters may be wrong, a swap of neighbours counting once.
 */
export function didYouMean(text: string, known: readonly string[]): string {
  const nearest = known.length > NAMES_MAX ? undefined : nearestName(text, known);
  return nearest === undefined ? "" : ` (did you mean ${quoted(nearest)}?)`;
}

function nearestName(text: string, known: readonly string[]): string | undefined {
  let nearest: { name: string; distance: number } | undefined;
  for (const name of known) {
    const allowed = Math.floor(Math.max(name.length, text.length) / 3);
    if (Math.abs(name.length - text.length) > allowed) continue;
    const distance = editDistance(text.toLowerCase(), name.toLowerCase());
    if (distance <= allowed && distance < (nearest?.distance ?? Infinity))
      nearest = { name, distance };
  }
  return nearest?.name;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one text into the other. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = from[row - 1] === to[column - 1] ? 0 : 1;
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        (last[column] ?? Infinity) + 1,
        (current[column - 1] ?? Infinity) + 1,
        (last[column - 1] ?? Infinity) + replaced,
        swapped ? (beforeLast[column - 2] ?? Infinity) + 1 : Infinity,
      );
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}
