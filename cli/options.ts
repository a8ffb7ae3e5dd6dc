import { InvalidArgumentError, Option } from "commander";
import { VARIABLE_NAME } from "../shared/core/job/substitute.ts";
import { limits } from "../shared/core/limits.ts";
import { parseDurationMs } from "../shared/core/time/duration.ts";
import { parseInstant, type Instant } from "../shared/core/time/instant.ts";

/** `--data DIR`: where a platform keeps everything. */
export function dataOption(): Option {
  return new Option("-d, --data <directory>", "where the platform keeps everything")
    .env("ORRERY_DATA")
    .default(".orrery");
}

/**
 * `--store URL`: the database that has the state. Its credentials are never an option: a command
 * line is there for every user of the machine to read.
 */
export function storeOption(): Option {
  return new Option("--store <url>", "the YDB database that has the state, not the directory").env(
    "ORRERY_STORE",
  );
}

/** `--queue URL`: the service that has the queues. Its keys come from the environment, as above. */
export function queueOption(): Option {
  return new Option("--queue <url>", "the queues at a service that speaks SQS, not in memory").env(
    "ORRERY_QUEUE_ADDRESS",
  );
}

/** The address that `--queue` gave; an empty one, as an environment may have it, is none. */
export function queueOf({ queue }: { readonly queue?: string }): string | undefined {
  return queue === "" ? undefined : queue;
}

/** `--bucket URL`: where files and configuration are. Its key is never an option, as above. */
export function bucketOption(): Option {
  return new Option(
    "--bucket <url>",
    "the bucket that has files and configuration, s3://HOST[:PORT]/BUCKET",
  ).env("ORRERY_BUCKET_ADDRESS");
}

/** `--datasphere HOST[:PORT]`: where work is executed. Its token is never an option, as above. */
export function datasphereOption(): Option {
  return new Option(
    "--datasphere <host>",
    "execute in DataSphere at HOST[:PORT], not on this machine",
  ).env("ORRERY_DATASPHERE_ADDRESS");
}

/** `--datasphere-ca FILE`: the authority to trust there, for a platform that plays DataSphere. */
export function datasphereCaOption(): Option {
  return new Option(
    "--datasphere-ca <file>",
    "the certificate authority that --datasphere is trusted by",
  ).env("ORRERY_DATASPHERE_CA");
}

/** Where a command finds the state, and what belongs to it on this machine. */
export interface StateOptions {
  readonly data: string;
  readonly store?: string;
}

/**
 * `--endpoint URL`: a deployed platform. Its token is never an option, for the same reason:
 * it comes from `ORRERY_TOKEN`, or through `yc`.
 */
export function endpointOption(): Option {
  return new Option("--endpoint <url>", "a deployed platform, instead of this machine's data").env(
    "ORRERY_ENDPOINT",
  );
}

/** Which platform a command is about. */
export interface TargetOptions extends StateOptions {
  readonly endpoint?: string;
}

/** The address that `--store` gave; an empty one, as an environment may have it, is none. */
export function storeOf({ store }: { readonly store?: string }): string | undefined {
  return store === "" ? undefined : store;
}

/** `--json`: the stable form, documented in docs/cli.md. */
export function jsonOption(): Option {
  return new Option("--json", "print one JSON document instead of text");
}

/** `--limit N`: how many to print; one page of the store at most. */
export function limitOption(flags: string, what: string, preset: number): Option {
  return new Option(flags, `${what}, at most ${limits.scanRows}`)
    .argParser(wholeNumber(1, limits.scanRows))
    .default(preset);
}

/** Reads a whole number between two bounds, both included. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d{1,9}$/.test(text) && number >= min && number <= max) return number;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}

/** Reads an instant, which says itself where its clock is. */
export function readInstant(text: string): Instant {
  const at = parseInstant(text);
  if (at !== undefined) return at;
  throw new InvalidArgumentError(
    "Expected an instant with Z or an offset, such as 2027-01-15T06:00:00Z or 2027-01-15T09:00:00+03:00.",
  );
}

/** The same, or a bare date, which is its midnight in UTC. */
export function readInstantOrDate(text: string): Instant {
  return readInstant(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
}

/** Reads a duration of more than nothing. */
export function readDuration(text: string): number {
  const durationMs = parseDurationMs(text);
  if (durationMs !== undefined && durationMs > 0) return durationMs;
  throw new InvalidArgumentError("Expected a duration such as 90s, 15m or 1h30m.");
}

/** Variables of one run, by name. */
export type Inputs = Readonly<Record<string, string>>;

/** `--input NAME=VALUE`, as often as needed; each must be one that intake accepts. */
export function inputOption(): Option {
  return new Option("-i, --input <name=value>", "a variable of this run; may be given again")
    .argParser(addInput)
    .default({}, "none");
}

function addInput(text: string, before: Inputs): Inputs {
  const at = text.indexOf("=");
  const name = text.slice(0, Math.max(0, at));
  if (!VARIABLE_NAME.test(name)) {
    throw new InvalidArgumentError(
      "Expected NAME=VALUE, with a name of 1 to 50 letters, digits, dashes and underscores.",
    );
  }
  if (Object.hasOwn(before, name)) throw new InvalidArgumentError(`${name} is given twice.`);
  if (text.length - at - 1 > limits.inputValueChars) {
    throw new InvalidArgumentError(`A value has at most ${limits.inputValueChars} characters.`);
  }
  if (Object.keys(before).length >= limits.jobListEntries) {
    throw new InvalidArgumentError(`A run takes at most ${limits.jobListEntries} inputs.`);
  }
  return { ...before, [name]: text.slice(at + 1) };
}
