import { messageOf } from "../../shared/core/errors.ts";
import type { Instant } from "../../shared/core/time/instant.ts";
import type { QueueName } from "../../shared/ports/queue.ts";
import { FunctionRunner } from "./function-runner.ts";
import type { HttpRoute } from "./http-trigger.ts";
import type { Manifest, ObjectChangeKind, Trigger } from "./manifest.ts";
import { QueueOutages } from "./queue-outages.ts";
import { QueueTrigger } from "./queue-trigger.ts";
import { startTimer } from "./timer-trigger.ts";
import { objectEvent, timerEvent } from "./trigger-events.ts";
import type { PlatformServices } from "./wiring.ts";

/** Every function of a manifest behind its triggers. Nothing fires before `start`. */
export class Triggers {
  /** What an HTTP listener serves. */
  readonly routes: readonly HttpRoute[];
  readonly #services: PlatformServices;
  readonly #runners: readonly FunctionRunner[];
  readonly #queues = new Map<string, QueueTrigger>();
  readonly #outages: QueueOutages;
  readonly #timers: { readonly stop: () => void; readonly fire: () => Promise<void> }[] = [];

  private constructor(services: PlatformServices, runners: readonly FunctionRunner[]) {
    this.#services = services;
    this.#outages = new QueueOutages(services.log);
    this.#runners = runners;
    this.routes = runners.flatMap(routesOf);
  }

  /** Loads every handler, so that one that is missing is known before anything fires. */
  static async load(manifest: Manifest, services: PlatformServices): Promise<Triggers> {
    const runners: FunctionRunner[] = [];
    for (const each of manifest.functions) {
      runners.push(await FunctionRunner.load(each, services));
    }
    return new Triggers(services, runners);
  }

  /** Starts the timers and consumes the queues. */
  start(): void {
    for (const runner of this.#runners) {
      for (const trigger of runner.manifest.triggers) this.#start(runner, trigger);
    }
  }

  /** Fires every timer once, now. */
  async fireTimers(): Promise<void> {
    for (const timer of this.#timers) await timer.fire();
  }

  /**
   * Calls whoever is to hear of these changes, and waits for it; resolves to what each call resolved
   * to. Rejects as the call does: who watches the files looks again.
   */
  async objectsChanged(changes: readonly ObjectChange[]): Promise<readonly unknown[]> {
    const { clock, random } = this.#services;
    const results: unknown[] = [];
    for (const runner of this.#runners) {
      for (const trigger of runner.manifest.triggers) {
        const heard = changes.filter((change) => isHeard(trigger, change));
        if (heard.length === 0) continue;
        const call = { id: random.id(), at: clock.now() };
        results.push(await runner.call(objectEvent(heard, call)));
      }
    }
    return results;
  }

  stopTimers(): void {
    for (const timer of this.#timers) timer.stop();
  }

  /** Takes no more messages from these queues, or from any. */
  stopQueues(names: readonly QueueName[] | "all"): void {
    for (const [name, trigger] of this.#queues) {
      if (names === "all" || names.some((each) => each === name)) trigger.stop();
    }
  }

  /** Resolves once no call is under way. */
  async settled(): Promise<void> {
    for (const trigger of this.#queues.values()) await trigger.settled();
    for (const runner of this.#runners) await runner.settled();
  }

  #start(runner: FunctionRunner, trigger: Trigger): void {
    switch (trigger.kind) {
      case "timer":
        this.#addTimer(runner, trigger.expression);
        return;
      case "queue": {
        const { clock, random, log, queue: messages } = this.#services;
        const { queue, batch } = trigger;
        const call = async (event: object): Promise<unknown> => await runner.call(event);
        const world = { clock, random, log, outages: this.#outages };
        this.#queues.set(queue, new QueueTrigger({ queue, batch, messages, call, ...world }));
        return;
      }
      case "http":
        return; // The HTTP listener serves it.
      case "object":
        return; // Whoever watches the files says so, by `objectsChanged`.
    }
  }

  #addTimer(runner: FunctionRunner, expression: string): void {
    const { clock, random } = this.#services;
    const fire = async (at: Instant): Promise<void> => {
      try {
        await runner.call(timerEvent(runner.manifest.name, { id: random.id(), at }));
      } catch (error) {
        this.#reportFailure(runner.manifest.name, error);
      }
    };
    const stop = startTimer(expression, clock, (at) => void fire(at));
    this.#timers.push({ stop, fire: async () => await fire(clock.now()) });
  }

  /** A failed tick is not repeated: the next one does what it left. */
  #reportFailure(name: string, error: unknown): void {
    this.#services.log.write({
      level: "error",
      name: "function.failed",
      message: `Function ${name} failed: ${messageOf(error)}; its next tick does what is left`,
      fields: { function: name },
    });
  }
}

/** An object that was written or removed. */
export interface ObjectChange {
  readonly kind: ObjectChangeKind;
  readonly key: string;
}

function isHeard(trigger: Trigger, { kind, key }: ObjectChange): boolean {
  if (trigger.kind !== "object" || !trigger.changes.includes(kind)) return false;
  return key.startsWith(trigger.prefix) && key.endsWith(trigger.suffix);
}

function routesOf(runner: FunctionRunner): readonly HttpRoute[] {
  return runner.manifest.triggers.flatMap((trigger) => {
    if (trigger.kind !== "http") return [];
    const { method, path } = trigger;
    return [{ method, path, call: async (event) => await runner.call(event) }];
  });
}
