import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const run = promisify(execFile);

/** Makes a call in a process of its own, and prints what that process has loaded by then. */
const PROGRAM = `
  const { registerHooks } = await import("node:module");
  const loaded = [];
  registerHooks({
    load: (url, context, next) => {
      loaded.push(url);
      return next(url, context);
    },
  });
  const { observe } = await import("./infra/local/telemetry-wiring.ts");
  await import("./infra/local/handlers.ts");
  const { loadHandler } = await import("./infra/local/handlers.ts");
  for (const name of ["tick", "submit", "watch", "notify", "intake", "api"]) {
    await loadHandler("functions/" + name + "/index.handler");
  }
  const { telemetry } = observe({ json: { write: () => undefined } });
  const call = { name: "tick", version: "", requestId: "", trigger: "timer", parents: [] };
  await telemetry.call({ ...call, remainingMs: () => 0 }, async () => telemetry.here());
  console.log(loaded.filter((url) => url.includes("node_modules/@opentelemetry")).length);
`;

async function loadedFrom(environment: Readonly<Record<string, string>>): Promise<number> {
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", PROGRAM], {
    env: { PATH: process.env["PATH"], ...environment },
  });
  return Number(stdout);
}

// A process of its own loads the whole platform, which takes seconds on a slow machine.
describe("a platform in a process of its own", { timeout: 60_000 }, () => {
  it("loads nothing of OpenTelemetry where no collector is named", async () => {
    expect(await loadedFrom({})).toBe(0);
  });

  it("loads it with the first call where one is", async () => {
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" };

    expect(await loadedFrom(endpoint)).toBeGreaterThan(10);
  });
});
