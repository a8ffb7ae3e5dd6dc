import type { ErrorCode } from "../../core/errors.ts";
import { OrreryError } from "../../core/errors.ts";
import type { FailureKind, QueueFailure } from "./failure.ts";

/** What was asked of a queue, in words for its error. */
export interface Asked {
  /** As in `Sending 3 messages to queue intake`. */
  readonly what: string;
  /** Where the queues are: `HOST` or `HOST:PORT`. */
  readonly host: string;
}

/** What a failed call means to its caller: the queue, the reason, and what to do about it. */
export function queueError(
  { what, host }: Asked,
  failure: QueueFailure,
  tries: number,
): OrreryError {
  const { kind, code, message } = failure;
  const [errorCode, next] = MEANINGS[kind];
  const details = [code, tries > 1 ? `${tries} tries` : ""]
    .filter((each) => each !== "")
    .join(", ");
  const because = details === "" ? message : `${message} (${details})`;
  return new OrreryError(errorCode, `${what} at ${host} failed: ${because}; ${next}`, {
    cause: failure,
  });
}

const REACH: readonly [ErrorCode, string] = [
  "QUEUE_UNAVAILABLE",
  "check the address of the queues and the network to it",
];

const MEANINGS: Readonly<Record<FailureKind, readonly [ErrorCode, string]>> = {
  cut: REACH,
  late: REACH,
  unavailable: REACH,
  stopped: ["QUEUE_UNAVAILABLE", "the platform stops"],
  untrusted: [
    "QUEUE_UNAVAILABLE",
    "check the address, and whether NODE_EXTRA_CA_CERTS names the authority of its certificate",
  ],
  throttled: [
    "QUEUE_THROTTLED",
    "raise the quota of calls for each queue, or wait: what was owed is sent again",
  ],
  denied: [
    "QUEUE_ACCESS_DENIED",
    "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and that their service account has the " +
      "roles ymq.reader and ymq.writer on the folder",
  ],
  absent: [
    "QUEUE_NOT_FOUND",
    "check its address, or make the queue: `orrery up --queue` and Terraform do",
  ],
  refused: [
    "QUEUE_REFUSED",
    "check whether a message queue answers at this address, and what it says",
  ],
};
