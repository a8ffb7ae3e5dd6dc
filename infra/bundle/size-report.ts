import { ARCHIVE_KIB, BUDGETS, kibOf } from "./budgets.ts";
import type { BuiltFunction } from "./build-functions.ts";

/** How many of a bundle's parts the table names. */
const PARTS_SHOWN = 4;

/** The sizes as a table in KiB, a budget behind each `/`. */
export function sizeTable(built: readonly BuiltFunction[]): string {
  const head = ["function", "bundle", "eager", "gzip", "cache", "archive", "largest parts"];
  const rows = built.map(({ name, sizes, inputs }) => [
    name,
    `${kibOf(sizes.bundle)}/${BUDGETS[name]?.bundle ?? "?"}`,
    `${kibOf(sizes.eager)}/${BUDGETS[name]?.eager ?? "?"}`,
    `${kibOf(sizes.gzip)}`,
    `${kibOf(sizes.codeCache)}`,
    `${kibOf(sizes.archive)}/${ARCHIVE_KIB}`,
    partsOf(inputs)
      .slice(0, PARTS_SHOWN)
      .map(({ part, bytes }) => `${part} ${kibOf(bytes)}`)
      .join(", "),
  ]);
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)),
  );
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** A package, or a folder of ours, with what it takes in a bundle. */
export interface Part {
  readonly part: string;
  readonly bytes: number;
}

/** The inputs by package and by folder of ours, the largest first. */
export function partsOf(inputs: BuiltFunction["inputs"]): readonly Part[] {
  const sums = new Map<string, number>();
  for (const { path, bytes } of inputs) {
    const part = partOf(path);
    sums.set(part, (sums.get(part) ?? 0) + bytes);
  }
  return [...sums].map(([part, bytes]) => ({ part, bytes })).toSorted((a, b) => b.bytes - a.bytes);
}

function partOf(path: string): string {
  const inPackage = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
  return inPackage ?? path.split("/").slice(0, 2).join("/");
}
