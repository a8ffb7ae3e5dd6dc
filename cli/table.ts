import type { Style, Terminal } from "./terminal.ts";

/** A cell, dressed or plain. */
export type Cell = string | { readonly text: string; readonly style: Style };

/** Prints rows in columns as wide as their widest cell, two spaces apart, indented by `indent`. */
export function printTable(
  terminal: Terminal,
  rows: readonly (readonly Cell[])[],
  indent = "",
): void {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, textOf(cell).length);
    }
  }
  for (const row of rows) {
    const cells = row.map((cell, column) => {
      const gap = column === row.length - 1 ? 0 : (widths[column] ?? 0) - textOf(cell).length + 2;
      const shown = typeof cell === "string" ? cell : terminal.dress(cell.style, cell.text);
      return shown + " ".repeat(gap);
    });
    terminal.out(`${indent}${cells.join("")}`.trimEnd());
  }
}

/** Column titles, as the first row of a table. */
export function titles(...names: readonly string[]): readonly Cell[] {
  return names.map((text) => ({ text, style: "bold" }));
}

function textOf(cell: Cell): string {
  return typeof cell === "string" ? cell : cell.text;
}
