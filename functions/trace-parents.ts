import {
  formatTraceParent,
  parseTraceParent,
  readTraceParent,
  type TraceParent,
} from "../shared/core/telemetry/traceparent.ts";

type Members = Readonly<Record<string, unknown>>;

/** The trace that a run is known to have. */
type TraceOf = (run: string) => TraceParent | undefined;

/**
 * Where those stood in their traces who sent what an event is about, each once: a request says so in
 * a header, our messages in their body, and object storage in the event itself. A hint about a run
 * says nothing of a trace, and is of the run's. An event that says it in no way that we understand
 * has none.
 */
export function traceParentsOf(event: unknown, traceOf: TraceOf): readonly TraceParent[] {
  const { headers, messages } = membersOf(event);
  const found = Array.isArray(messages)
    ? messages.map((message) => ofMessage(message, traceOf))
    : [ofHeaders(headers)];
  return [...new Set(found.flatMap((parent) => parent ?? []))];
}

function ofHeaders(headers: unknown): TraceParent | undefined {
  const [, value] =
    Object.entries(membersOf(headers)).find(([name]) => name.toLowerCase() === "traceparent") ?? [];
  return readTraceParent(value);
}

function ofMessage(message: unknown, traceOf: TraceOf): TraceParent | undefined {
  const { event_metadata, details } = membersOf(message);
  const { body } = membersOf(membersOf(details)["message"]);
  if (typeof body === "string") return ofBody(body, traceOf);
  return ofTracingContext(membersOf(event_metadata)["tracing_context"]);
}

function ofBody(body: string, traceOf: TraceOf): TraceParent | undefined {
  try {
    const { traceparent, run } = membersOf(JSON.parse(body));
    const said = readTraceParent(traceparent);
    return said ?? (typeof run === "string" ? traceOf(run) : undefined);
  } catch {
    return undefined;
  }
}

/**
 * What object storage says of the request that changed an object, where its ids are those of W3C.
 * Source: Cloud Functions, "Trigger for Object Storage", message format.
 */
function ofTracingContext(context: unknown): TraceParent | undefined {
  const { trace_id, span_id } = membersOf(context);
  const traceId = String(trace_id).replaceAll("-", "").toLowerCase();
  const spanId = String(span_id).toLowerCase();
  const text = formatTraceParent({ traceId, spanId, isSampled: true });
  return parseTraceParent(text) && text;
}

function membersOf(value: unknown): Members {
  return typeof value === "object" && value !== null ? (value as Members) : {};
}
