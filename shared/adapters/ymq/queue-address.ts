import { OrreryError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { isLoopback } from "../../core/loopback.ts";

/** Where a platform's queues are, and what their names begin with. */
export interface QueueAddress {
  /** `https://HOST[:PORT]`, or `http://` where nothing is encrypted. */
  readonly endpoint: string;
  readonly prefix: string;
}

const RIGHT_FORM =
  "Right is sqs://HOST[:PORT]/PREFIX (plain HTTP where HOST is this machine, else TLS) or " +
  "sqs+http://HOST[:PORT]/PREFIX (plain HTTP anywhere)";

/** What the name of a queue may hold. Source: Message Queue and SQS, "CreateQueue". */
const PREFIX = /^[A-Za-z0-9_-]+$/;

/**
 * Reads the address of a platform's queues. Throws QUEUE_ADDRESS_INVALID, which says what is wrong
 * and what is right, and repeats neither a user name nor a password.
 */
export function parseQueueAddress(text: string): QueueAddress {
  // What holds a password, or cannot be read and may hold one anywhere, is not repeated.
  if (text.includes("@")) {
    throw invalid("The queues' address", "it has a user or password; the keys come apart from it");
  }
  const url = URL.parse(text);
  if (url === null) throw invalid("The queues' address", "it is no URL");
  const named = `The queues' address ${url.protocol}//${url.host}${url.pathname}`;
  const scheme = schemeOf(url);
  if (scheme === undefined) throw invalid(named, "its scheme is neither sqs nor sqs+http");
  if (url.hostname === "") throw invalid(named, "it names no host");
  if (url.port === "0") throw invalid(named, "port 0 is no port of a server");
  if (url.search !== "" || url.hash !== "")
    throw invalid(named, "something stands behind its path");
  const prefix = url.pathname.slice(1);
  if (!PREFIX.test(prefix) || prefix.length > limits.queuePrefixChars) {
    throw invalid(
      named,
      `its path is no prefix of 1 to ${limits.queuePrefixChars} letters, digits, dashes and underscores`,
    );
  }
  return { endpoint: `${scheme}://${url.host}`, prefix };
}

function schemeOf({ protocol, hostname }: URL): "http" | "https" | undefined {
  switch (protocol) {
    case "sqs:":
      return isLoopback(hostname) ? "http" : "https";
    case "sqs+http:":
      return "http";
    default:
      return undefined;
  }
}

function invalid(named: string, what: string): OrreryError {
  return new OrreryError("QUEUE_ADDRESS_INVALID", `${named} is wrong: ${what}. ${RIGHT_FORM}`);
}
