import { messageOf } from "../../core/errors.ts";
import type { Alarms, Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { Random } from "../../ports/random.ts";
import type { FunctionCall, Telemetry } from "../../ports/telemetry.ts";
import { createCallScope, scopeOnly, type CallScope } from "../call-scope/call-scope.ts";
import { isConfigured, type Environment } from "./otlp-settings.ts";
import type { OtelPresent } from "./otel-telemetry.ts";

export interface TelemetryOptions {
  /** Where the standard variables of OpenTelemetry are. */
  readonly environment: Environment;
  readonly clock: Clock & Alarms;
  readonly random: Random;
  readonly log: Log;
  /** The product's version. */
  readonly version: string;
  /**
   * A function sends what it has before each call resolves, because it is frozen then. A platform
   * goes on, and sends now and then.
   */
  readonly sends: "each call" | "now and then";
}

/** What tells how it goes, and what its process does with it. */
export interface OpenedTelemetry {
  readonly telemetry: Telemetry;
  /** Sends what it has, for who sends now and then; never rejects, and takes no longer than a bound. */
  readonly flush: () => Promise<void>;
}

/** The scope that telemetry and log lines share. */
export type TelemetryScope = CallScope<OtelPresent>;

export function createTelemetryScope(): TelemetryScope {
  return createCallScope<OtelPresent>();
}

/**
 * Tells an OTLP collector how it goes, where the environment names one; else log lines name their
 * calls, and that is all. Nothing of OpenTelemetry is loaded before the first call that tells.
 */
export function openTelemetry(options: TelemetryOptions, scope: TelemetryScope): OpenedTelemetry {
  const quiet = scopeOnly(scope);
  if (!isConfigured(options.environment)) {
    return { telemetry: quiet, flush: async () => await Promise.resolve() };
  }
  let opened: OpenedTelemetry | undefined;
  let opening: Promise<OpenedTelemetry | undefined> | undefined;
  const open = async (first?: FunctionCall): Promise<OpenedTelemetry | undefined> => {
    opening ??= load(options, scope, first);
    opened ??= await opening;
    return opened;
  };
  const now = (): Telemetry => opened?.telemetry ?? quiet;
  return {
    telemetry: {
      isOn: true,
      call: async (call, body) => {
        const { telemetry } = (await open(call)) ?? { telemetry: quiet };
        return await telemetry.call(call, body);
      },
      messages: async (messages, body) => await now().messages(messages, body),
      span: async (span, body) => await now().span(span, body),
      begin: (subject) => now().begin(subject),
      made: (subject, facts) => now().made(subject, facts),
      here: () => now().here(),
      traceOf: (subject) => now().traceOf(subject),
      count: (name, value, attributes) => now().count(name, value, attributes),
      record: (name, value, attributes) => now().record(name, value, attributes),
      gauge: (name, value, attributes) => now().gauge(name, value, attributes),
    },
    flush: async () => await (await open())?.flush(),
  };
}

/** Undefined where it cannot be loaded: nobody is told then, and everything else goes on. */
async function load(
  options: TelemetryOptions,
  scope: TelemetryScope,
  first: FunctionCall | undefined,
): Promise<OpenedTelemetry | undefined> {
  try {
    const { startOtel } = await import("./start-otel.ts");
    return startOtel(options, scope, first);
  } catch (error) {
    options.log.write({
      level: "warn",
      name: "telemetry.unavailable",
      message: `Telemetry is off: OpenTelemetry could not be loaded (${messageOf(error)})`,
      fields: {},
    });
    return undefined;
  }
}
