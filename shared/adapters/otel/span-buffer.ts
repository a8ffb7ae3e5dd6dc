import type { ReadableSpan, SpanProcessor } from "@opentelemetry/sdk-trace";

/** Ended spans that wait to be sent, the latest of them where there are too many. */
export interface SpanBuffer {
  readonly processor: SpanProcessor;
  /** Those that wait, which then do not any more. */
  take(): readonly ReadableSpan[];
  /** How many were dropped since it was last asked. */
  dropped(): number;
}

export function createSpanBuffer(max: number): SpanBuffer {
  let spans: ReadableSpan[] = [];
  let dropped = 0;
  const done = async (): Promise<void> => await Promise.resolve();
  return {
    processor: {
      onStart: () => undefined,
      onEnd: (span) => {
        spans.push(span);
        if (spans.length <= max) return;
        spans.shift();
        dropped += 1;
      },
      forceFlush: done,
      shutdown: done,
    },
    take: () => {
      const taken = spans;
      spans = [];
      return taken;
    },
    dropped: () => {
      const count = dropped;
      dropped = 0;
      return count;
    },
  };
}
