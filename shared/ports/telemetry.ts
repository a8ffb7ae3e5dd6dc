import type {
  CounterName,
  GaugeName,
  HistogramName,
  MetricAttributes,
} from "../core/telemetry/metrics.ts";
import type { TraceParent } from "../core/telemetry/traceparent.ts";

/** What a span or a log line says of itself: names, numbers, ids; never a value that may be secret. */
export type Facts = Readonly<Record<string, string | number | boolean | undefined>>;

/** One call of a function. */
export interface FunctionCall {
  /** Its name in `serverless.yaml`. */
  readonly name: string;
  /** Its version, as the platform names it. */
  readonly version: string;
  readonly requestId: string;
  readonly trigger: "timer" | "queue" | "object" | "http";
  /** Where those stood who sent what the call is about, as far as the event says so. */
  readonly parents: readonly TraceParent[];
  /** How much longer the call may take, in ms. */
  readonly remainingMs: () => number;
}

/** One message of the batch that a call was handed. */
export interface HandledMessage {
  /** What it is about, as its row is named: a run, a delivery, an operation, a job. */
  readonly subject: string;
  /** Where its sender stood, where the message says so. */
  readonly parent?: TraceParent | undefined;
}

/** A stretch of work. */
export interface Span {
  /** Spelled the same for all work of this kind: no ids. */
  readonly name: string;
  readonly kind: "internal" | "client";
  /** What it is about: it belongs to the message of this subject, where the call has one. */
  readonly subject?: string | undefined;
  readonly facts?: Facts;
}

/**
 * Tells the outside how it goes: traces and metrics.
 *
 * T1 Telling never fails, and never makes what it is about fail or take longer than a bound.
 * T2 What is told of a call has left when the call resolves, or is given up: a function is frozen then.
 * T3 Work of one call is never told as another's, however calls overlap and wherever a freeze fell.
 */
export interface Telemetry {
  /** False where nobody listens; whoever would have to look something up for it then need not. */
  readonly isOn: boolean;
  /** Runs a call of a function: everything within `body` belongs to it. */
  call<T>(call: FunctionCall, body: () => Promise<T>): Promise<T>;
  /** Runs the handling of the present call's messages: several are a span each, of their own traces. */
  messages<T>(messages: readonly HandledMessage[], body: () => Promise<T>): Promise<T>;
  span<T>(span: Span, body: () => Promise<T>): Promise<T>;
  /**
   * Begins a trace for something that the present call makes, once for each subject; undefined
   * outside a call. It is told once `made` says so: a transaction may be undone.
   */
  begin(subject: string): TraceParent | undefined;
  made(subject: string, facts: Facts): void;
  /** Where the present work stands in its trace. */
  here(): TraceParent | undefined;
  /** The trace that messages about a subject last came with, as far as this process saw them. */
  traceOf(subject: string): TraceParent | undefined;
  /** Adds to a sum; a value of at least 0. */
  count<N extends CounterName>(name: N, value: number, attributes: MetricAttributes<N>): void;
  /** Adds a value to a spread; at least 0. */
  record<N extends HistogramName>(name: N, value: number, attributes: MetricAttributes<N>): void;
  /** Says how something stands now. It is told once: what is not said again is not known any more. */
  gauge<N extends GaugeName>(name: N, value: number, attributes: MetricAttributes<N>): void;
}

const nothing = (): undefined => undefined;
const justDo = async <T>(_: unknown, body: () => Promise<T>): Promise<T> => await body();

/** Nobody listens: everything is done, and nothing told. */
export const noTelemetry: Telemetry = {
  isOn: false,
  call: justDo,
  messages: justDo,
  span: justDo,
  begin: nothing,
  made: nothing,
  here: nothing,
  traceOf: nothing,
  count: nothing,
  record: nothing,
  gauge: nothing,
};
