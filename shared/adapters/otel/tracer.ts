import { ROOT_CONTEXT, trace, TraceFlags, type Context, type Tracer } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler,
  type SpanProcessor,
} from "@opentelemetry/sdk-trace";
import { digest } from "../../core/ids.ts";
import { parseTraceParent, type TraceParent } from "../../core/telemetry/traceparent.ts";
import type { Random } from "../../ports/random.ts";
import type { OtlpSettings } from "./otlp-settings.ts";

/** What every trace of this process comes from. Nothing is registered globally. */
export function createTracer(
  resource: Resource,
  options: {
    readonly sampler: OtlpSettings["sampler"];
    readonly version: string;
    readonly processor: SpanProcessor;
    readonly random: Random;
  },
): Tracer {
  const { sampler, version, processor, random } = options;
  const provider = new TracerProvider({
    resource,
    sampler: samplerOf(sampler),
    spanProcessors: [processor],
    idGenerator: {
      generateTraceId: () => digest([random.id()], 32),
      generateSpanId: () => digest([random.id()], 16),
    },
  });
  return provider.getTracer("orrery", version);
}

function samplerOf({ name, ratio }: OtlpSettings["sampler"]): Sampler {
  const root = name.endsWith("always_off")
    ? new AlwaysOffSampler()
    : name.endsWith("traceidratio")
      ? new TraceIdRatioBasedSampler(ratio)
      : new AlwaysOnSampler();
  return name.startsWith("parentbased_") ? new ParentBasedSampler({ root }) : root;
}

/** The context whose span somebody else has; that of no span where they did not say. */
export function remoteContext(parent: TraceParent | undefined): Context {
  const context = parseTraceParent(parent);
  if (context === undefined) return ROOT_CONTEXT;
  const { traceId, spanId, isSampled } = context;
  const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}
