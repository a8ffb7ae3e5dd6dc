import {
  SpanStatusCode,
  trace,
  type Attributes,
  type HrTime,
  type Link,
  type Span,
} from "@opentelemetry/api";
import { OrreryError } from "../../core/errors.ts";
import { formatTraceParent, type TraceParent } from "../../core/telemetry/traceparent.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Facts } from "../../ports/telemetry.ts";
import { remoteContext } from "./tracer.ts";

/** Our words in those of OpenTelemetry. */

/** A failure by its code alone: its text is in the log, where secrets are looked for. */
export function fail(span: Span, error: unknown): void {
  const type = error instanceof OrreryError ? error.code : (error as Error | undefined)?.name;
  span.setAttribute("error.type", type ?? "OTHER");
  span.setStatus({ code: SpanStatusCode.ERROR });
}

export function linkTo(parent: TraceParent): readonly Link[] {
  const context = trace.getSpanContext(remoteContext(parent));
  return context === undefined ? [] : [{ context }];
}

export function traceParentOf(span: Span): TraceParent {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return formatTraceParent({ traceId, spanId, isSampled: (traceFlags & 1) === 1 });
}

export function attributesOf(facts: Facts): Attributes {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [`orrery.${name}`, value]),
  );
}

/** Times of a span: the wall's where it begins, and from there on what went by. */
export function startWatch(clock: Clock): {
  readonly startedAt: HrTime;
  readonly now: () => HrTime;
  readonly seconds: () => number;
} {
  const at = clock.now();
  const startedMs = clock.monotonicMs();
  const elapsedMs = (): number => Math.max(0, clock.monotonicMs() - startedMs);
  return {
    startedAt: hrTimeOf(at, 0),
    now: () => hrTimeOf(at, elapsedMs()),
    seconds: () => elapsedMs() / 1_000,
  };
}

function hrTimeOf(atMs: number, elapsedMs: number): HrTime {
  const wholeMs = atMs + Math.floor(elapsedMs);
  const nanos = (wholeMs % 1_000) * 1e6 + Math.floor((elapsedMs % 1) * 1e6);
  return [Math.floor(wholeMs / 1_000), nanos];
}
