import { OrreryError } from "../../shared/core/errors.ts";
import type { FunctionContext } from "./function-context.ts";

/** A handler as a platform calls it: whatever its trigger's event is, and a context. */
export type AnyHandler = (event: never, context: FunctionContext) => unknown;

interface HandlerModule {
  readonly handler: AnyHandler;
}

/**
 * Every function of `serverless.yaml` by its handler. The imports are written out, so that a bundler
 * finds them; a test holds this list and the manifest together.
 */
const MODULES: Readonly<Record<string, () => Promise<HandlerModule>>> = {
  "functions/tick/index.handler": async () => await import("../../functions/tick/index.ts"),
  "functions/intake/index.handler": async () => await import("../../functions/intake/index.ts"),
  "functions/submit/index.handler": async () => await import("../../functions/submit/index.ts"),
  "functions/watch/index.handler": async () => await import("../../functions/watch/index.ts"),
  "functions/notify/index.handler": async () => await import("../../functions/notify/index.ts"),
  "functions/apply/index.handler": async () => await import("../../functions/apply/index.ts"),
  "functions/api/index.handler": async () => await import("../../functions/api/index.ts"),
  "functions/authorizer/index.handler": async () =>
    await import("../../functions/authorizer/index.ts"),
};

/** Loads the handler that a manifest names. */
export async function loadHandler(name: string): Promise<AnyHandler> {
  const load = Object.hasOwn(MODULES, name) ? MODULES[name] : undefined;
  if (load === undefined) {
    const known = Object.keys(MODULES).join(", ");
    throw new OrreryError(
      "CONFIG_INVALID",
      `serverless.yaml names the handler ${name}, which this platform does not have: it has ${known}`,
    );
  }
  return (await load()).handler;
}
