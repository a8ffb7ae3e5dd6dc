import type { Alarms, Clock } from "../../shared/ports/clock.ts";
import type { Random } from "../../shared/ports/random.ts";
import { plusMs } from "../../shared/core/time/instant.ts";
import { functionContext } from "./function-context.ts";
import { loadHandler, type AnyHandler } from "./handlers.ts";
import type { FunctionManifest } from "./manifest.ts";

/** Calls one function as the cloud would: with a context, and cut off at its timeout. */
export class FunctionRunner {
  readonly manifest: FunctionManifest;
  readonly #handler: AnyHandler;
  readonly #world: { readonly clock: Clock & Alarms; readonly random: Random };
  readonly #running = new Set<Promise<unknown>>();

  private constructor(
    manifest: FunctionManifest,
    handler: AnyHandler,
    world: { readonly clock: Clock & Alarms; readonly random: Random },
  ) {
    this.manifest = manifest;
    this.#handler = handler;
    this.#world = world;
  }

  static async load(
    manifest: FunctionManifest,
    world: { readonly clock: Clock & Alarms; readonly random: Random },
  ): Promise<FunctionRunner> {
    return new FunctionRunner(manifest, await loadHandler(manifest.handler), world);
  }

  /** Resolves with the handler's result; rejects with its error, or when its time is up. */
  async call(event: object): Promise<unknown> {
    const { clock, random } = this.#world;
    const context = functionContext(this.manifest, { requestId: random.id(), clock });
    const called = Promise.resolve(this.#invoke(event, context));
    this.#running.add(called);
    const forget = (): void => void this.#running.delete(called);
    called.then(forget, forget);
    return await this.#cutOff(called);
  }

  /** Resolves once no call is under way. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#running]);
  }

  async #invoke(event: object, context: Parameters<AnyHandler>[1]): Promise<unknown> {
    // The event was made for this function's trigger; the handler decodes it and trusts nothing.
    return await this.#handler(event as never, context);
  }

  /** A call that outlives its timeout is reported failed; like a frozen function it may go on. */
  async #cutOff(called: Promise<unknown>): Promise<unknown> {
    const { clock } = this.#world;
    const { name, timeoutMs } = this.manifest;
    let cancel = (): void => undefined;
    const timeout = new Promise<never>((_, reject) => {
      cancel = clock.set(plusMs(clock.now(), timeoutMs), () => {
        reject(new Error(`Function ${name} ran longer than its ${timeoutMs} ms`));
      });
    });
    try {
      return await Promise.race([called, timeout]);
    } finally {
      cancel();
    }
  }
}
