import { SendMessageBatchCommand } from "@aws-sdk/client-sqs";
import { limits } from "../../core/limits.ts";
import { SECOND_MS } from "../../core/time/duration.ts";
import { checkMessage, type OutgoingMessage } from "../../ports/queue.ts";
import { batchesOf } from "./batches.ts";
import { kindOfEntry, QueueFailure } from "./failure.ts";
import { checkCharacters } from "./message-text.ts";
import type { QueueClient } from "./queue-client.ts";
import { queueError } from "./queue-error.ts";
import { type GivenUp, type RetryWorld, untilDone } from "./until-done.ts";

/** A queue as a sender knows it. */
export interface Destination {
  /** What errors call it. */
  readonly name: string;
  readonly url: string;
  /** Where it is: `HOST` or `HOST:PORT`. */
  readonly host: string;
}

export interface SendingParts extends RetryWorld {
  readonly client: QueueClient;
}

interface Entry {
  /** Its place among those given. */
  readonly index: number;
  readonly body: string;
  readonly bytes: number;
  readonly delaySeconds: number;
}

/** A batch on its way. */
interface Sending {
  readonly to: Destination;
  readonly deadlineMs: number;
  /** The ids the service gave, by the message's place. */
  readonly ids: string[];
}

/**
 * Sends messages in batches, several side by side; resolves to their ids once all are accepted.
 * What cannot be sent at all is refused before anything is. On an error some messages may have been
 * accepted, and an accepted one may arrive twice: an answer that is lost is asked for again.
 */
export async function sendMessages(
  parts: SendingParts,
  to: Destination,
  messages: readonly OutgoingMessage[],
): Promise<readonly string[]> {
  const entries = messages.map((message, index): Entry => {
    checkMessage(to.name, message);
    checkCharacters(to.name, message.body);
    const { body, delayMs } = message;
    // Up, never down: what is looked at early is looked at twice.
    const delaySeconds = Math.ceil(delayMs / SECOND_MS);
    return { index, body, bytes: Buffer.byteLength(body), delaySeconds };
  });
  const deadlineMs = parts.clock.monotonicMs() + limits.ymqDeadlineMs;
  const sending: Sending = { to, deadlineMs, ids: [] };
  const waiting = [...batchesOf(entries)];
  let given: GivenUp | undefined;
  const work = async (): Promise<void> => {
    for (let batch = waiting.shift(); batch !== undefined; batch = waiting.shift()) {
      const end = await sendBatch(parts, sending, batch);
      given ??= end;
      // A message that is refused says nothing of the others; whatever else failed would fail them.
      if (end !== undefined && end.failure.kind !== "refused") waiting.length = 0;
    }
  };
  await Promise.all(Array.from({ length: limits.ymqBatchesAtOnce }, work));
  if (given === undefined) return sending.ids;
  throw queueError(
    askedOf(to, entries.length, Object.keys(sending.ids).length),
    given.failure,
    given.tries,
  );
}

function askedOf(
  { name, host }: Destination,
  count: number,
  accepted: number,
): { readonly what: string; readonly host: string } {
  const messages = count === 1 ? "a message" : `${count} messages`;
  const some = accepted === 0 ? "" : `, of which ${accepted} were accepted,`;
  return { what: `Sending ${messages} to queue ${name}${some}`, host };
}

/** Sends a batch until every entry is accepted or refused for good. */
async function sendBatch(
  parts: SendingParts,
  sending: Sending,
  batch: readonly Entry[],
): Promise<GivenUp | undefined> {
  let left = batch;
  let refused: QueueFailure | undefined;
  const givenUp = await untilDone(parts, sending.deadlineMs, async (limitMs) => {
    const { Successful = [], Failed = [] } = await parts.client.call(
      async (client, abortSignal) =>
        await client.send(commandOf(sending.to, left), { abortSignal }),
      { limitMs },
    );
    const accepted = new Map(Successful.map(({ Id, MessageId }) => [Id, MessageId ?? ""]));
    for (const { index } of left) {
      const id = accepted.get(String(index));
      if (id !== undefined) sending.ids[index] = id;
    }
    let again: QueueFailure | undefined;
    for (const { Code = "", Message, SenderFault = false, Id } of Failed) {
      const failure = new QueueFailure(
        kindOfEntry(Code, SenderFault),
        Message ?? "no reason",
        Code,
      );
      if (failure.kind !== "refused") {
        again = failure;
        continue;
      }
      refused ??= failure;
      left = left.filter((entry) => String(entry.index) !== Id);
    }
    left = left.filter((entry) => sending.ids[entry.index] === undefined);
    if (left.length === 0) return undefined;
    return (
      again ?? new QueueFailure("unavailable", "the answer does not say what became of a message")
    );
  });
  return refused === undefined ? givenUp : { failure: refused, tries: 1 };
}

function commandOf({ url }: Destination, entries: readonly Entry[]): SendMessageBatchCommand {
  return new SendMessageBatchCommand({
    QueueUrl: url,
    Entries: entries.map(({ index, body, delaySeconds }) => {
      return { Id: String(index), MessageBody: body, DelaySeconds: delaySeconds };
    }),
  });
}
