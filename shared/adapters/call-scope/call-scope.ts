import { AsyncLocalStorage } from "node:async_hooks";
import type { Facts, FunctionCall, Telemetry } from "../../ports/telemetry.ts";
import { noTelemetry } from "../../ports/telemetry.ts";

/** What the present work belongs to. */
export interface Present {
  /** What every log line of it says. */
  readonly fields: Facts;
}

/**
 * Knows which call the present work belongs to, by the chain of awaits that led to it: so it holds
 * for calls that overlap, and what a freeze left unfinished still belongs to the call that began it.
 */
export interface CallScope<P extends Present = Present> {
  run<T>(present: P, body: () => T): T;
  present(): P | undefined;
  /** What a log line of the present work says; nothing outside a call. */
  readonly fields: () => Facts;
}

const NOTHING: Facts = {};

export function createCallScope<P extends Present>(): CallScope<P> {
  const storage = new AsyncLocalStorage<P>();
  return {
    run: (present, body) => storage.run(present, body),
    present: () => storage.getStore(),
    fields: () => storage.getStore()?.fields ?? NOTHING,
  };
}

/** What log lines of a call say of it. */
export function fieldsOfCall({ name, requestId }: FunctionCall): Facts {
  return { function: name, request_id: requestId };
}

/** Tells nobody anything but the log, whose lines then name their call. */
export function scopeOnly(scope: CallScope): Telemetry {
  return {
    ...noTelemetry,
    call: async (call, body) => await scope.run({ fields: fieldsOfCall(call) }, body),
  };
}
