import { messageOf } from "../../shared/core/errors.ts";
import type { Instant } from "../../shared/core/time/instant.ts";
import type { QueueName } from "../../shared/ports/queue.ts";
import { FunctionRunner } from "./function-runner.ts";
import type { HttpRoute } from "./http-trigger.ts";
import type { Manifest, Trigger } from "./manifest.ts";
import { QueueTrigger } from "./queue-trigger.ts";
import { startTimer } from "./timer-trigger.ts";
import { timerEvent } from "./trigger-events.ts";
import type { PlatformServices } from "./wiring.ts";

/** Every function of a manifest behind its triggers. Nothing fires before `start`. */
export class Triggers {
  /** What an HTTP listener serves. */
  readonly routes: readonly HttpRoute[];
  readonly #services: PlatformServices;
  readonly #runners: readonly FunctionRunner[];
  readonly #queues = new Map<string, QueueTrigger>();
  readonly #timers: { readonly stop: () => void; readonly fire: () => Promise<void> }[] = [];

  private constructor(services: PlatformServices, runners: readonly FunctionRunner[]) {
    this.#services = services;
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
    for (const runner of this.#runners) await runner.settled();
  }

  #start(runner: FunctionRunner, trigger: Trigger): void {
    switch (trigger.kind) {
      case "timer":
        this.#addTimer(runner, trigger.expression);
        return;
      case "queue": {
        const { clock, log, memory, queue: sender } = this.#services;
        const { queue, batch } = trigger;
        const call = async (event: object): Promise<unknown> => await runner.call(event);
        const onDone = async (ids: readonly string[]): Promise<void> =>
          await sender.forget(queue, ids);
        const options = { queue, batch, messages: memory, clock, log, call, onDone };
        this.#queues.set(queue, new QueueTrigger(options));
        return;
      }
      case "http":
        return; // The HTTP listener serves it.
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

function routesOf(runner: FunctionRunner): readonly HttpRoute[] {
  return runner.manifest.triggers.flatMap((trigger) => {
    if (trigger.kind !== "http") return [];
    const { method, path } = trigger;
    return [{ method, path, call: async (event) => await runner.call(event) }];
  });
}
