import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Random } from "../../ports/random.ts";
import { hasCode } from "../process/attempt-place.ts";

/**
 * The key that signs a data directory's URLs. The first use makes a random one that only this user
 * can read; every later use, in any process, finds the same.
 */
export function signingKey(file: string, random: Random): string {
  const found = readKey(file);
  if (found !== undefined) return found;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const fresh = `${file}.${random.id()}`;
  // On the disk before it has its name: an empty key, which a crash could leave, is one anybody knows.
  writeFileSync(fresh, `${random.id()}${random.id()}\n`, { mode: 0o600, flush: true });
  try {
    // A link comes whole, and only where there is none: of two processes one makes the key.
    linkSync(fresh, file);
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  } finally {
    rmSync(fresh);
  }
  return readFileSync(file, "utf8");
}

function readKey(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
