import { OrreryError } from "../../core/errors.ts";
import { DataSphereFailure } from "./failure.ts";

/**
 * What a failure means for a start: the attempt's end where the same would happen again, or
 * `EXECUTOR_UNAVAILABLE`, after which the start is repeated and finds what there is by then.
 */
export function startFailure(error: unknown): unknown {
  if (!(error instanceof DataSphereFailure)) return error;
  const { message, code, kind } = error;
  const said = (
    errorCode: ConstructorParameters<typeof OrreryError>[0],
    what: string,
  ): OrreryError => new OrreryError(errorCode, `${what}: ${message} (${code})`, { cause: error });
  switch (kind) {
    case "capacity":
      return said("EXECUTION_NO_CAPACITY", "DataSphere has no machine for it");
    case "limit":
      return said("EXECUTION_LIMITED", "DataSphere's own limits forbid it");
    case "refused":
      return said("EXECUTION_PREPARE_FAILED", "DataSphere refuses it");
    case "notFound":
      return said("EXECUTION_PREPARE_FAILED", "DataSphere does not have what it needs");
    case "denied":
      return said(
        "EXECUTION_PREPARE_FAILED",
        "The service account may not start it (it must be a member of the project, with the role " +
          "datasphere.community-projects.developer)",
      );
    case "auth":
      return said("EXECUTOR_UNAVAILABLE", "DataSphere did not accept our token");
    case "unavailable":
    case "unknownOutcome":
    case "broken":
      return said("EXECUTOR_UNAVAILABLE", "DataSphere did not answer; the start is repeated");
  }
}

/** Another starter of the same attempt was first: whoever starts again finds what it claimed. */
export function overtaken(attempt: string): OrreryError {
  return new OrreryError(
    "EXECUTOR_UNAVAILABLE",
    `Attempt ${attempt} is being started by another process as well; the start is repeated`,
  );
}

/** Whoever began before a revocation starts nothing: a new start does. */
export function revoked(attempt: string): OrreryError {
  return new OrreryError(
    "EXECUTOR_UNAVAILABLE",
    `Attempt ${attempt} was given up while it was being started: nothing of it was executed`,
  );
}
