import type { Message } from "@bufbuild/protobuf";
import type { Duration, FieldMask, Timestamp } from "@bufbuild/protobuf/wkt";
import { SECOND_MS } from "../../core/time/duration.ts";
import { INSTANT_MAX } from "../../core/time/instant.ts";
import { pathOf, type Violations } from "./violations.ts";

/** Google's own messages have ranges that no option states. */
export type KnownCheck = (value: unknown, path: string, violations: Violations) => void;

/** Ten thousand years: what `google.protobuf.Duration` may say. */
const DURATION_MAX_SECONDS = 315_576_000_000n;
const INSTANT_MAX_SECONDS = BigInt(Math.floor(INSTANT_MAX / SECOND_MS));
const NANOS = 1_000_000_000;

/** By the name of the message; a wrapper is not among them: its field holds the bare value. */
export const KNOWN_CHECKS: Readonly<Record<string, KnownCheck>> = {
  "google.protobuf.Timestamp": (value, path, violations) => {
    const { seconds, nanos } = value as Timestamp;
    const isSound = seconds >= 0n && seconds <= INSTANT_MAX_SECONDS && nanos >= 0 && nanos < NANOS;
    if (!isSound) violations.add(path, "must be a time in the years 1970 to 9999");
  },
  "google.protobuf.Duration": (value, path, violations) => {
    const { seconds, nanos } = value as Duration;
    const isSound =
      seconds >= -DURATION_MAX_SECONDS &&
      seconds <= DURATION_MAX_SECONDS &&
      Math.abs(nanos) < NANOS &&
      Number(seconds) * nanos >= 0;
    if (!isSound) violations.add(path, "must be a duration of at most 10,000 years");
  },
  "google.protobuf.Struct": checkJson,
  // What is inside names its own type, and no request has one.
  "google.protobuf.Any": () => undefined,
};

/** A JSON value: no U+0000 in its texts, no number that JSON cannot write. */
function checkJson(value: unknown, path: string, violations: Violations): void {
  if (violations.isFull) return;
  if (typeof value === "string" && value.includes("\0")) {
    violations.add(path, "must not hold the character U+0000");
  } else if (typeof value === "number" && !Number.isFinite(value)) {
    violations.add(path, "must be a number that JSON can write");
  } else if (Array.isArray(value)) {
    for (const [index, each] of value.entries()) checkJson(each, `${path}[${index}]`, violations);
  } else if (typeof value === "object" && value !== null) {
    for (const [name, each] of Object.entries(value)) {
      if (name.includes("\0")) violations.add(path, "has a name with the character U+0000");
      checkJson(each, pathOf(path, name), violations);
    }
  }
}

/** The paths of a field mask must name fields of the message that it stands in. */
export function maskCheck(isField: (path: string) => boolean): KnownCheck {
  return (value, path, violations) => {
    for (const each of (value as FieldMask & Message).paths) {
      if (!isField(each)) violations.add(path, `names ${each}, which is no field of the request`);
    }
  };
}
