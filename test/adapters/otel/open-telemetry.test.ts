// Longer than most, for a collector can fail in many ways, and each is a case.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { JsonLog } from "../../../shared/adapters/json-log/json-log.ts";
import {
  createTelemetryScope,
  openTelemetry,
  type OpenedTelemetry,
  type TelemetryOptions,
} from "../../../shared/adapters/otel/open-telemetry.ts";
import { limits } from "../../../shared/core/limits.ts";
import { MINUTE_MS } from "../../../shared/core/time/duration.ts";
import type { LogEntry } from "../../../shared/ports/log.ts";
import type { FunctionCall } from "../../../shared/ports/telemetry.ts";
import { START_AT } from "../../support/builders.ts";
import { JumpingClock } from "../../support/jumping-clock.ts";
import { startOtlpReceiver, type OtlpReceiver } from "../../support/otlp-receiver.ts";
import { realClock } from "../../support/real-clock.ts";
import { seededRandom } from "../../support/seeded-random.ts";

let receiver: OtlpReceiver;
let log: LogEntry[];

beforeEach(async () => {
  receiver = await startOtlpReceiver();
  log = [];
});

afterEach(async () => {
  await receiver.close();
});

function opened(
  environment: Readonly<Record<string, string>> = {},
  more: Partial<TelemetryOptions> = {},
): OpenedTelemetry & { readonly scope: ReturnType<typeof createTelemetryScope> } {
  const scope = createTelemetryScope();
  const options: TelemetryOptions = {
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, ...environment },
    clock: realClock,
    random: seededRandom(1),
    log: { write: (entry) => log.push(entry) },
    version: "1.2.3",
    sends: "each call",
    ...more,
  };
  return { ...openTelemetry(options, scope), scope };
}

function aCall(fields: Partial<FunctionCall> = {}): FunctionCall {
  return {
    name: "watch",
    version: "v7",
    requestId: "r-1",
    trigger: "queue",
    parents: [],
    remainingMs: () => MINUTE_MS,
    ...fields,
  };
}

const nothing = async (): Promise<void> => await Promise.resolve();

describe("a call of a function", () => {
  it("has told all of it when it resolves", async () => {
    const { telemetry } = opened();

    await telemetry.call(aCall(), nothing);

    expect(receiver.requests.map(({ path }) => path).toSorted()).toEqual([
      "/v1/metrics",
      "/v1/traces",
    ]);
    const ok = { function: "watch", outcome: "ok" };
    expect(receiver.points("orrery.call.duration")).toMatchObject([{ attributes: ok, count: 1 }]);
  });

  it("says which function and version it is of", async () => {
    const { telemetry } = opened({
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment=prod%2Cru,service.name=other",
      OTEL_SERVICE_NAME: "night",
    });

    await telemetry.call(aCall(), nothing);

    expect(receiver.spans()[0]?.resource).toMatchObject({
      "service.name": "night",
      "service.version": "1.2.3",
      "faas.name": "watch",
      "faas.version": "v7",
      "deployment.environment": "prod,ru",
    });
  });

  it("that fails is told as failed, by its code alone, and fails as it did", async () => {
    const { telemetry } = opened();
    const failure = new Error("with a secret in it");

    await expect(telemetry.call(aCall(), async () => await Promise.reject(failure))).rejects.toBe(
      failure,
    );

    const [span] = receiver.spans();
    expect(span).toMatchObject({ isError: true, attributes: { "error.type": "Error" } });
    const bodies = receiver.requests.map(({ body }) => body.toString("latin1")).join();
    expect(bodies).not.toContain("secret");
  });

  it("sends the headers, the encoding and the compression that it was told to", async () => {
    const { telemetry } = opened({
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Api-Key%20abc,x-monium-project=folder__f1",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
    });

    await telemetry.call(aCall(), nothing);

    for (const { headers, body } of receiver.requests) {
      expect(headers).toMatchObject({
        authorization: "Api-Key abc",
        "x-monium-project": "folder__f1",
        "content-type": "application/json",
        "content-encoding": "gzip",
      });
      expect(JSON.parse(body.toString("utf8"))).toBeTypeOf("object");
    }
  });

  it("sends sums since the last time where deltas are asked for", async () => {
    const { telemetry } = opened({ OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "delta" });
    const tick = async (): Promise<void> => {
      telemetry.count("orrery.ticks", 1, { outcome: "complete" });
      await Promise.resolve();
    };

    await telemetry.call(aCall(), tick);
    await telemetry.call(aCall(), tick);

    const points = receiver
      .points("orrery.ticks")
      .filter(({ attributes }) => attributes["outcome"] === "complete");
    expect(points).toMatchObject([
      { temporality: 1, value: 1 },
      { temporality: 1, value: 1 },
    ]);
  });

  it.each([
    ["always_off", 0],
    ["parentbased_always_off", 0],
    ["always_on", 1],
  ])("keeps traces as the sampler %s says", async (sampler, kept) => {
    const { telemetry } = opened({ OTEL_TRACES_SAMPLER: sampler });

    await telemetry.call(aCall(), nothing);

    expect(receiver.spans()).toHaveLength(kept);
  });

  it("passes on that its trace is not kept", async () => {
    const { telemetry } = opened({ OTEL_TRACES_SAMPLER: "always_off" });

    const here = await telemetry.call(aCall(), async () => await Promise.resolve(telemetry.here()));

    expect(here).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  });

  it("sends only what is not switched off", async () => {
    const { telemetry } = opened({ OTEL_TRACES_EXPORTER: "none" });

    await telemetry.call(aCall(), nothing);

    expect(receiver.requests.map(({ path }) => path)).toEqual(["/v1/metrics"]);
  });
});

