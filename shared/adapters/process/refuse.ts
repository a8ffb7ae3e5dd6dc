import { OrreryError } from "../../core/errors.ts";

/** Ends a preparation that cannot succeed for this job; `check` turns the same into a refusal. */
export function refuse(reason: string, cause?: unknown): never {
  throw new OrreryError("EXECUTION_PREPARE_FAILED", reason, { cause });
}
