import type { Handler } from "@yandex-cloud/function-types";
import { messageOf, OrreryError } from "../../shared/core/errors.ts";
import { installParts, type Wiring } from "../wiring.ts";
import { requireVariables } from "./environment.ts";
import type { Part, World } from "./parts/part.ts";
import { instanceWorld, measuredParts, type ContextTokens } from "./parts/world.ts";

type Context = Parameters<Handler.Timer>[1];

/** What an instance has whatever its function is. */
type Given = "clock" | "alarms" | "random" | "log" | "telemetry";

/** A part for each thing that a handler needs, and none for what it does not. */
export type Parts<Needs extends keyof Wiring> = {
  readonly [K in Exclude<Needs, Given>]-?: Part<NonNullable<Wiring[K]>>;
};

/** A handler, and what it says that it stands on. */
export interface HandlerModule<Needs extends keyof Wiring, Event, Result> {
  readonly needs: readonly Needs[];
  readonly handler: (event: Event, context: Context) => Result | Promise<Result>;
}

/** What a bundle exports. */
export interface CloudFunction<Event, Result> {
  readonly handler: (event: Event, context: Context) => Promise<Result>;
  /** Opens every part, as the first call does before it calls the handler. */
  readonly open: () => Promise<void>;
  /** The variables that it cannot do without: its deployment has to set them. */
  readonly requires: readonly string[];
  /** Loads the code of every part, which calls do as they come to need it. */
  readonly load: () => Promise<void>;
}

/**
 * Composes a function for Yandex Cloud.
 *
 * F1 Each part is opened once in an instance, by its first call. A module fails for no environment
 *    while it loads, so that the first call can say what is wrong with it.
 * F2 Each call's token is offered before anything asks for one.
 * F3 When a call has resolved nothing of it is under way: the instance may be frozen at once.
 */
export function inCloud<Needs extends keyof Wiring, Event, Result>(
  { handler }: HandlerModule<Needs, Event, Result>,
  parts: Parts<Needs>,
): CloudFunction<Event, Result> {
  const instance = new Instance(parts);
  const all = Object.values<Part<unknown>>(parts);
  return {
    handler: async (event, context) => {
      instance.offer(context.token);
      await instance.open();
      instance.announce();
      return await handler(event, context);
    },
    open: async () => await instance.open(),
    requires: [...new Set(all.flatMap(({ variables }) => variables.map(({ name }) => name)))],
    load: async () => {
      await Promise.all(all.map(async (part) => await part.load?.()));
    },
  };
}

/** Whether V8 took the bundle's code cache, as its loader says; undefined where there is no loader. */
function codeCache(): string | undefined {
  const said: unknown = Reflect.get(globalThis, Symbol.for("orrery.codeCache"));
  return typeof said === "string" ? said : undefined;
}

type AnyParts = Readonly<Record<string, Part<unknown>>>;

/** One instance of a function: what it has opened so far. */
class Instance {
  readonly #parts: AnyParts;
  readonly #world: World;
  readonly #tokens: ContextTokens;
  readonly #opened = new Map<Part<unknown>, Promise<unknown>>();
  #opening: Promise<void> | undefined;
  #isAnnounced = false;

  constructor(parts: AnyParts) {
    this.#parts = parts;
    const { tokens, ...world } = instanceWorld(process.env);
    this.#tokens = tokens;
    this.#world = {
      ...world,
      tokens,
      get: async (part) => (await this.#get(part)) as never,
    };
  }

  offer(token: Context["token"]): void {
    if (token !== undefined) this.#tokens.offer(token.access_token, token.expires_in);
  }

  async open(): Promise<void> {
    this.#opening ??= this.#openAll().catch((error: unknown) => {
      this.#opening = undefined;
      // The handler, which logs what it fails with, is not reached.
      this.#world.log.write({
        level: "error",
        name: "function.not_opened",
        message: messageOf(error),
        fields: { code: error instanceof OrreryError ? error.code : undefined },
      });
      throw error;
    });
    await this.#opening;
  }

  /** Says once that there is this instance, and how it was loaded. */
  announce(): void {
    if (this.#isAnnounced) return;
    this.#isAnnounced = true;
    this.#world.log.write({
      level: "debug",
      name: "function.opened",
      message: "A new instance serves its first call",
      fields: { node: process.versions.node, code_cache: codeCache() },
    });
  }

  async #openAll(): Promise<void> {
    const parts = Object.entries(this.#parts);
    const { environment, clock, random, log, telemetry } = this.#world;
    requireVariables(
      parts.flatMap(([, part]) => part.variables),
      environment,
    );
    const opened = await Promise.all(
      parts.map(async ([name, part]) => [name, await this.#get(part)] as const),
    );
    const own: Partial<Wiring> = Object.fromEntries(opened);
    const measured = measuredParts(own, { telemetry, clock });
    installParts({ ...own, ...measured, clock, alarms: clock, random, log, telemetry });
  }

  async #get(part: Part<unknown>): Promise<unknown> {
    const opening = this.#opened.get(part) ?? Promise.resolve(part.open(this.#world));
    this.#opened.set(part, opening);
    try {
      return await opening;
    } catch (error) {
      this.#opened.delete(part);
      throw error;
    }
  }
}
