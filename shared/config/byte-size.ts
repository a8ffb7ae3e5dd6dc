const UNITS = ["B", "KB", "MB", "GB", "TB", "PB"];

/**
 * Reads `100GB` or `10 TB` as bytes; anything else is undefined. Units are binary multiples, as in
 * the DataSphere Jobs CLI: 1 KB is 1,024 bytes.
 */
export function parseByteSize(text: string): number | undefined {
  const match = /^(\d+) ?([KMGTP]?B)$/.exec(text);
  if (match === null) return undefined;
  const bytes = Number(match[1]) * 1024 ** UNITS.indexOf(match[2] ?? "");
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
