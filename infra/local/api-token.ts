import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "../../shared/ports/random.ts";

/** Where a data directory keeps the bearer token of its HTTP API. */
export function tokenFile(directory: string): string {
  return join(directory, "token");
}

/**
 * The data directory's token; the first start makes a random one that only this user can read.
 * Every later start finds the same.
 */
export function apiToken(directory: string, random: Random): string {
  const file = tokenFile(directory);
  const found = readToken(file);
  if (found !== "") return found;
  // Renamed into place whole: an empty file, which a crash could leave, is a token anybody knows.
  const made = `${random.id()}${random.id()}`;
  writeFileSync(`${file}.new`, `${made}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return made;
}

function readToken(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