describe("calls that overlap", () => {
  it("have spans and log fields of their own", async () => {
    const { telemetry, scope } = opened();
    const fields: unknown[] = [];
    let go = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const call = async (requestId: string): Promise<void> =>
      await telemetry.call(aCall({ requestId }), async () => {
        await gate;
        await telemetry.span({ name: "store read", kind: "client" }, async () => {
          await Promise.resolve();
          fields.push(scope.fields());
        });
      });

    const calls = [call("r-1"), call("r-2")];
    go();
    await Promise.all(calls);

    expect(scope.fields()).toEqual({});
    const spans = receiver.spans();
    for (const requestId of ["r-1", "r-2"]) {
      const own = spans.find(({ attributes }) => attributes["faas.invocation_id"] === requestId);
      const read = spans.find(({ parentSpanId }) => parentSpanId === own?.spanId);
      expect(fields).toContainEqual({
        function: "watch",
        request_id: requestId,
        trace_id: own?.traceId,
        span_id: read?.spanId,
      });
    }
  });
});

describe("what a call left unfinished", () => {
  it("still belongs to that call when it goes on within the next", async () => {
    const { telemetry, scope } = opened();
    let thaw = (): void => undefined;
    let left: Promise<unknown> = Promise.resolve();
    await telemetry.call(aCall({ requestId: "r-1" }), async () => {
      const frozen = new Promise<void>((resolve) => {
        thaw = resolve;
      });
      left = frozen.then(() => scope.fields()["request_id"]);
      await Promise.resolve();
    });

    const seen = await telemetry.call(aCall({ requestId: "r-2" }), async () => {
      thaw();
      return await left;
    });

    expect(seen).toBe("r-1");
  });
});

describe("a collector that never answers", () => {
  it("costs a call its bound and no more, and the next ones nothing for a while", async () => {
    const clock = new JumpingClock(START_AT);
    receiver.receive(() => undefined);
    const { telemetry } = opened({}, { clock: clock.watches });

    const first = telemetry.call(aCall(), nothing);
    await untilAsked(2);
    clock.pass(limits.telemetryFlushMs);
    await first;
    expect(receiver.requests).toHaveLength(2);

    for (let index = 0; index < 20; index += 1) await telemetry.call(aCall(), nothing);
    expect(receiver.requests).toHaveLength(2);
    expect(log.map(({ name, level }) => [name, level])).toEqual([
      ["telemetry.unreachable", "warn"],
    ]);
  });

  it("is tried again after the rest, and gets what it missed", async () => {
    const clock = new JumpingClock(START_AT);
    receiver.receive(() => undefined);
    const { telemetry } = opened({}, { clock: clock.watches });
    const first = telemetry.call(aCall({ requestId: "r-1" }), nothing);
    await untilAsked(2);
    clock.pass(limits.telemetryFlushMs);
    await first;
    await telemetry.call(aCall({ requestId: "r-2" }), nothing);
    const missed = receiver.requests.length;

    receiver.receive((_, response) => response.writeHead(200).end());
    clock.pass(limits.telemetryRestMs);
    await telemetry.call(aCall({ requestId: "r-3" }), nothing);

    const arrived = receiver.requests.slice(missed);
    expect(arrived.filter(({ path }) => path === "/v1/traces")).toHaveLength(2);
    const ids = receiver.spans().map(({ attributes }) => attributes["faas.invocation_id"]);
    expect(new Set(ids)).toEqual(new Set(["r-1", "r-2", "r-3"]));
  });

  it("is warned of once in a while, however long it goes on", async () => {
    const clock = new JumpingClock(START_AT);
    receiver.receive((_, response) => response.writeHead(503).end());
    const { telemetry } = opened({}, { clock: clock.watches });

    for (let minute = 0; minute < 25; minute += 1) {
      await telemetry.call(aCall(), nothing);
      clock.pass(MINUTE_MS);
    }

    expect(log).toHaveLength(3);
  });

  it("is not waited for where the call's own time is up", async () => {
    receiver.receive(() => undefined);
    const { telemetry } = opened();

    await telemetry.call(aCall({ remainingMs: () => limits.telemetryReserveMs }), nothing);

    expect(receiver.requests).toEqual([]);
  });
});

