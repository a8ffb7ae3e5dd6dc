import { chmod, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { assert } from "../../core/assert.ts";
import { hasCode, makeDirectory, type AttemptPlace } from "./attempt-place.ts";
import { findExecution } from "./execution.ts";
import { groupLives } from "./process-identity.ts";
import { isPreparing } from "./stop-execution.ts";

/**
 * Removes everything of an attempt that has ended; one that is prepared or runs is a bug of the
 * caller. Afterwards the attempt is like one that never started, so only a settled one is cleared.
 * It leaves its place in one step: no poll ever finds a part of it. Repeating is safe, and goes on
 * with what a crash left.
 */
export async function clearAttempt(place: AttemptPlace): Promise<void> {
  const execution = await findExecution(place);
  const lives =
    execution === undefined ? await isPreparing(place) : await groupLives(execution.leader);
  assert(!lives, `${place.attempt} has ended before it is cleared`);
  await makeDirectory(dirname(place.cleared));
  try {
    await rename(place.directory, place.cleared);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
  await removeTree(place.cleared);
}

/** Also where a program took its own rights to a folder away, as caches of modules do. */
async function removeTree(path: string): Promise<void> {
  const remove = async (): Promise<void> => await rm(path, { recursive: true, force: true });
  try {
    await remove();
  } catch (error) {
    if (!hasCode(error, "EACCES", "EPERM", "ENOTEMPTY")) throw error;
    await openFolders(path);
    await remove();
  }
}

async function openFolders(path: string): Promise<void> {
  await chmod(path, 0o700);
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await openFolders(join(path, entry.name));
  }
}
