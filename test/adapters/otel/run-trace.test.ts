// Longer than most, for every way that a run comes about is a trace to follow.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createTelemetryScope,
  openTelemetry,
} from "../../../shared/adapters/otel/open-telemetry.ts";
import { MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import { aConfiguration, aSchedule, aSubscription, START_AT } from "../../support/builders.ts";
import {
  startOtlpReceiver,
  type OtlpReceiver,
  type ReceivedSpan,
} from "../../support/otlp-receiver.ts";
import { exits } from "../../support/scripted-executor.ts";
import { aCron, aTiming } from "../../support/timing-builder.ts";
import { World, type SentMessage } from "../../support/world.ts";

let receiver: OtlpReceiver;
let world: World;
let sent: SentMessage[];

beforeEach(async () => {
  receiver = await startOtlpReceiver();
  world = new World({
    telemetry: (told) => {
      const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
      const options = { ...told, environment, version: "1.2.3", sends: "each call" } as const;
      return openTelemetry(options, createTelemetryScope()).telemetry;
    },
  });
  sent = [];
  world.loses = (message) => {
    sent.push(message);
    return false;
  };
});

afterEach(async () => {
  await world.close();
  await receiver.close();
});

const atFivePast = aTiming({ when: [aCron("5 0 * * *")] });

async function applied(names: readonly string[], runMs: number): Promise<void> {
  const schedules = names.map((name) => aSchedule({ name, timing: atFivePast }));
  const subscriptions = [aSubscription({ on: ["run.succeeded"] })];
  await world.apply(aConfiguration({ schedules, subscriptions }));
  for (const name of names) world.alwaysRuns(name, exits(runMs));
}

/** The spans of the trace that a run's fire began. */
function traceOf(schedule: string): readonly ReceivedSpan[] {
  const spans = receiver.spans();
  const root = spans.find(
    ({ name, attributes }) => name === "fire" && attributes["orrery.schedule"] === schedule,
  );
  return spans.filter(({ traceId }) => traceId === root?.traceId);
}

const functionsOf = (spans: readonly ReceivedSpan[]): readonly unknown[] => [
  ...new Set(spans.map(({ attributes }) => attributes["faas.name"])),
];

/** Spans whose parent is in no span of the same trace, by name. */
function rootsOf(trace: readonly ReceivedSpan[]): readonly string[] {
  const ids = new Set(trace.map(({ spanId }) => spanId));
  return trace.filter(({ parentSpanId }) => !ids.has(parentSpanId)).map(({ name }) => name);
}

describe("a run from its fire to its notification", () => {
  beforeEach(async () => {
    await applied(["nightly"], 5 * MINUTE_MS);
    await world.live(12 * MINUTE_MS);
    expect(await world.states("nightly")).toEqual(["succeeded"]);
  });

  it("is one connected trace through the tick, submit, watch and notify", () => {
    const trace = traceOf("nightly");

    expect(functionsOf(trace)).toEqual(["tick", "submit", "watch", "notify"]);
    expect(rootsOf(trace)).toEqual(["fire"]);
    expect(trace.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["executor start", "store end-attempt", "deliver webhook"]),
    );
  });

  it("has its looks side by side, however often it is polled", () => {
    const trace = traceOf("nightly");
    const root = trace.find(({ name }) => name === "fire");
    const looks = trace.filter(({ name }) => ["submit", "watch", "notify"].includes(name));

    expect(looks.length).toBeGreaterThan(8);
    expect(new Set(looks.map(({ parentSpanId }) => parentSpanId))).toEqual(new Set([root?.spanId]));
  });

  it("has the times of its own clock", () => {
    const submit = traceOf("nightly").find(({ name }) => name === "submit");

    expect(submit?.startedAtMs).toBe(START_AT + 5 * MINUTE_MS);
    expect(submit?.endedAtMs).toBe(START_AT + 5 * MINUTE_MS);
  });

  it("is passed on to the receiver of its notification, in the header's place and in the event", () => {
    const trace = traceOf("nightly");
    const [told] = world.webhook.received;
    const event = JSON.parse(told?.body ?? "{}") as { readonly traceparent?: string };
    const deliver = trace.find(({ name }) => name === "deliver webhook");
    const fire = trace.find(({ name }) => name === "fire");

    expect(told?.traceParent).toBe(`00-${deliver?.traceId ?? ""}-${deliver?.spanId ?? ""}-01`);
    expect(event.traceparent).toBe(`00-${fire?.traceId ?? ""}-${fire?.spanId ?? ""}-01`);
  });

  it("says whose it is and what it is about, and no value of a variable", () => {
    const [span] = traceOf("nightly").filter(({ name }) => name === "submit");

    expect(span?.resource).toMatchObject({ "service.name": "orrery", "service.version": "1.2.3" });
    expect(span?.attributes).toMatchObject({
      "faas.name": "submit",
      "faas.trigger": "pubsub",
    });
    expect(span?.attributes["orrery.subject"]).toMatch(/^nightly\./);
  });
});

