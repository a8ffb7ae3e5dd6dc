import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** This package's folder: it is one up from here, in the sources and packed alike. */
export function packageFolder(): string {
  return fileURLToPath(new URL("../", import.meta.url));
}

/** Reads a file of this package. */
export function readPackageFile(name: string): string {
  return readFileSync(new URL(`../${name}`, import.meta.url), "utf8");
}
