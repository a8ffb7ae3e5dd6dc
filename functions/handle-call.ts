import type { Handler } from "@yandex-cloud/function-types";
import { messageOf, OrreryError } from "../shared/core/errors.ts";
import type { FunctionCall } from "../shared/ports/telemetry.ts";
import { traceParentsOf } from "./trace-parents.ts";
import { services } from "./wiring.ts";

/** What a call needs whatever its function is. */
const NEEDS = ["telemetry", "log"] as const;

type Context = Parameters<Handler.Timer>[1];

/**
 * Makes a handler tell of each of its calls: log lines within it name it, and where somebody listens
 * it is a span, of its sender's trace. What a call failed with is logged here, once and in one line,
 * because the cloud would print it as text.
 */
export function handleCall<Event, Result>(
  call: Pick<FunctionCall, "name" | "trigger">,
  handler: (event: Event, context: Context) => Promise<Result>,
): (event: Event, context: Context) => Promise<Result> {
  return async (event, context) => {
    const { telemetry, log } = services(NEEDS);
    const { functionVersion: version, requestId } = context;
    const made: FunctionCall = {
      ...call,
      version,
      requestId,
      // Finding them reads the bodies once more, which is for nothing where nobody listens.
      parents: telemetry.isOn ? traceParentsOf(event, (run) => telemetry.traceOf(run)) : [],
      remainingMs: () => context.getRemainingTimeInMillis(),
    };
    return await telemetry.call(made, async () => {
      try {
        return await handler(event, context);
      } catch (error) {
        log.write({
          level: "error",
          name: "call.failed",
          message: `Function ${call.name} failed: ${messageOf(error)}`,
          fields: { code: error instanceof OrreryError ? error.code : undefined },
        });
        throw error;
      }
    });
  };
}
