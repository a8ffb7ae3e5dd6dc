import { OrreryError } from "../../core/errors.ts";

/**
 * What no message holds: message queues take the characters of XML 1.0 alone.
 * Source: Message Queue and SQS, "SendMessage".
 */
const REFUSED = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;

/** Throws MESSAGE_INVALID for a body with a character that a message queue refuses. */
export function checkCharacters(queue: string, body: string): void {
  const at = body.search(REFUSED);
  if (at === -1) return;
  const point = body.codePointAt(at) ?? 0;
  const name = `U+${point.toString(16).toUpperCase().padStart(4, "0")}`;
  throw new OrreryError(
    "MESSAGE_INVALID",
    `A message to ${queue} has the character ${name} at position ${at + 1}, which message queues ` +
      "do not take: nothing was sent; write it escaped, as JSON does",
  );
}
