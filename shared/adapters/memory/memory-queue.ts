import { createHash } from "node:crypto";
import { assert } from "../../core/assert.ts";
import { type Instant, plusMs } from "../../core/time/instant.ts";
import type { Clock } from "../../ports/clock.ts";
import {
  checkMessage,
  type OutgoingMessage,
  type Queue,
  type QueueName,
} from "../../ports/queue.ts";
import type { Random } from "../../ports/random.ts";
import { type HeapEntry, VisibilityHeap } from "./visibility-heap.ts";

/**
 * The laptop's queues, behaving as Yandex Message Queue does (standard queues, as a trigger
 * sees them). They live in this process alone: what a kill loses, timer rows bring back.
 *
 * Y1 A message is delivered at least once, in no promised order; ours is roughly the order sent.
 * Y2 Received means invisible, not gone: without an acknowledgement it is visible again after the
 *    visibility timeout, and its receive count has grown.
 * Y3 Received `maxReceiveCount` times and visible again, a message moves to the dead-letter queue
 *    instead of being received once more. It keeps its id, its sending time and its count.
 * Y4 A message older than its queue's retention is dropped, wherever it is.
 * Y5 Nothing else ever removes a message.
 *
 * Time comes from the clock alone and nothing here waits: a pump asks `nextVisibleAt` when to look.
 */

export interface QueueSettings {
  /** How long a received message stays invisible. */
  readonly visibilityTimeoutMs: number;
  /** How often a message is received before it is dead; without a dead-letter queue, no matter. */
  readonly maxReceiveCount: number;
  /** One of the other queues. */
  readonly deadLetter?: string;
  readonly retentionMs: number;
}

export interface ReceivedMessage {
  readonly id: string;
  /** Acknowledges this very delivery; void once the message is delivered again. */
  readonly receipt: string;
  readonly body: string;
  /** Of the body's UTF-8, in hex. */
  readonly md5: string;
  readonly sentAt: Instant;
  /** 1 for the first delivery. */
  readonly receiveCount: number;
  /** The service's own attributes, as a trigger passes them on. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** How many messages a queue holds, as the service counts them. */
export interface QueueDepth {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

interface Entry extends HeapEntry {
  readonly id: string;
  readonly body: string;
  readonly sentAt: Instant;
  receiveCount: number;
  /** The open delivery's receipt. It outlives the visibility timeout, until the next delivery. */
  receipt: string | undefined;
}

interface QueueState {
  readonly name: string;
  readonly settings: QueueSettings;
  readonly entries: VisibilityHeap<Entry>;
  readonly byReceipt: Map<string, Entry>;
}

export interface MemoryQueueOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Every queue by its name, dead-letter queues among them. */
  readonly queues: Readonly<Record<string, QueueSettings>>;
}

export class MemoryQueue implements Queue {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #queues: ReadonlyMap<string, QueueState>;
  readonly #listeners = new Set<(queue: string) => void>();
  #sequence = 0;

  constructor({ clock, random, queues }: MemoryQueueOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#queues = new Map(
      Object.entries(queues).map(([name, settings]) => [name, newQueue(name, settings)]),
    );
    for (const { name, settings } of this.#queues.values()) checkSettings(name, settings, queues);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the port is asynchronous, memory is not
  async send(queue: QueueName, messages: readonly OutgoingMessage[]): Promise<void> {
    const state = this.#stateOf(queue);
    for (const message of messages) checkMessage(queue, message);
    const now = this.#clock.now();
    for (const { body, delayMs } of messages) {
      this.#add(state, {
        id: this.#random.id(),
        body,
        sentAt: now,
        visibleAt: plusMs(now, delayMs),
        receiveCount: 0,
      });
    }
    if (messages.length > 0) this.#announce(queue);
  }

  /** Takes over a message that was kept elsewhere, as it was: with its id and its sending time. */
  restore(queue: string, message: Pick<ReceivedMessage, "id" | "body" | "sentAt">): void {
    const { id, body, sentAt } = message;
    checkMessage(queue, { body, delayMs: 0 });
    const visibleAt = this.#clock.now();
    this.#add(this.#stateOf(queue), { id, body, sentAt, visibleAt, receiveCount: 0 });
    this.#announce(queue);
  }

  /** Takes up to `max` visible messages; each stays invisible until acknowledged or timed out. */
  receive(queue: string, { max }: { readonly max: number }): readonly ReceivedMessage[] {
    const state = this.#stateOf(queue);
    const now = this.#clock.now();
    const received: ReceivedMessage[] = [];
    let died = false;
    for (let entry = firstVisible(state, now); entry; entry = firstVisible(state, now)) {
      if (this.#isDead(state, entry)) {
        this.#bury(state, entry);
        died = true;
      } else if (received.length < max) {
        received.push(deliver(state, entry, now));
      } else {
        break;
      }
    }
    if (died) this.#announce(state.settings.deadLetter ?? queue);
    return received;
  }

