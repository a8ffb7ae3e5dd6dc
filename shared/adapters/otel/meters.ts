import type { Attributes, Counter, Histogram, ObservableResult } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import {
  AggregationTemporality,
  InstrumentType,
  MeterProvider,
  MetricReader,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import { ALARMS } from "../../core/telemetry/alarms.ts";
import {
  METRICS,
  type CounterName,
  type GaugeName,
  type HistogramName,
  type Metric,
  type MetricName,
} from "../../core/telemetry/metrics.ts";

/** Every metric of the product, and what was recorded of it. */
export interface Meters {
  count(name: CounterName, value: number, attributes: Attributes): void;
  record(name: HistogramName, value: number, attributes: Attributes): void;
  gauge(name: GaugeName, value: number, attributes: Attributes): void;
  /** What is to be told now: gauges that were set since the last time, and every sum. */
  collect(): Promise<ResourceMetrics>;
}

/** Collects when it is asked to; whoever asks sends. */
class AskedReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {
    await Promise.resolve();
  }

  protected override async onShutdown(): Promise<void> {
    await Promise.resolve();
  }
}

export function createMeters(
  resource: Resource,
  options: { readonly temporality: "cumulative" | "delta"; readonly version: string },
): Meters {
  const temporality =
    options.temporality === "delta"
      ? AggregationTemporality.DELTA
      : AggregationTemporality.CUMULATIVE;
  const reader = new AskedReader({
    // A gauge has no sum to carry on: cumulative, it would be told again and again as it once stood.
    aggregationTemporalitySelector: (type) =>
      type === InstrumentType.OBSERVABLE_GAUGE ? AggregationTemporality.DELTA : temporality,
  });
  const meter = new MeterProvider({ resource, readers: [reader] }).getMeter(
    "orrery",
    options.version,
  );
  const counters = new Map<MetricName, Counter>();
  const histograms = new Map<MetricName, Histogram>();
  const standing = new Map<MetricName, Map<string, readonly [number, Attributes]>>();

  for (const [name, metric] of Object.entries(METRICS) as [MetricName, Metric][]) {
    const { kind, unit, meaning: description, buckets } = metric;
    switch (kind) {
      case "counter":
        counters.set(name, meter.createCounter(name, { unit, description }));
        break;
      case "histogram": {
        const advice = { explicitBucketBoundaries: [...(buckets ?? [])] };
        histograms.set(name, meter.createHistogram(name, { unit, description, advice }));
        break;
      }
      case "gauge": {
        const values = new Map<string, readonly [number, Attributes]>();
        standing.set(name, values);
        // An observation is told once. An instance that is thawed much later would else tell anew,
        // as if it held now, what was true when it was frozen.
        meter.createObservableGauge(name, { unit, description }).addCallback((result) => {
          drain(values, result);
        });
      }
    }
  }
  beginAtZero(counters);
  return {
    count: (name, value, attributes) => counters.get(name)?.add(value, attributes),
    record: (name, value, attributes) => histograms.get(name)?.record(value, attributes),
    gauge: (name, value, attributes) =>
      void standing.get(name)?.set(JSON.stringify(attributes), [value, attributes]),
    collect: async () => (await reader.collect()).resourceMetrics,
  };
}

function drain(values: Map<string, readonly [number, Attributes]>, result: ObservableResult): void {
  for (const [value, attributes] of values.values()) result.observe(value, attributes);
  values.clear();
}

/**
 * A sum that a collector first hears of when it is 1 looks as if it had always been 1, and what comes
 * once in a while would never be seen to rise. So those that alarms look at are told from zero on.
 */
function beginAtZero(counters: ReadonlyMap<MetricName, Counter>): void {
  for (const name of new Set(ALARMS.map(({ metric }) => metric))) {
    const { attributes }: Metric = METRICS[name];
    for (const each of combinations(Object.entries(attributes))) counters.get(name)?.add(0, each);
  }
}

/** Every combination of the attributes' values; none where one has values that nobody listed. */
function combinations(
  attributes: readonly (readonly [string, readonly string[] | string])[],
): readonly Attributes[] {
  const [first, ...others] = attributes;
  if (first === undefined) return [{}];
  const [name, values] = first;
  if (typeof values === "string") return [];
  return combinations(others).flatMap((rest) =>
    values.map((value) => ({ [name]: value, ...rest })),
  );
}
