/**
 * What a log line may carry: names, numbers, ids; never a variable's value, never a secret.
 * `name` is stable (`run.admitted`), so that a platform can show it in its own way.
 */
export interface LogEntry {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly name: string;
  /** A sentence for people. */
  readonly message: string;
  readonly fields: Readonly<Record<string, string | number | boolean | undefined>>;
}

export interface Log {
  write(entry: LogEntry): void;
}