describe("runs that are handled in one call", () => {
  it("have a span each in their own traces, linked to the call", async () => {
    const names = ["first", "second", "third"];
    await applied(names, SECOND_MS);

    await world.live(8 * MINUTE_MS);

    for (const name of names) {
      const trace = traceOf(name);
      expect(functionsOf(trace)).toEqual(
        expect.arrayContaining(["tick", "submit", "watch", "notify"]),
      );
      expect(trace.filter((span) => span.name === "executor start")).toHaveLength(1);
      const [own] = trace.filter((span) => span.name === "submit message");
      expect(own?.links).toHaveLength(1);
    }
  });
});

describe("a notification that is tried again", () => {
  it("sends the same event each time, with a place in the trace of its own", async () => {
    await applied(["nightly"], SECOND_MS);
    let tries = 0;
    world.webhook.answer = () => {
      tries += 1;
      return tries < 3
        ? { delivered: false, retryable: true, detail: "HTTP 503" }
        : { delivered: true, detail: "HTTP 200" };
    };

    await world.live(8 * MINUTE_MS);

    const { received } = world.webhook;
    expect(received).toHaveLength(3);
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
    expect(new Set(received.map(({ traceParent }) => traceParent)).size).toBe(3);
    expect(rootsOf(traceOf("nightly"))).toEqual(["fire"]);
  });
});

describe("a run that another one's end wakes", () => {
  it("goes on in its own trace", async () => {
    const names = ["first", "second"];
    const schedules = names.map((name) => aSchedule({ name, timing: atFivePast }));
    await world.apply(aConfiguration({ schedules, limits: { concurrentRuns: 1 } }));
    for (const name of names) world.alwaysRuns(name, exits(3 * MINUTE_MS));

    await world.live(20 * MINUTE_MS);

    for (const name of names) {
      expect(await world.states(name)).toEqual(["succeeded"]);
      const trace = traceOf(name);
      expect(functionsOf(trace)).toEqual(["tick", "submit", "watch"]);
      expect(trace.filter((span) => span.name === "executor start")).toHaveLength(1);
    }
  });
});

describe("a run that comes after another one", () => {
  it("is of the trace of the run that brought it about", async () => {
    const first = aSchedule({ name: "first", timing: atFivePast });
    const then = aSchedule({ name: "then", timing: null, after: { first: "succeeded" } });
    await world.apply(aConfiguration({ schedules: [first, then] }));
    for (const name of ["first", "then"]) world.alwaysRuns(name, exits(SECOND_MS));

    await world.live(10 * MINUTE_MS);

    expect(await world.states("then")).toEqual(["succeeded"]);
    const trace = traceOf("first");
    expect(trace.filter(({ name }) => name === "executor start")).toHaveLength(2);
    expect(rootsOf(trace)).toEqual(["fire"]);
  });
});

