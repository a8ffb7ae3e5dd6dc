import { describe, expect, it } from "vitest";
import { DURABLE_QUEUE } from "../../infra/local/local-queue.ts";
import { scanRejections } from "../../shared/records/rejection-record.ts";
import { Home, until } from "./home.ts";

/** A schedule that only a message starts. */
const onRequest = (home: Home): string => `
version: 1
defaults: { project: demo }
schedules:
  on-request:
    overlap: allow
    inputs: { WHO: nobody, ATTEMPT: "{{ run }}.{{ attempt }}" }
    job: { cmd: "echo \${WHO} \${ATTEMPT} >> ${home.path("executed")}" }
`;

describe.concurrent("messages sent while no platform runs", () => {
  it("become runs once, though the next platforms are killed right after their start", async (test) => {
    const home = await Home.of(test);
    await home.write("orrery.yaml", onRequest(home));
    for (const who of ["anna", "boris", "vera"]) {
      await home.send(`m-${who}`, { schedule: "on-request", id: who, inputs: { WHO: who } });
    }

    for (const line of [/is due/, /started attempt/]) {
      const platform = home.up();
      await platform.line(line);
      await platform.crash();
    }
    const last = home.up("--until-idle");
    expect((await last.ended).code).toBe(0);

    const executed = await home.lines("executed");
    expect(executed.map((line) => line.split(" ")[0]).toSorted()).toEqual([
      "anna",
      "boris",
      "vera",
    ]);
    const runs = await home.runs();
    expect(runs.map((run) => run.state)).toEqual(["succeeded", "succeeded", "succeeded"]);
    expect(await home.messagesLeft()).toBe(0);
  });

  it("that say nothing we understand are set aside, and the good one behind them runs", async (test) => {
    const home = await Home.of(test);
    await home.write("orrery.yaml", onRequest(home));
    await home.send("m1", "not json");
    await home.send("m2", { schedule: "on-request", surprise: 1 });
    await home.send("m3", { schedule: "elsewhere" });
    await home.send("m4", { schedule: "on-request" });

    const platform = home.up("--until-idle");
    expect((await platform.ended).code).toBe(0);

    expect(await home.runs()).toMatchObject([{ schedule: "on-request", state: "succeeded" }]);
    const rejections = await home.beside(
      async ({ store }) =>
        await store.snapshot(async (reader) => await scanRejections(reader, DURABLE_QUEUE, 10)),
    );
    expect(rejections.map(({ id, reason }) => [id, reason]).toSorted()).toEqual([
      ["m1", "the body is not JSON"],
      ["m2", expect.stringContaining("surprise")],
      ["m3", expect.stringContaining("schedule elsewhere is not configured")],
    ]);
    expect(await home.messagesLeft()).toBe(0);
  });
});

describe.concurrent("a message sent beside a running platform", () => {
  it("is noticed and becomes a run", async (test) => {
    const home = await Home.of(test);
    await home.write("orrery.yaml", onRequest(home));
    const platform = home.up();
    await platform.address();

    await home.send("m1", { schedule: "on-request", inputs: { WHO: "beside" } });

    await platform.line(/succeeded/);
    expect((await home.lines("executed"))[0]).toMatch(/^beside /);
    await until("the message is forgotten", async () => (await home.messagesLeft()) === 0);
  });
});

describe.concurrent("the HTTP API of a platform", () => {
  it("takes a message with the token, runs it, and shows the run", async (test) => {
    const home = await Home.of(test);
    await home.write("orrery.yaml", onRequest(home));
    const platform = home.up();
    const api = `${await platform.address()}/orrery/v1`;
    const token = (await home.read("data/token")).trim();
    const headers = { Authorization: `Bearer ${token}` };
    const body = JSON.stringify({ schedule: "on-request", id: "o-1", inputs: { WHO: "http" } });

    expect(await (await fetch(`${api}/health`)).json()).toEqual({ status: "ok" });
    const posted = await fetch(`${api}/messages`, { method: "POST", headers, body });
    expect({ status: posted.status, answer: (await posted.json()) as unknown }).toEqual({
      status: 200,
      answer: { id: "o-1" },
    });
    const again = await fetch(`${api}/messages`, { method: "POST", headers, body });
    expect(again.status).toBe(200);
    await platform.line(/succeeded/);

    const listed = (await (await fetch(`${api}/runs`, { headers })).json()) as {
      runs: { run: string }[];
    };
    expect(listed.runs).toMatchObject([
      { schedule: "on-request", state: "succeeded", cause: "message", inputs: ["WHO"] },
    ]);
    const [run] = listed.runs;
    const shown = await fetch(`${api}/runs/${run?.run ?? ""}`, { headers });
    expect(await shown.json()).toEqual(run);
    platform.signal("SIGINT");
    expect((await platform.ended).code).toBe(0);
    expect(await home.lines("executed")).toHaveLength(1);
  });

  it("refuses what comes without the token, or with another one", async (test) => {
    const home = await Home.of(test);
    await home.write("orrery.yaml", onRequest(home));
    const platform = home.up();
    const api = `${await platform.address()}/orrery/v1`;
    const body = JSON.stringify({ schedule: "on-request" });

    for (const headers of [{}, { Authorization: "Bearer guess" }, { Authorization: "Bearer " }]) {
      const posted = await fetch(`${api}/messages`, { method: "POST", headers, body });
      expect(posted.status).toBe(401);
      expect((await fetch(`${api}/runs`, { headers })).status).toBe(401);
    }

    platform.signal("SIGINT");
    await platform.ended;
    expect(await home.runs()).toEqual([]);
  });

  it("answers 400 for a message it cannot read, and 404 for a run it does not know", async (test) => {
    const home = await Home.of(test);
    await home.write("orrery.yaml", onRequest(home));
    const api = `${await home.up().address()}/orrery/v1`;
    const headers = { Authorization: `Bearer ${(await home.read("data/token")).trim()}` };

    const posted = await fetch(`${api}/messages`, { method: "POST", headers, body: "{" });
    const shown = await fetch(`${api}/runs/on-request.20270101T000000Z.01234567`, { headers });

    expect(posted.status).toBe(400);
    expect(shown.status).toBe(404);
  });
});
