import { type Message, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { limits } from "../../core/limits.ts";
import { SECOND_MS } from "../../core/time/duration.ts";
import { plusMs } from "../../core/time/instant.ts";
import type { Alarms, Clock } from "../../ports/clock.ts";
import { QueueFailure } from "./failure.ts";
import type { QueueClient } from "./queue-client.ts";
import { queueError } from "./queue-error.ts";
import type { Destination } from "./send-messages.ts";

/** A message that was received: invisible to others until it is removed or its time is up. */
export interface ReceivedMessage {
  readonly id: string;
  readonly receipt: string;
  readonly body: string;
  /** Of the body's UTF-8, in hex, as the service says. */
  readonly md5: string;
  /** What a trigger passes on of the service's own attributes: when it was sent, in ms. */
  readonly attributes: Readonly<Record<string, string>>;
  /** What its sender put beside the body, by name; binary values are left out. */
  readonly messageAttributes: Readonly<Record<string, string>>;
}

export interface ReceiveParts {
  readonly client: QueueClient;
  readonly clock: Clock & Alarms;
}

export interface Wanted {
  readonly max: number;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

/**
 * Waits for messages, up to `limits.ymqPollMs`, and takes what there is then, at most `max`: a call
 * brings ten of them, so for more it asks again, without waiting. None where none came, or where the
 * signal ended the waiting; what the service had handed out by then comes again after its time.
 */
export async function receiveMessages(
  parts: ReceiveParts,
  from: Destination,
  { max, signal }: Wanted,
): Promise<readonly ReceivedMessage[]> {
  const startMs = parts.clock.monotonicMs();
  const first = await receiveOnce(parts, from, { max, signal, waitMs: limits.ymqPollMs });
  if (first.length === 0) {
    // A server that does not wait would else be asked as fast as it answers.
    const spentMs = parts.clock.monotonicMs() - startMs;
    if (spentMs < limits.ymqPollPauseMs) await pause(parts.clock, limits.ymqPollPauseMs, signal);
    return [];
  }
  const received = [...first];
  while (received.length < max && !signal.aborted) {
    const page = { max: max - received.length, signal, waitMs: 0 };
    // What is here already is handed on, whatever became of the rest: the next receive tells.
    const more = await receiveOnce(parts, from, page).catch(() => []);
    if (more.length === 0) break;
    received.push(...more);
  }
  return received;
}

async function receiveOnce(
  { client }: ReceiveParts,
  { url, name, host }: Destination,
  { max, signal, waitMs }: Wanted & { readonly waitMs: number },
): Promise<readonly ReceivedMessage[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl: url,
    MaxNumberOfMessages: Math.min(max, limits.ymqBatchMessages),
    WaitTimeSeconds: waitMs / SECOND_MS,
    MessageSystemAttributeNames: ["SentTimestamp"],
    MessageAttributeNames: ["All"],
  });
  const call = async (): Promise<readonly ReceivedMessage[]> => {
    const { Messages = [] } = await client.call(
      async (sqs, abortSignal) => await sqs.send(command, { abortSignal }),
      { limitMs: waitMs + limits.ymqCallMs, signal },
    );
    return Messages.map(received);
  };
  try {
    // Between two receives a connection rests, and services close those: that is no outage.
    return await call().catch(async (error: unknown) => {
      if (error instanceof QueueFailure && error.kind === "cut") return await call();
      throw error;
    });
  } catch (error) {
    if (!(error instanceof QueueFailure)) throw error;
    if (error.kind === "stopped") return [];
    throw queueError({ what: `Receiving from queue ${name}`, host }, error, 1);
  }
}

function received(message: Message): ReceivedMessage {
  const { MessageId = "", ReceiptHandle = "", Body = "", MD5OfBody = "" } = message;
  const { SentTimestamp } = message.Attributes ?? {};
  const given = Object.entries(message.MessageAttributes ?? {}).flatMap(
    ([name, { StringValue }]) => (StringValue === undefined ? [] : [[name, StringValue] as const]),
  );
  return {
    id: MessageId,
    receipt: ReceiptHandle,
    body: Body,
    md5: MD5OfBody,
    attributes: SentTimestamp === undefined ? {} : { SentTimestamp },
    messageAttributes: Object.fromEntries(given),
  };
}

async function pause(clock: Clock & Alarms, waitMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const wake = (): void => {
      cancel();
      signal.removeEventListener("abort", wake);
      resolve();
    };
    const cancel = clock.set(plusMs(clock.now(), waitMs), wake);
    signal.addEventListener("abort", wake, { once: true });
  });
}
