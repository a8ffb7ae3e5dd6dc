import { limits } from "../../core/limits.ts";
import type { OutgoingMessage, Queue, QueueName } from "../../ports/queue.ts";
import { OrreryError } from "../../core/errors.ts";
import { countDeadLetters } from "./dead-letters.ts";
import {
  attributesOf,
  findQueue,
  makeQueue,
  type MakeParts,
  type QueueDifference,
} from "./make-queue.ts";
import { createQueueClient, type QueueServiceOptions } from "./queue-client.ts";
import { receiveMessages, type ReceivedMessage, type Wanted } from "./receive-messages.ts";
import { removeMessages } from "./remove-messages.ts";
import { sendMessages, type Destination } from "./send-messages.ts";

/** A queue as `serverless.yaml` has it. */
interface ServiceQueueSettings {
  readonly visibilityTimeoutMs: number;
  readonly maxReceiveCount: number;
  readonly deadLetter: string;
}

export interface ServiceQueuesOptions extends QueueServiceOptions {
  /** What the names of all queues begin with, for this platform to have its own. */
  readonly prefix: string;
  /** By their names without the prefix; empty for who only sends. */
  readonly queues: Readonly<Record<string, ServiceQueueSettings>>;
}

/** What the service says a queue holds. Its numbers are approximate, and late by a second or so. */
interface ServiceQueueDepth {
  readonly visible: number;
  readonly inFlight: number;
}

/** Queues of a service that a platform sends to and consumes. */
export interface ServiceQueues extends Required<Queue> {
  /**
   * Makes the queues that are not there, dead-letter queues first; the others are left as they are,
   * and what is different about them is told.
   */
  prepare(report: (difference: QueueDifference) => void): Promise<void>;
  /** Sends one message and resolves to the id that the service gave it. */
  post(queue: QueueName, body: string): Promise<string>;
  receive(queue: string, wanted: Wanted): Promise<readonly ReceivedMessage[]>;
  remove(queue: string, messages: readonly { readonly receipt: string }[]): Promise<void>;
  depthOf(queue: string): Promise<ServiceQueueDepth>;
  close(): void;
}

/** Opens queues by their names; nothing connects before something is asked of them. */
export function openServiceQueues(options: ServiceQueuesOptions): ServiceQueues {
  const { prefix, endpoint, clock, random } = options;
  const { host } = new URL(endpoint);
  const parts: MakeParts = { client: createQueueClient(options), clock, random, host };
  const urls = new Map<string, string>();

  const destination = async (queue: string): Promise<Destination> => {
    const name = `${prefix}${queue}`;
    const url = urls.get(queue) ?? (await findQueue(parts, name));
    urls.set(queue, url);
    return { name, url, host };
  };
  /** A queue that was made anew has another URL: it is asked for again. */
  const on = async <T>(queue: string, use: (it: Destination) => Promise<T>): Promise<T> => {
    try {
      return await use(await destination(queue));
    } catch (error) {
      if (error instanceof OrreryError && error.code === "QUEUE_NOT_FOUND") urls.delete(queue);
      throw error;
    }
  };
  const send = async (
    queue: QueueName,
    messages: readonly OutgoingMessage[],
  ): Promise<readonly string[]> =>
    await on(queue, async (to) => await sendMessages(parts, to, messages));

  return {
    prepare: async (report) => {
      for (const [queue, settings] of Object.entries(options.queues)) {
        await prepareQueue({ parts, prefix, urls, report }, queue, settings);
      }
    },
    send: async (queue, messages) => {
      if (messages.length > 0) await send(queue, messages);
    },
    post: async (queue, body) => (await send(queue, [{ body, delayMs: 0 }]))[0] ?? "",
    receive: async (queue, wanted) =>
      await on(queue, async (from) => await receiveMessages(parts, from, wanted)),
    remove: async (queue, messages) => {
      const receipts = messages.map(({ receipt }) => receipt);
      await on(queue, async (from) => await removeMessages(parts, from, receipts));
    },
    depthOf: async (queue) =>
      await on(queue, async ({ name, url }) => {
        const { visible, inFlight } = DEPTH;
        const found = await attributesOf(parts, name, url, [visible, inFlight]);
        return { visible: Number(found[visible] ?? 0), inFlight: Number(found[inFlight] ?? 0) };
      }),
    deadLetters: async (queue) => await on(queue, async (it) => await countDeadLetters(parts, it)),
    close: () => parts.client.close(),
  };
}

const DEPTH = {
  visible: "ApproximateNumberOfMessages",
  inFlight: "ApproximateNumberOfMessagesNotVisible",
} as const;

interface Preparing {
  readonly parts: MakeParts;
  readonly prefix: string;
  readonly urls: Map<string, string>;
  readonly report: (difference: QueueDifference) => void;
}

async function prepareQueue(
  { parts, prefix, urls, report }: Preparing,
  queue: string,
  { visibilityTimeoutMs, maxReceiveCount, deadLetter }: ServiceQueueSettings,
): Promise<void> {
  const { queueRetentionMs, deadLetterRetentionMs } = limits;
  const dead = await makeQueue(parts, `${prefix}${deadLetter}`, {
    visibilityTimeoutMs,
    retentionMs: deadLetterRetentionMs,
    redrive: undefined,
  });
  const redrive = { arn: dead.arn, maxReceiveCount };
  const shape = { visibilityTimeoutMs, retentionMs: queueRetentionMs, redrive };
  const made = await makeQueue(parts, `${prefix}${queue}`, shape);
  urls.set(queue, made.url);
  for (const difference of [...dead.differences, ...made.differences]) report(difference);
}
