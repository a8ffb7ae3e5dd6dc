import { readFileSync } from "node:fs";

/** Reads a file of this package: it lies one folder up from here, in the sources and packed alike. */
export function readPackageFile(name: string): string {
  return readFileSync(new URL(`../${name}`, import.meta.url), "utf8");
}
