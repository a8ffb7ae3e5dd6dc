/** Whether trying the same thing again can help. */
export type Retry = "never" | "always" | "if_idempotent";

/**
 * Every failure the product can name, with what a retry is worth. Meaning and remedy stand in
 * `docs/errors.md`; a test holds the two lists together. Codes are never renamed.
 */
export const ERROR_CODES = {
  ADMISSION_DENIED: "never",
  ARGUMENT_INVALID: "never",
  ASSERTION_FAILED: "never",
  BALANCE_ELSEWHERE: "never",
  BALANCE_UNSET: "never",
  BUCKET_ACCESS_DENIED: "never",
  BUCKET_ADDRESS_INVALID: "never",
  BUCKET_CREDENTIALS_MISSING: "never",
  BUCKET_NOT_FOUND: "never",
  BUCKET_REFUSED: "never",
  BUCKET_UNAVAILABLE: "always",
  CHECKPOINT_NOT_FOUND: "never",
  COMMUNITY_NOT_EMPTY: "never",
  COMMUNITY_NOT_FOUND: "never",
  CONFIG_INVALID: "never",
  CONFIG_UNREADABLE: "never",
  DATA_NOT_FOUND: "never",
  DEPLOY_FAILED: "never",
  ENDPOINT_UNREACHABLE: "if_idempotent",
  ENVIRONMENT_INVALID: "never",
  EXECUTION_LIMITED: "never",
  EXECUTION_NO_CAPACITY: "never",
  EXECUTION_PREPARE_FAILED: "never",
  EXECUTION_UNSUPPORTED: "never",
  EXECUTOR_UNAVAILABLE: "always",
  FILE_NOT_FOUND: "never",
  FILE_REJECTED: "never",
  FUNCTION_FAILED: "never",
  INSTALLATION_UNSOUND: "never",
  JOB_DATA_CLEARED: "never",
  JOB_FILES_MISSING: "never",
  JOB_FINISHED: "never",
  JOB_NOT_FOUND: "never",
  JOB_RUNNING: "never",
  LEDGER_UNSOUND: "never",
  LOG_NOT_FOUND: "never",
  MESSAGE_INVALID: "never",
  MESSAGE_TOO_LARGE: "never",
  NAME_TAKEN: "never",
  OPERATION_NOT_FOUND: "never",
  PERMISSION_DENIED: "never",
  PLATFORM_RUNNING: "never",
  PROJECT_BUSY: "never",
  PROVIDER_OUTCOME_UNKNOWN: "if_idempotent",
  PROVIDER_UNAUTHENTICATED: "never",
  PROVIDER_UNAVAILABLE: "always",
  QUEUE_ACCESS_DENIED: "never",
  QUEUE_ADDRESS_INVALID: "never",
  QUEUE_CREDENTIALS_MISSING: "never",
  QUEUE_NOT_FOUND: "never",
  QUEUE_REFUSED: "never",
  QUEUE_THROTTLED: "always",
  QUEUE_UNAVAILABLE: "always",
  REQUEST_CONFLICT: "never",
  RESOURCE_NOT_FOUND: "never",
  RESTRICTED: "never",
  RUN_AD_HOC: "never",
  RUN_LIVE: "never",
  RUN_NOT_FOUND: "never",
  RUN_FINISHED: "never",
  RUN_UNSUCCESSFUL: "never",
  SCHEDULE_NOT_FOUND: "never",
  PROJECT_NOT_FOUND: "never",
  SPENDING_NOT_READY: "always",
  STORE_ADDRESS_INVALID: "never",
  STORE_BUSY: "always",
  STORE_CORRUPT: "never",
  STORE_OUTCOME_UNKNOWN: "if_idempotent",
  STORE_SCHEMA_BEHIND: "never",
  STORE_SCHEMA_UNKNOWN: "never",
  STORE_THROTTLED: "always",
  STORE_TOKEN_INVALID: "never",
  STORE_UNAVAILABLE: "if_idempotent",
  UNAUTHENTICATED: "never",
  USAGE: "never",
  VARIABLE_NOT_FOUND: "never",
} as const satisfies Record<string, Retry>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** A field by its path (`settings.ide`, `labels[env]`), and what would be right. */
export interface WrongField {
  readonly field: string;
  readonly description: string;
}

/** A failure of the world or of the input. A decision is a returned value, and a bug is an assertion. */
export class OrreryError extends Error {
  readonly code: ErrorCode;
  readonly retry: Retry;
  /** The fields of a request that are wrong, where the failure is about fields. */
  readonly fields: readonly WrongField[];

  /** `message` says what failed, for which id, expected against found, and what happens next. */
  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; fields?: readonly WrongField[] } = {},
  ) {
    super(message, options);
    this.name = "OrreryError";
    this.code = code;
    this.retry = ERROR_CODES[code];
    this.fields = options.fields ?? [];
  }
}

/** Fields of a request are wrong: `ARGUMENT_INVALID`, its text that of the first. */
export function wrongFields(fields: readonly WrongField[]): OrreryError {
  const [first] = fields;
  const more = fields.length > 1 ? ` (and ${fields.length - 1} more)` : "";
  const text = first === undefined ? "" : `${first.field}: ${first.description}${more}`;
  return new OrreryError("ARGUMENT_INVALID", text, { fields });
}

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
