import { resourceFromAttributes, type Resource } from "@opentelemetry/resources";
import { limits } from "../../core/limits.ts";
import type { FunctionCall } from "../../ports/telemetry.ts";
import { createMeters } from "./meters.ts";
import type { OpenedTelemetry, TelemetryOptions, TelemetryScope } from "./open-telemetry.ts";
import { OtelTelemetry } from "./otel-telemetry.ts";
import { OtlpOutbox } from "./otlp-outbox.ts";
import { readSettings, type OtlpSettings } from "./otlp-settings.ts";
import { createSpanBuffer } from "./span-buffer.ts";
import { createTracer } from "./tracer.ts";

/**
 * Telemetry over OTLP, by the standard variables of the environment. `first` is the call that it is
 * opened for: a process that sends with each call has one function.
 */
export function startOtel(
  options: TelemetryOptions,
  scope: TelemetryScope,
  first: FunctionCall | undefined,
): OpenedTelemetry {
  const { clock, log, random, version } = options;
  const settings = readSettings(options.environment);
  for (const problem of settings.problems) {
    const message = `Telemetry is not as it was asked for: ${problem}`;
    log.write({ level: "warn", name: "telemetry.misconfigured", message, fields: {} });
  }
  const resource = resourceOf(settings, options, first);
  const spans = createSpanBuffer(limits.telemetrySpans);
  const { sampler, temporality } = settings;
  const { processor } = spans;
  const tracer = createTracer(resource, { sampler, version, processor, random });
  const meters = createMeters(resource, { temporality, version });
  const outbox = new OtlpOutbox({ settings, spans, meters, clock, log });
  const telemetry = new OtelTelemetry({ scope, tracer, meters, clock }, async (call) => {
    if (options.sends !== "each call") return;
    const leftMs = call.remainingMs() - limits.telemetryReserveMs;
    await outbox.flush(Math.min(limits.telemetryFlushMs, leftMs));
  });
  return { telemetry, flush: async () => await outbox.flush(limits.telemetryFlushMs) };
}

function resourceOf(
  settings: OtlpSettings,
  { version, random, sends }: TelemetryOptions,
  first: FunctionCall | undefined,
): Resource {
  const isFunction = sends === "each call" && first !== undefined;
  return resourceFromAttributes({
    ...(isFunction ? { "faas.name": first.name, "faas.version": first.version } : {}),
    "service.version": version,
    // Instances of a function count for themselves, and whoever reads adds them up.
    "service.instance.id": random.id(),
    ...settings.resource,
    "service.name": settings.serviceName,
  });
}
