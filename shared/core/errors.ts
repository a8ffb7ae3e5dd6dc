/** Whether trying the same thing again can help. */
export type Retry = "never" | "always" | "if_idempotent";

/**
 * Every failure the product can name, with what a retry is worth. Meaning and remedy stand in
 * `docs/errors.md`; a test holds the two lists together. Codes are never renamed.
 */
export const ERROR_CODES = {
  CONFIG_INVALID: "never",
  CONFIG_UNREADABLE: "never",
  DATA_NOT_FOUND: "never",
  EXECUTION_PREPARE_FAILED: "never",
  EXECUTOR_UNAVAILABLE: "always",
  LOG_NOT_FOUND: "never",
  MESSAGE_INVALID: "never",
  MESSAGE_TOO_LARGE: "never",
  PLATFORM_RUNNING: "never",
  RUN_NOT_FOUND: "never",
  RUN_FINISHED: "never",
  RUN_UNSUCCESSFUL: "never",
  SCHEDULE_NOT_FOUND: "never",
  PROJECT_NOT_FOUND: "never",
  STORE_BUSY: "always",
  STORE_CORRUPT: "never",
  STORE_SCHEMA_UNKNOWN: "never",
  STORE_UNAVAILABLE: "if_idempotent",
  USAGE: "never",
} as const satisfies Record<string, Retry>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** A failure of the world or of the input. A decision is a returned value, and a bug is an assertion. */
export class OrreryError extends Error {
  readonly code: ErrorCode;
  readonly retry: Retry;

  /** `message` says what failed, for which id, expected against found, and what happens next. */
  constructor(code: ErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "OrreryError";
    this.code = code;
    this.retry = ERROR_CODES[code];
  }
}

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
