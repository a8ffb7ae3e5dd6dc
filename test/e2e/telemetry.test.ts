import { describe, expect, it } from "vitest";
import { startOtlpReceiver } from "../support/otlp-receiver.ts";
import { Home } from "./home.ts";

const onRequest = `
version: 1
defaults: { project: demo }
schedules:
  on-request: { overlap: allow, job: { cmd: "true" } }
`;

// A process of its own, and the programs that it starts.
describe("a laptop platform with a collector", { timeout: 60_000 }, () => {
  it("tells it of a run's whole life, and has the trace on its log lines", async (test) => {
    const receiver = await startOtlpReceiver();
    test.onTestFinished(async () => await receiver.close());
    const home = await Home.of(test);
    await home.write("orrery.yaml", onRequest);
    await home.send("m1", { schedule: "on-request" });

    const platform = home.start({
      args: [
        ...["up", "--config", home.config, ...home.where(), "--port", "0"],
        ...["--log", "json", "--until-idle"],
      ],
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
    });
    expect((await platform.ended).code).toBe(0);

    const [intake] = receiver.spans().filter(({ name }) => name === "intake");
    const trace = receiver.spans().filter(({ traceId }) => traceId === intake?.traceId);
    const functions = new Set(trace.map(({ attributes }) => attributes["faas.name"]));
    expect(functions).toEqual(new Set(["intake", "submit", "watch"]));
    const ended = { state: "succeeded", cause: "message" };
    expect(receiver.last("orrery.runs.ended", ended)).toBe(1);

    const lines = platform.output.split("\n").filter((line) => line.startsWith("{"));
    const entries = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    const succeeded = entries.find(({ name }) => name === "run.succeeded");
    expect(succeeded).toMatchObject({ level: "INFO", trace_id: intake?.traceId });
    expect(succeeded?.["stream_name"]).toBe(succeeded?.["function"]);
  });
});
