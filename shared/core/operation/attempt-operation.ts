import type { AnyJson } from "../json.ts";
import type { RunId } from "../ids.ts";
import { formatInstant, type Instant } from "../time/instant.ts";

/** The metadata of an attempt's operation: `orrery.v1.AttemptMetadata` in JSON. */
export function attemptMetadata(attempt: {
  readonly run: RunId;
  readonly number: number;
  readonly status: string;
  readonly startedAt?: Instant | undefined;
}): AnyJson {
  const { run, number, status, startedAt } = attempt;
  return {
    "@type": "type.googleapis.com/orrery.v1.AttemptMetadata",
    run,
    attempt: number,
    status,
    ...(startedAt === undefined ? {} : { startedAt: formatInstant(startedAt) }),
  };
}

/** The response of an attempt whose program spoke: `orrery.v1.AttemptResponse` in JSON. */
export function attemptResponse(returnCode: number): AnyJson {
  return {
    "@type": "type.googleapis.com/orrery.v1.AttemptResponse",
    returnCode: String(returnCode),
  };
}
