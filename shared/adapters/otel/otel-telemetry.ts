import {
  ROOT_CONTEXT,
  SpanKind,
  trace,
  type Attributes,
  type Span as OtelSpan,
  type Tracer,
} from "@opentelemetry/api";
import { limits } from "../../core/limits.ts";
import type { TraceParent } from "../../core/telemetry/traceparent.ts";
import type { Clock } from "../../ports/clock.ts";
import type {
  Facts,
  FunctionCall,
  HandledMessage,
  Span,
  Telemetry,
} from "../../ports/telemetry.ts";
import { fieldsOfCall, type Present } from "../call-scope/call-scope.ts";
import type { Meters } from "./meters.ts";
import type { TelemetryScope } from "./open-telemetry.ts";
import { attributesOf, fail, linkTo, startWatch, traceParentOf } from "./span-words.ts";
import { remoteContext } from "./tracer.ts";

/** A call under way, as OpenTelemetry sees it. */
interface OtelCall {
  readonly fields: Facts;
  /** The spans of its messages, by what these are about. */
  readonly subjects: Map<string, OtelSpan>;
  /** Traces that it begins and has not told of yet. */
  readonly begun: Map<string, OtelSpan>;
}

/** What the present work belongs to; without `work` nobody is told of it. */
export interface OtelPresent extends Present {
  readonly work?: { readonly call: OtelCall; readonly span: OtelSpan };
}

const KINDS = {
  timer: SpanKind.INTERNAL,
  queue: SpanKind.CONSUMER,
  object: SpanKind.CONSUMER,
  http: SpanKind.SERVER,
} as const satisfies Record<FunctionCall["trigger"], SpanKind>;

/** Source: OpenTelemetry semantic conventions, "FaaS", `faas.trigger`. */
const TRIGGERS = {
  timer: "timer",
  queue: "pubsub",
  object: "datasource",
  http: "http",
} as const satisfies Record<FunctionCall["trigger"], string>;

interface OtelParts {
  readonly scope: TelemetryScope;
  readonly tracer: Tracer;
  readonly meters: Meters;
  readonly clock: Clock;
}

/** The port in the words of OpenTelemetry; `called` is awaited once a call is over. */
export class OtelTelemetry implements Telemetry {
  readonly isOn = true;
  readonly #parts: OtelParts;
  /** Traces of subjects, those least lately seen first. */
  readonly #traces = new Map<string, TraceParent>();
  readonly #called: (call: FunctionCall) => Promise<void>;

  constructor(parts: OtelParts, called: (call: FunctionCall) => Promise<void>) {
    this.#parts = parts;
    this.#called = called;
  }

  async call<T>(call: FunctionCall, body: () => Promise<T>): Promise<T> {
    const { tracer, clock } = this.#parts;
    const [first, ...others] = call.parents;
    const watch = startWatch(clock);
    const span = tracer.startSpan(
      call.name,
      {
        kind: KINDS[call.trigger],
        startTime: watch.startedAt,
        links: others.flatMap(linkTo),
        attributes: {
          "faas.name": call.name,
          "faas.version": call.version,
          "faas.invocation_id": call.requestId,
          "faas.trigger": TRIGGERS[call.trigger],
        },
      },
      remoteContext(first),
    );
    const made: OtelCall = { fields: fieldsOfCall(call), subjects: new Map(), begun: new Map() };
    let outcome: "ok" | "failed" = "failed";
    try {
      const result = await this.#within(made, span, body);
      outcome = "ok";
      return result;
    } finally {
      span.end(watch.now());
      const seconds = watch.seconds();
      this.record("orrery.call.duration", seconds, { function: call.name, outcome });
      await this.#called(call);
    }
  }