  /**
   * Removes the messages of these receipts for good. A receipt from before the latest delivery of
   * its message, or of a message that is gone, is ignored, so repeating is safe.
   */
  acknowledge(queue: string, receipts: readonly string[]): void {
    const state = this.#stateOf(queue);
    for (const receipt of receipts) {
      const entry = state.byReceipt.get(receipt);
      if (entry !== undefined) remove(state, entry);
    }
  }

  /** When the next message can be received: in the past where one can be now; undefined where none is left. */
  nextVisibleAt(queue: string): Instant | undefined {
    return this.#stateOf(queue).entries.first()?.visibleAt;
  }

  /** Calls back at once when messages enter a queue, delayed and dead ones too; returns how to stop. */
  onArrival(listener: (queue: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Counts what the queue holds now; it looks at every message. */
  depthOf(queue: string): QueueDepth {
    const now = this.#clock.now();
    const depth = { visible: 0, inFlight: 0, delayed: 0 };
    for (const { visibleAt, receiveCount } of this.#stateOf(queue).entries.values()) {
      if (visibleAt <= now) depth.visible++;
      else if (receiveCount > 0) depth.inFlight++;
      else depth.delayed++;
    }
    return depth;
  }

  /** How many messages of a queue were given up and are kept; none where nothing keeps them. */
  async deadLetters(queue: string): Promise<number> {
    const { deadLetter } = this.#stateOf(queue).settings;
    if (deadLetter === undefined) return await Promise.resolve(0);
    const { visible, inFlight, delayed } = this.depthOf(deadLetter);
    return await Promise.resolve(visible + inFlight + delayed);
  }

  #isDead({ settings }: QueueState, entry: Entry): boolean {
    return settings.deadLetter !== undefined && entry.receiveCount >= settings.maxReceiveCount;
  }

  #bury(state: QueueState, entry: Entry): void {
    remove(state, entry);
    this.#add(this.#stateOf(state.settings.deadLetter ?? ""), entry);
  }

  #add(
    state: QueueState,
    entry: Pick<Entry, "id" | "body" | "sentAt" | "visibleAt" | "receiveCount">,
  ): void {
    const { id, body, sentAt, visibleAt, receiveCount } = entry;
    const sequence = this.#sequence++;
    const place = { heapIndex: 0, receipt: undefined, sequence };
    state.entries.add({ id, body, sentAt, visibleAt, receiveCount, ...place });
  }

  #announce(queue: string): void {
    for (const listener of this.#listeners) listener(queue);
  }

  #stateOf(queue: string): QueueState {
    const state = this.#queues.get(queue);
    if (state === undefined)
      throw new Error(`Invariant broken: ${queue} is a queue of this platform`);
    return state;
  }
}

function newQueue(name: string, settings: QueueSettings): QueueState {
  return { name, settings, entries: new VisibilityHeap(), byReceipt: new Map() };
}

function checkSettings(
  name: string,
  { visibilityTimeoutMs, maxReceiveCount, deadLetter, retentionMs }: QueueSettings,
  queues: MemoryQueueOptions["queues"],
): void {
  assert(visibilityTimeoutMs > 0, `queue ${name} has a visibility timeout`);
  assert(maxReceiveCount >= 1, `queue ${name} delivers a message at least once`);
  assert(retentionMs > 0, `queue ${name} keeps messages for a time`);
  if (deadLetter === undefined) return;
  assert(deadLetter !== name && deadLetter in queues, `queue ${name} buries in another queue`);
}

/** The message to receive next, after dropping those that outlived their retention. */
function firstVisible(state: QueueState, now: Instant): Entry | undefined {
  for (;;) {
    const entry = state.entries.first();
    if (entry === undefined || entry.visibleAt > now) return undefined;
    if (now - entry.sentAt < state.settings.retentionMs) return entry;
    remove(state, entry);
  }
}

function deliver(state: QueueState, given: Entry, now: Instant): ReceivedMessage {
  const entry = given;
  if (entry.receipt !== undefined) state.byReceipt.delete(entry.receipt);
  entry.receiveCount++;
  const receipt = `${entry.id}.${entry.receiveCount}`;
  entry.receipt = receipt;
  state.byReceipt.set(receipt, entry);
  state.entries.reschedule(entry, plusMs(now, state.settings.visibilityTimeoutMs));

  const { id, body, sentAt, receiveCount } = entry;
  const md5 = createHash("md5").update(body).digest("hex");
  const attributes = { SentTimestamp: String(sentAt) };
  return { id, receipt, body, md5, sentAt, receiveCount, attributes };
}

function remove(state: QueueState, entry: Entry): void {
  state.entries.remove(entry);
  if (entry.receipt !== undefined) state.byReceipt.delete(entry.receipt);
}
