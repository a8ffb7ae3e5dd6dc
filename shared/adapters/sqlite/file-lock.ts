import { DatabaseSync } from "node:sqlite";

/** Whoever only asks for a lock may drop the answer: collected, it would let go of the lock. */
const held = new Set<DatabaseSync>();

/**
 * Takes an exclusive lock on a file for the life of this process, or answers undefined where
 * another process still has it after `waitMs`. The operating system drops the lock with the process,
 * so not even `kill -9` leaves it behind. The returned function gives it back.
 */
export function lockFile(path: string, waitMs: number): (() => void) | undefined {
  const database = new DatabaseSync(path);
  try {
    database.exec(`PRAGMA busy_timeout = ${waitMs}; BEGIN EXCLUSIVE`);
  } catch {
    database.close();
    return undefined;
  }
  held.add(database);
  return () => {
    held.delete(database);
    database.close();
  };
}