  async messages<T>(messages: readonly HandledMessage[], body: () => Promise<T>): Promise<T> {
    for (const { subject, parent } of messages) this.#remember(subject, parent);
    const work = this.#work();
    if (work === undefined) return await body();
    const { call, span } = work;
    span.setAttribute("messaging.batch.message_count", messages.length);
    const [only, ...others] = messages;
    if (only !== undefined && others.length === 0) {
      // Its call was begun as a child of its sender: the call is the handling.
      span.setAttribute("orrery.subject", only.subject);
      call.subjects.set(only.subject, span);
      return await body();
    }
    const { tracer, clock } = this.#parts;
    const watch = startWatch(clock);
    const spans = messages.map(({ subject, parent: said }) => {
      const parent = said ?? this.traceOf(subject);
      const options = {
        kind: SpanKind.CONSUMER,
        startTime: watch.startedAt,
        links: [{ context: span.spanContext() }],
        attributes: { ...nameOf(call), "orrery.subject": subject },
      };
      const context =
        parent === undefined ? trace.setSpan(ROOT_CONTEXT, span) : remoteContext(parent);
      const own = tracer.startSpan(`${String(call.fields["function"])} message`, options, context);
      call.subjects.set(subject, own);
      return own;
    });
    try {
      return await body();
    } catch (error) {
      for (const own of spans) fail(own, error);
      throw error;
    } finally {
      for (const own of spans) own.end(watch.now());
    }
  }

  async span<T>({ name, kind, subject, facts = {} }: Span, body: () => Promise<T>): Promise<T> {
    const work = this.#work();
    if (work === undefined) return await body();
    const { tracer, clock } = this.#parts;
    const { call } = work;
    const parent = (subject === undefined ? undefined : call.subjects.get(subject)) ?? work.span;
    const watch = startWatch(clock);
    const span = tracer.startSpan(
      name,
      {
        kind: kind === "client" ? SpanKind.CLIENT : SpanKind.INTERNAL,
        startTime: watch.startedAt,
        attributes: { ...nameOf(call), ...attributesOf(facts) },
      },
      trace.setSpan(ROOT_CONTEXT, parent),
    );
    try {
      return await this.#within(call, span, body);
    } finally {
      span.end(watch.now());
    }
  }

  begin(subject: string): TraceParent | undefined {
    const work = this.#work();
    if (work === undefined) return undefined;
    const { call, span } = work;
    const before = call.begun.get(subject);
    const begun =
      before ??
      this.#parts.tracer.startSpan(
        "fire",
        {
          kind: SpanKind.PRODUCER,
          startTime: startWatch(this.#parts.clock).startedAt,
          links: [{ context: span.spanContext() }],
          attributes: { ...nameOf(call), "orrery.subject": subject },
        },
        ROOT_CONTEXT,
      );
    call.begun.set(subject, begun);
    return traceParentOf(begun);
  }

  made(subject: string, facts: Facts): void {
    const begun = this.#work()?.call.begun;
    const span = begun?.get(subject);
    span?.setAttributes(attributesOf(facts));
    span?.end(startWatch(this.#parts.clock).startedAt);
    begun?.delete(subject);
  }

  here(): TraceParent | undefined {
    const span = this.#work()?.span;
    return span && traceParentOf(span);
  }

  traceOf(subject: string): TraceParent | undefined {
    return this.#traces.get(subject);
  }

  #remember(subject: string, parent: TraceParent | undefined): void {
    if (parent === undefined) return;
    this.#traces.delete(subject);
    this.#traces.set(subject, parent);
    if (this.#traces.size <= limits.telemetryTraces) return;
    const [oldest] = this.#traces.keys();
    if (oldest !== undefined) this.#traces.delete(oldest);
  }

  count: Telemetry["count"] = (name, value, attributes) => {
    this.#parts.meters.count(name, value, attributes);
  };

  record: Telemetry["record"] = (name, value, attributes) => {
    this.#parts.meters.record(name, value, attributes);
  };

  gauge: Telemetry["gauge"] = (name, value, attributes) => {
    this.#parts.meters.gauge(name, value, attributes);
  };

  #work(): OtelPresent["work"] {
    return this.#parts.scope.present()?.work;
  }

  async #within<T>(call: OtelCall, span: OtelSpan, body: () => Promise<T>): Promise<T> {
    const { traceId, spanId } = span.spanContext();
    const fields = { ...call.fields, trace_id: traceId, span_id: spanId };
    const present = { fields, work: { call, span } };
    return await this.#parts.scope.run(present, async () => {
      try {
        return await body();
      } catch (error) {
        fail(span, error);
        throw error;
      }
    });
  }
}

/** Functions of one process share its resource, so each span says whose it is. */
function nameOf(call: OtelCall): Attributes {
  return { "faas.name": String(call.fields["function"]) };
}
