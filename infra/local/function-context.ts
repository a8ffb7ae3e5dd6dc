import type { Handler } from "@yandex-cloud/function-types";
import type { Clock } from "../../shared/ports/clock.ts";
import type { FunctionManifest } from "./manifest.ts";

/** The second argument of every handler. */
export type FunctionContext = Parameters<Handler.Timer>[1];

/** A context for one call of a function, which has its whole timeout ahead of it. */
export function functionContext(
  called: FunctionManifest,
  call: { readonly requestId: string; readonly clock: Clock },
): FunctionContext {
  const startedMs = call.clock.monotonicMs();
  return {
    functionName: called.name,
    functionVersion: "local",
    memoryLimitInMB: String(called.memoryMb),
    requestId: call.requestId,
    getRemainingTimeInMillis: () =>
      Math.max(0, Math.round(called.timeoutMs - (call.clock.monotonicMs() - startedMs))),
    getPayload: () => undefined,
  };
}
