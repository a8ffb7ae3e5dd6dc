import { timestampFromMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import { InvalidArgumentError, Option } from "commander";
import { parseInstant, type Instant } from "../../shared/core/time/instant.ts";

/** Which entries of a ledger. */
export interface PeriodOptions {
  readonly from?: Instant;
  readonly until?: Instant;
}

export function sinceOption(): Option {
  return new Option(
    "--from <instant>",
    "only entries from then on, such as 2027-01-01T00:00:00Z or 2027-01-01 (UTC)",
  ).argParser(instantOf);
}

export function untilOption(): Option {
  return new Option("--until <instant>", "only entries before then").argParser(instantOf);
}

/** The period as a request has it. */
export function periodOf({ from, until }: PeriodOptions): {
  readonly from?: Timestamp;
  readonly until?: Timestamp;
} {
  return {
    ...(from === undefined ? {} : { from: timestampFromMs(from) }),
    ...(until === undefined ? {} : { until: timestampFromMs(until) }),
  };
}

/** A bare date is its midnight in UTC, as the ledger's own instants are. */
function instantOf(text: string): Instant {
  const at = parseInstant(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
  if (at !== undefined) return at;
  throw new InvalidArgumentError("Expected an instant such as 2027-01-31T00:00:00Z, or a date.");
}
