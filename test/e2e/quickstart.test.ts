import { once } from "node:events";
import { cp } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { isFinal } from "../../shared/core/run/run.ts";
import { Home } from "./home.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/quickstart/", import.meta.url));

/** A port that nobody has just now; whether it is still free is seen by taking it again. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

describe("the quickstart", () => {
  it("tells the whole story of a run, and ends cleanly on Ctrl-C", async (test) => {
    const home = await Home.of(test);
    const receiverPort = await freePort();
    await cp(EXAMPLE, home.folder, { recursive: true });
    const shipped = await home.read("orrery.yaml");
    await home.write("orrery.yaml", shipped.replace("127.0.0.1:7071", `127.0.0.1:${receiverPort}`));

    const started = home.start({
      program: "examples/quickstart/start.ts",
      args: ["--config", home.config, "--data", home.data, "--port", "0"],
      environment: { QUICKSTART_RECEIVER_PORT: String(receiverPort) },
    });
    const port = Number(new URL(await started.address()).port);
    const told = [
      /● daily-revenue is due \(nominal /,
      /◆ admitted: 120 units held \(120 held of 400 an execution, 20000 an hour\)/,
      /▶ started attempt 1 on c1\.4/,
      /│ 240 orders read for \d{4}-\d\d-\d\d$/,
      /│ total 150032\.64, best product mount with 65518\.00/,
      /✔ succeeded in /,
      /◆ settled: \d+ units spent of 120 held/,
      /✉ Told receiver \(webhook\): HTTP 204/,
    ];
    const lines = await Promise.all(told.map(async (pattern) => await started.line(pattern)));
    await started.line(/receiver +✉ got orrery\.run\.succeeded\.v1 for daily-revenue\..*verified$/);
    started.signal("SIGINT");

    expect(await started.ended).toEqual({ code: 0, signal: null });
    const places = lines.map((line) => started.output.split("\n").indexOf(line));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(await home.liveGroups()).toEqual([]);
    expect([await isFree(port), await isFree(receiverPort)]).toEqual([true, true]);
    const runs = await home.runs();
    expect(runs.filter((run) => run.attempts.length > 0 && !isFinal(run.state))).toEqual([]);
  });

  it("is shipped with the port that its receiver listens on", async (test) => {
    const home = await Home.of(test);
    await cp(EXAMPLE, home.folder, { recursive: true });

    expect(await home.read("orrery.yaml")).toContain("url: http://127.0.0.1:7071/");
    expect(await home.read("start.ts")).toContain("?? 7071");
  });
});