describe("a message from another system", () => {
  const theirs = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const onDemand = aSchedule({ name: "on-demand", timing: null });

  it("has its run in the trace that it came with", async () => {
    await world.apply(aConfiguration({ schedules: [onDemand] }));
    world.alwaysRuns("on-demand", exits(SECOND_MS));
    await world.message("intake", JSON.stringify({ schedule: "on-demand", traceparent: theirs }));

    await world.live(3 * MINUTE_MS);

    const trace = receiver.spans().filter(({ traceId }) => traceId === theirs.split("-")[1]);
    expect(functionsOf(trace)).toEqual(["intake", "submit", "watch"]);
    expect(trace.find(({ name }) => name === "intake")?.parentSpanId).toBe(theirs.split("-")[2]);
  });

  it.each(["", "nonsense", `${theirs}-00`, theirs.replace("0af7", "0AF7"), 7, null, {}])(
    "with the trace %j that nobody can read is handled as if it had none",
    async (traceparent) => {
      await world.apply(aConfiguration({ schedules: [onDemand] }));
      world.alwaysRuns("on-demand", exits(SECOND_MS));
      await world.message("intake", JSON.stringify({ schedule: "on-demand", traceparent }));

      await world.live(3 * MINUTE_MS);

      expect(await world.states("on-demand")).toEqual(["succeeded"]);
    },
  );
});

describe("an event of object storage with a tracing context", () => {
  it("makes the call a part of its trace", async () => {
    const { traceParentsOf } = await import("../../../functions/trace-parents.ts");
    const tracing_context = {
      trace_id: "0af7651916cd43dd8448eb211c80319c",
      span_id: "b7ad6b7169203331",
      parent_span_id: "",
    };

    const eventOf = (context: object): object => ({
      messages: [{ event_metadata: { tracing_context: context } }],
    });
    expect(traceParentsOf(eventOf(tracing_context), () => undefined)).toEqual([
      "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ]);
    expect(traceParentsOf(eventOf({ trace_id: "x" }), () => undefined)).toEqual([]);
  });
});

describe("messages where nobody listens", () => {
  it("carry no trace, and rows keep none", async () => {
    const quiet = new World();
    const bodies: string[] = [];
    quiet.loses = ({ body }) => bodies.push(body) === 0;
    await quiet.apply(
      aConfiguration({ schedules: [aSchedule({ name: "q", timing: atFivePast })] }),
    );
    quiet.alwaysRuns("q", exits(SECOND_MS));

    await quiet.live(8 * MINUTE_MS);

    expect(await quiet.states("q")).toEqual(["succeeded"]);
    expect(bodies.filter((body) => body.includes("trace"))).toEqual([]);
    expect(JSON.stringify(await quiet.onlyRun("q"))).not.toContain("trace");
    await quiet.close();
  });
});

describe("metrics of a run on a virtual clock", () => {
  it("have the right values", async () => {
    await applied(["nightly"], 5 * MINUTE_MS);
    // Two minutes late: nothing ticks meanwhile.
    await world.advance(7 * MINUTE_MS);

    await world.live(12 * MINUTE_MS);

    const cause = { cause: "occurrence" };
    const [due] = receiver.points("orrery.run.due.lateness").slice(-1);
    expect(due).toMatchObject({ count: 1, value: 180, attributes: cause, unit: "s" });
    expect(receiver.last("orrery.run.start.lateness", cause)).toBe(180);
    expect(receiver.last("orrery.occurrences", { outcome: "fired" })).toBe(1);
    expect(receiver.last("orrery.occurrences", { outcome: "missed" })).toBe(0);
    const ended = { state: "succeeded", ...cause };
    expect(receiver.last("orrery.runs.ended", ended)).toBe(1);
    const delivered = { outcome: "delivered", target: "webhook" };
    expect(receiver.last("orrery.deliveries", delivered)).toBe(1);
    const run = await world.onlyRun("nightly");
    expect(receiver.last("orrery.units.held")).toBe(run.attempts[0]?.unitsHeld);
    expect(receiver.last("orrery.units.settled")).toBe(run.attempts[0]?.end?.unitsSettled);
    expect(receiver.last("orrery.units.settled")).toBe(300 * 4);
  });

  it("tell each gauge once, and nothing of a gauge that was not looked at again", async () => {
    await world.live(15 * MINUTE_MS);

    const audits = receiver.last("orrery.audits", { outcome: "done" });
    expect(audits).toBe(1);
    expect(receiver.points("orrery.configuration.drift")).toHaveLength(1);
    expect(receiver.points("orrery.timers.overdue")).toHaveLength(15);
  });
});
