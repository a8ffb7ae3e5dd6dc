import type { styleText } from "node:util";
import { ApiError } from "../shared/api/api-error.ts";
import { Code } from "../shared/api/code.ts";
import { OrreryError, messageOf } from "../shared/core/errors.ts";

/** A colour or another dress of text, by its name in `node:util`. */
export type Style = Parameters<typeof styleText>[0];

/** What a command writes to; a test hands in its own. */
export interface Terminal {
  /** A line of the result, for people or for the next program. */
  out(line: string): void;
  /** A line beside the result: progress, hints, errors. */
  err(line: string): void;
  /** What a job wrote, byte for byte. */
  bytes(stream: "stdout" | "stderr", bytes: Uint8Array): void;
  /** Dresses text for `out`, where that is a screen that shows colours; elsewhere it stays plain. */
  dress(style: Style, text: string): string;
}

/**
 * Exit codes, stable: 0 done; 1 the world, the platform or the awaited run failed; 2 wrong usage or
 * wrong input; 3 what was named does not exist; 4 a platform already runs.
 */
export const EXIT = { done: 0, failed: 1, invalid: 2, notFound: 3, running: 4 } as const;

/** The exit code of an error, and its line on the terminal: what failed, and the code to look up. */
export function reportError(terminal: Terminal, thrown: unknown): number {
  // A call in this process keeps the failure behind its status.
  const error = thrown instanceof ApiError && thrown.cause !== undefined ? thrown.cause : thrown;
  if (error instanceof ApiError) {
    terminal.err(`orrery: ${error.message} [${codeName(error.code)}]`);
    return exitOf(error.code);
  }
  if (!(error instanceof OrreryError)) {
    terminal.err(`orrery: ${messageOf(error)}`);
    return EXIT.failed;
  }
  terminal.err(`orrery: ${error.message} [${error.code}]`);
  switch (error.code) {
    case "ARGUMENT_INVALID":
    case "BALANCE_ELSEWHERE":
    case "BALANCE_UNSET":
    case "CONFIG_INVALID":
    case "CONFIG_UNREADABLE":
    case "MESSAGE_INVALID":
    case "MESSAGE_TOO_LARGE":
    case "QUEUE_ADDRESS_INVALID":
    case "QUEUE_CREDENTIALS_MISSING":
    case "RUN_AD_HOC":
    case "RUN_FINISHED":
    case "RUN_LIVE":
    case "STORE_ADDRESS_INVALID":
    case "STORE_TOKEN_INVALID":
    case "USAGE":
      return EXIT.invalid;
    case "DATA_NOT_FOUND":
    case "LOG_NOT_FOUND":
    case "PROJECT_NOT_FOUND":
    case "RESOURCE_NOT_FOUND":
    case "RUN_NOT_FOUND":
    case "SCHEDULE_NOT_FOUND":
      return EXIT.notFound;
    case "PLATFORM_RUNNING":
      return EXIT.running;
    default:
      return EXIT.failed;
  }
}

/** The exit code of what a platform elsewhere answered, which tells no code of ours. */
function exitOf(code: number): number {
  switch (code) {
    case Code.INVALID_ARGUMENT:
    case Code.FAILED_PRECONDITION:
    case Code.ALREADY_EXISTS:
      return EXIT.invalid;
    case Code.NOT_FOUND:
      return EXIT.notFound;
    default:
      return EXIT.failed;
  }
}

function codeName(code: number): string {
  return Object.entries(Code).find(([, value]) => value === code)?.[0] ?? String(code);
}

/** Prints a value as the stable JSON of `--json`: one document, two spaces. */
export function printJson(terminal: Terminal, value: unknown): void {
  terminal.out(JSON.stringify(value, undefined, 2));
}
