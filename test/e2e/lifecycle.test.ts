import { createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { formatInstant, plusMs } from "../../shared/core/time/instant.ts";
import { realClock } from "../support/real-clock.ts";
import { Home } from "./home.ts";

const NOTHING_DUE = `
version: 1
defaults: { project: demo }
schedules:
  yearly:
    when: "0 0 1 1 *"
    job: { cmd: echo never }
`;

describe.concurrent("a platform that runs until idle", () => {
  it("exits 0 after a one-off some seconds ahead has come and has run", async (test) => {
    const home = await Home.of(test);
    // Time enough for a busy machine to start a process: a one-off that has passed never fires.
    const dueAt = plusMs(realClock.now(), 15_000);
    await home.write(
      "orrery.yaml",
      `
version: 1
defaults: { project: demo }
schedules:
  once:
    when: { at: "${formatInstant(dueAt)}" }
    job: { cmd: "echo ran >> ${home.path("ran")}" }
`,
    );

    const platform = home.up("--until-idle");

    expect(await platform.ended).toEqual({ code: 0, signal: null });
    expect(await home.lines("ran")).toEqual(["ran"]);
    const [run] = await home.runs();
    expect(run).toMatchObject({ state: "succeeded", nominalAt: dueAt });
    expect(run?.attempts[0]?.startedAt).toBeGreaterThanOrEqual(dueAt);
  });

  it("exits 0 at once where nothing is due", async (test) => {
    const home = await Home.of(test);
    await home.write("orrery.yaml", NOTHING_DUE);
    const platform = home.up("--until-idle");
    await platform.address();
    const listensMs = realClock.monotonicMs();

    expect(await platform.ended).toEqual({ code: 0, signal: null });

    // Two looks would be half a second; a minute would be the next tick.
    expect(realClock.monotonicMs() - listensMs).toBeLessThan(5_000);
    expect(await home.runs()).toEqual([]);
  });
});

describe.concurrent("a platform that logs for a collector", () => {
  it("writes entries in JSON, and greets beside them", async (test) => {
    const home = await Home.of(test);
    await home.write("orrery.yaml", NOTHING_DUE);

    const platform = home.up("--until-idle", "--log", "json");
    await platform.ended;

    const lines = platform.output.split("\n");
    const entries = lines.filter((line) => line.startsWith("{"));
    expect(entries.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ level: "INFO", name: "configuration.applied", added: 1 }),
    ]);
    expect(lines).toHaveLength(entries.length + 4);
  });
});

describe.concurrent("a platform", () => {
  it.for(["SIGINT", "SIGTERM"] as const)("ends with exit code 0 on %s", async (signal, test) => {
    const home = await Home.of(test);
    await home.write("orrery.yaml", NOTHING_DUE);
    const platform = home.up();
    await platform.address();

    platform.signal(signal);

    expect(await platform.ended).toEqual({ code: 0, signal: null });
  });

  it("takes a Ctrl-C that reaches it twice for one", async (test) => {
    const home = await Home.of(test);
    await home.write(
      "orrery.yaml",
      `
version: 1
defaults: { project: demo }
schedules:
  busy:
    when: { every: 1s }
    job: { cmd: "sleep 1" }
`,
    );
    const platform = home.up();
    await platform.line(/started attempt/);

    // `npm start` hands on what the terminal has sent to the whole group already.
    platform.signal("SIGINT");
    platform.signal("SIGINT");

    expect(await platform.ended).toEqual({ code: 0, signal: null });
    expect(platform.output).toContain("settled");
  });

  it("ends at once on a second Ctrl-C that comes later, and its jobs go on", async (test) => {
    const home = await Home.of(test);
    await home.write(
      "orrery.yaml",
      `
version: 1
defaults: { project: demo }
schedules:
  long:
    when: { every: 1s }
    job: { cmd: "echo here; sleep 600" }
`,
    );
    const platform = home.up();
    await platform.line(/│ here/);
    platform.signal("SIGINT");
    const repeat = setInterval(() => platform.signal("SIGINT"), 100);

    const { code } = await platform.ended;
    clearInterval(repeat);

    expect(code).toBe(130);
    expect(await home.liveGroups()).toHaveLength(1);
  });

  it("is refused with exit code 4 where another one runs on the data directory", async (test) => {
    const home = await Home.of(test);
    await home.write("orrery.yaml", NOTHING_DUE);
    const first = home.up();
    await first.address();

    const second = home.up();

    expect(await second.ended).toEqual({ code: 4, signal: null });
    expect(second.output).toContain(`A platform already runs on ${home.data}`);
    expect(second.output).toContain("[PLATFORM_RUNNING]");
    first.signal("SIGINT");
    expect((await first.ended).code).toBe(0);
  });

  it("is refused with exit code 2 where its port is taken, and leaves nothing running", async (test) => {
    const home = await Home.of(test);
    await home.write("orrery.yaml", NOTHING_DUE);
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;

    const platform = home.up("--port", String(port));

    expect(await platform.ended).toEqual({ code: 2, signal: null });
    expect(platform.output).toContain(
      `Cannot listen on 127.0.0.1:${port}: another program has it; choose one with --port [USAGE]`,
    );
    other.close();
  });

  it("is refused with exit code 2 for a file that is not there, before it makes anything", async (test) => {
    const home = await Home.of(test);
    const platform = home.up();

    expect(await platform.ended).toEqual({ code: 2, signal: null });
    expect(platform.output).toContain("[CONFIG_UNREADABLE]");
    expect(await home.read("data/orrery.db")).toBe("");
  });
});
