import {
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer";
import { limits } from "../../core/limits.ts";
import type { Alarms, Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { Meters } from "./meters.ts";
import { sendPayloads, type Payload, type SendFailure } from "./otlp-sender.ts";
import type { OtlpSettings, OtlpTarget } from "./otlp-settings.ts";
import type { SpanBuffer } from "./span-buffer.ts";

/** What is to be sent, and what became of what was. */
export interface OutboxParts {
  readonly settings: OtlpSettings;
  readonly spans: SpanBuffer;
  readonly meters: Meters;
  readonly clock: Clock & Alarms;
  readonly log: Log;
}

/**
 * Sends what there is to one collector.
 *
 * O1 A flush takes no longer than it is given, and rejects for nothing. One at a time is under way:
 *    whoever comes meanwhile waits for it, and then sends what came since.
 * O2 A collector that fails is left alone for a while, so that it costs a bound now and then and not
 *    at every call; there is one warning in a longer while.
 * O3 What did not arrive and may arrive later is kept and sent again, up to a bound; spans that came
 *    meanwhile too.
 */
export class OtlpOutbox {
  readonly #parts: OutboxParts;
  #kept: readonly Payload[] = [];
  #restsUntilMs = -Infinity;
  #quietUntilMs = -Infinity;
  #underWay: Promise<void> = Promise.resolve();

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  async flush(withinMs: number): Promise<void> {
    const { clock } = this.#parts;
    const untilMs = clock.monotonicMs() + withinMs;
    const before = this.#underWay;
    const mine = before.then(async () => await this.#send(untilMs - clock.monotonicMs()));
    this.#underWay = mine;
    await mine;
  }

  async #send(withinMs: number): Promise<void> {
    const { clock, log, spans } = this.#parts;
    // What is left may round to nothing: the collector could not answer in that.
    if (withinMs < 1 || clock.monotonicMs() < this.#restsUntilMs) return;
    try {
      const payloads = [...this.#kept, ...(await this.#collect())];
      this.#kept = [];
      if (payloads.length === 0) return;
      const failures = await sendPayloads(payloads, { withinMs: Math.ceil(withinMs), clock });
      if (failures.length === 0) return;
      this.#restsUntilMs = clock.monotonicMs() + limits.telemetryRestMs;
      this.#kept = newestWithin(failures.filter((each) => this.#isWorthKeeping(each)));
      this.#warn(failures, spans.dropped());
    } catch (error) {
      // A bug of ours or of the SDK's must not cost the call that it tells of.
      this.#restsUntilMs = clock.monotonicMs() + limits.telemetryRestMs;
      const message = `Telemetry failed by itself: ${error instanceof Error ? error.name : ""}`;
      log.write({ level: "warn", name: "telemetry.failed", message, fields: {} });
    }
  }

  async #collect(): Promise<readonly Payload[]> {
    const { settings, spans, meters } = this.#parts;
    const isJson = settings.encoding === "json";
    const payloads: Payload[] = [];
    const taken = spans.take();
    if (settings.traces !== undefined && taken.length > 0) {
      const serializer = isJson ? JsonTraceSerializer : ProtobufTraceSerializer;
      add(payloads, settings.traces, serializer.serializeRequest([...taken]));
    }
    if (settings.metrics !== undefined) {
      const collected = await meters.collect();
      const serializer = isJson ? JsonMetricsSerializer : ProtobufMetricsSerializer;
      if (collected.scopeMetrics.length > 0) {
        add(payloads, settings.metrics, serializer.serializeRequest(collected));
      }
    }
    return payloads;

    function add(to: Payload[], target: OtlpTarget, bytes: Uint8Array | undefined): void {
      const contentType = isJson ? "application/json" : "application/x-protobuf";
      if (bytes !== undefined) to.push({ target, contentType, bytes });
    }
  }

  /** A cumulative sum is in the next one anyway. */
  #isWorthKeeping({ payload, retryable }: SendFailure): boolean {
    const { metrics, temporality } = this.#parts.settings;
    return retryable && (payload.target !== metrics || temporality === "delta");
  }

  #warn(failures: readonly SendFailure[], dropped: number): void {
    const { clock, log } = this.#parts;
    if (clock.monotonicMs() < this.#quietUntilMs) return;
    this.#quietUntilMs = clock.monotonicMs() + limits.telemetryWarnMs;
    const reasons = new Set(
      failures.map(({ payload, reason }) => `${payload.target.url.origin}: ${reason}`),
    );
    const lost = dropped === 0 ? "" : `; ${dropped} spans were dropped meanwhile`;
    log.write({
      level: "warn",
      name: "telemetry.unreachable",
      message: `The collector did not take what was sent (${[...reasons].join("; ")})${lost}. The next try is in a minute; check OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_HEADERS`,
      fields: { failures: failures.length, dropped },
    });
  }
}

/** The newest of them that fit what may be kept. */
function newestWithin(failures: readonly SendFailure[]): readonly Payload[] {
  const kept: Payload[] = [];
  let bytes = 0;
  for (const { payload } of failures.toReversed().slice(0, limits.telemetryKept)) {
    bytes += payload.bytes.length;
    if (bytes > limits.telemetryKeptBytes) break;
    kept.unshift(payload);
  }
  return kept;
}