describe("a collector that is not there, or refuses", () => {
  it.each([
    ["nobody listens", { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" }],
    ["the name is nobody's", { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector.invalid" }],
  ])("costs one warning where %s", async (_, environment) => {
    const { telemetry } = opened(environment);

    await telemetry.call(aCall(), nothing);
    await telemetry.call(aCall(), nothing);

    expect(log.map(({ name }) => name)).toEqual(["telemetry.unreachable"]);
  });

  it("is told of without its credentials", async () => {
    receiver.receive((_, response) => response.writeHead(401).end("secret-key"));
    const { telemetry } = opened({ OTEL_EXPORTER_OTLP_HEADERS: "authorization=secret-key" });

    await telemetry.call(aCall(), nothing);

    expect(JSON.stringify(log)).toContain("HTTP 401");
    expect(JSON.stringify(log)).not.toContain("secret-key");
  });

  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4317" }, "no http or https URL"],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }, "http/protobuf"],
    [{ OTEL_TRACES_SAMPLER: "jaeger_remote" }, "OTEL_TRACES_SAMPLER"],
    [{ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "2" }, "from 0 to 1"],
    [{ OTEL_EXPORTER_OTLP_CERTIFICATE: "/nowhere/ca.pem" }, "OTEL_EXPORTER_OTLP_CERTIFICATE"],
  ])("is told of where %j asks for what cannot be", async (environment, text) => {
    const { telemetry } = opened(environment);

    await expect(telemetry.call(aCall(), async () => await Promise.resolve(7))).resolves.toBe(7);

    expect(log.some(({ message }) => message.includes(text))).toBe(true);
  });
});

describe("where no collector is named", () => {
  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "" }],
    [{ OTEL_SDK_DISABLED: "true" }],
    [{ OTEL_TRACES_EXPORTER: "none", OTEL_METRICS_EXPORTER: "none" }],
  ])("with %j, nobody is told, and log lines still name their call", async (environment) => {
    const { telemetry, scope } = opened(environment);
    const lines: string[] = [];
    const json = new JsonLog({ write: (line) => lines.push(line) }, { fields: scope.fields });

    await telemetry.call(aCall(), async () => {
      await Promise.resolve();
      json.write({ level: "info", name: "run.due", message: "due", fields: {} });
    });

    expect(telemetry.isOn).toBe(false);
    expect(receiver.requests).toEqual([]);
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      level: "INFO",
      name: "run.due",
      message: "due",
      stream_name: "watch",
      function: "watch",
      request_id: "r-1",
    });
  });
});

describe("a platform that goes on", () => {
  it("sends when it is asked to, and not with each call", async () => {
    const { telemetry, flush } = opened({}, { sends: "now and then" });

    await telemetry.call(aCall(), nothing);
    expect(receiver.requests).toEqual([]);
    await flush();

    expect(receiver.spans()).toHaveLength(1);
    expect(receiver.spans()[0]?.resource).not.toHaveProperty("faas.name");
  });
});

/** Resolves once the receiver has been asked this often. */
async function untilAsked(times: number): Promise<void> {
  await vi.waitFor(() => expect(receiver.requests.length).toBeGreaterThanOrEqual(times), 10_000);
}
