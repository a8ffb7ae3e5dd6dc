import type { Log, LogEntry } from "../../shared/ports/log.ts";

/** A log that keeps what is written, for a test to look at. */
export interface KeptLog extends Log {
  readonly entries: readonly LogEntry[];
}

export function keptLog(): KeptLog {
  const entries: LogEntry[] = [];
  return { entries, write: (entry) => void entries.push(entry) };
}
