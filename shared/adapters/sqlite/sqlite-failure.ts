import { OrreryError, type ErrorCode, messageOf } from "../../core/errors.ts";

/** Primary result codes of SQLite (https://sqlite.org/rescode.html) that a caller can act on. */
const BUSY = 5;
const READ_ONLY = 8;
const IO_ERROR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANNOT_OPEN = 14;
const NOT_A_DATABASE = 26;

const CODES: ReadonlyMap<number, { readonly code: ErrorCode; readonly next: string }> = new Map([
  [BUSY, { code: "STORE_BUSY", next: "another process holds the lock; try again" }],
  [READ_ONLY, { code: "STORE_UNAVAILABLE", next: "make the file and its folder writable" }],
  [IO_ERROR, { code: "STORE_UNAVAILABLE", next: "check the disk, then try again" }],
  [FULL, { code: "STORE_UNAVAILABLE", next: "free some disk space, then try again" }],
  [CANNOT_OPEN, { code: "STORE_UNAVAILABLE", next: "check that the folder is accessible" }],
  [CORRUPT, { code: "STORE_CORRUPT", next: "restore the file from a backup" }],
  [NOT_A_DATABASE, { code: "STORE_CORRUPT", next: "this file is no SQLite database" }],
]);

/** Whether SQLite refused only because another connection holds the lock it needs. */
export function isBusy(error: unknown): boolean {
  return resultCodeOf(error) === BUSY;
}

/** What the failure means to a caller; an error that is not the world's doing comes back unchanged. */
export function failureOf(error: unknown, path: string): unknown {
  const known = CODES.get(resultCodeOf(error) ?? 0);
  if (known === undefined) return error;
  const message = `The store ${path} failed: ${messageOf(error)}; ${known.next}.`;
  return new OrreryError(known.code, message, { cause: error });
}

// The low byte is the primary code; the rest says more than anybody here needs.
function resultCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  return typeof error.errcode === "number" ? error.errcode & 0xff : undefined;
}
