declare const traceParentBrand: unique symbol;

/** Where a span stands, as a message, a request or an event carries it: W3C Trace Context. */
export type TraceParent = string & { readonly [traceParentBrand]: true };

/** What a `traceparent` says. */
export interface TraceContext {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** Whether whoever began the trace records it. */
  readonly isSampled: boolean;
}

/**
 * Version, trace, parent, flags; a later version may have more behind them. Version ff is none.
 * Source: W3C Trace Context, level 1, "traceparent Header Field Values".
 */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_TRACE = "0".repeat(32);
const NO_SPAN = "0".repeat(16);
/** The longest text that is looked at: of version 00 it has 55 characters. */
const CHARS_MAX = 200;

/** Reads a `traceparent`; undefined for anything that is none, which is then ignored. */
export function parseTraceParent(value: unknown): TraceContext | undefined {
  if (typeof value !== "string" || value.length > CHARS_MAX) return undefined;
  const [, version, traceId = "", spanId = "", flags = "", more] = TRACEPARENT.exec(value) ?? [];
  if (version === undefined || traceId === NO_TRACE || spanId === NO_SPAN) return undefined;
  if (version === "00" && more !== undefined) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** The same text where it is a `traceparent`, in the form that we pass on; else undefined. */
export function readTraceParent(value: unknown): TraceParent | undefined {
  const context = parseTraceParent(value);
  return context && formatTraceParent(context);
}

export function formatTraceParent({ traceId, spanId, isSampled }: TraceContext): TraceParent {
  return `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}` as TraceParent;
}
