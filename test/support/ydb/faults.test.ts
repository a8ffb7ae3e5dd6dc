import { status as grpc } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { seededRandom } from "../seeded-random.ts";
import { rawClient, statusOf } from "./raw-client.ts";
import { DATABASE, openWorld, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(async () => await world.close());

const COMMIT = {
  method: "ExecuteDataQuery",
  match: (call: { commits: boolean }) => call.commits,
} as const;

describe("a fault before a call", () => {
  it("answers by a status, and nothing happened", async () => {
    world.double.fault({
      ...COMMIT,
      when: "before",
      outcome: { status: "UNAVAILABLE", message: "down" },
    });

    const failed = await world.put(["ada", 1n, "lost"]);

    expect([failed.status, failed.message]).toEqual(["UNAVAILABLE", "down"]);
    expect(world.rows()).toEqual([]);
    expect((await world.put(["ada", 1n, "kept"])).status).toBe("SUCCESS");
  });

  it("answers by a gRPC error, and nothing happened", async () => {
    world.double.fault({ ...COMMIT, when: "before", outcome: { grpc: grpc.UNAVAILABLE } });

    await expect(world.put(["ada", 1n, "lost"])).rejects.toMatchObject({ code: 14 });

    expect(world.rows()).toEqual([]);
  });

  it("ends the transaction that the call names, if it is a status", async () => {
    const tx = await world.begin();
    await tx.get("ada", 1n);
    world.double.fault({ ...COMMIT, when: "before", outcome: { status: "UNAVAILABLE" } });

    const ends = [await tx.commit(), await tx.commit()];

    expect(ends.map(({ status }) => status)).toEqual(["UNAVAILABLE", "NOT_FOUND"]);
  });

  it("takes the session away", async () => {
    const session = await world.client.session();
    world.double.fault({ ...COMMIT, when: "before", outcome: "kill session" });

    const { status } = await world.client.execute({ session, text: "SELECT 1;" });

    expect(status).toBe("BAD_SESSION");
  });
});

describe("a fault after a call", () => {
  it("loses the answer of a commit that happened", async () => {
    world.double.fault({ ...COMMIT, when: "after", outcome: { grpc: grpc.UNAVAILABLE } });
    world.double.fault({ ...COMMIT, when: "after", nth: 2, outcome: { status: "UNDETERMINED" } });

    await expect(world.put(["ada", 1n, "kept"])).rejects.toMatchObject({ code: 14 });
    const undetermined = await world.put(["ada", 2n, "kept"]);

    expect(undetermined.status).toBe("UNDETERMINED");
    expect(world.rows()).toEqual(["ada 1 kept", "ada 2 kept"]);
    expect(world.double.counters.commits).toBe(2);
    const decided = world.double.log.filter(({ commits }) => commits).map(({ status }) => status);
    expect(decided).toEqual(["SUCCESS", "SUCCESS"]);
  });

  it("takes the session away behind the answer", async () => {
    const session = await world.client.session();
    world.double.fault({ ...COMMIT, when: "after", outcome: "kill session" });
    const call = { session, text: "SELECT 1;" };

    const answers = [await world.client.execute(call), await world.client.execute(call)];

    expect(answers.map(({ status }) => status)).toEqual(["SUCCESS", "BAD_SESSION"]);
  });
});

describe("a call that hangs", () => {
  it("goes on when it is released: before its effect", async () => {
    const fault = world.double.fault({ ...COMMIT, when: "before", outcome: "hang" });
    const answer = world.put(["ada", 1n, "later"]);
    await fault.hit;
    expect(world.rows()).toEqual([]);

    fault.release();

    expect((await answer).status).toBe("SUCCESS");
    expect(world.rows()).toEqual(["ada 1 later"]);
  });

  it("goes on when it is released: after its effect", async () => {
    const fault = world.double.fault({ ...COMMIT, when: "after", outcome: "hang" });
    const answer = world.put(["ada", 1n, "now"]);
    await fault.hit;
    expect(world.rows()).toEqual(["ada 1 now"]);

    world.double.clearFaults();

    expect((await answer).status).toBe("SUCCESS");
  });

  it("ends without an effect when the server closes", async () => {
    const fault = world.double.fault({ ...COMMIT, when: "before", outcome: "hang" });
    const answer = world.put(["ada", 1n, "never"]);
    await fault.hit;

    const refused = expect(answer).rejects.toMatchObject({ code: grpc.UNAVAILABLE });
    await world.double.close();

    await refused;
    expect(world.rows()).toEqual([]);
  });
});

describe("a connection", () => {
  it("is cut before a call, or after it", async () => {
    for (const when of ["before", "after"] as const) {
      world.double.fault({ ...COMMIT, when, outcome: "drop connection" });
      await expect(world.put(["ada", 1n, when])).rejects.toMatchObject({ code: grpc.UNAVAILABLE });
    }

    expect(world.rows()).toEqual(["ada 1 after"]);
    expect((await world.put(["ada", 1n, "again"])).status).toBe("SUCCESS");
  });

  it("is cut under a call that waits", async () => {
    const fault = world.double.fault({ ...COMMIT, when: "before", outcome: "hang" });
    const refused = expect(world.put(["ada", 1n, "x"])).rejects.toMatchObject({
      code: grpc.UNAVAILABLE,
    });
    await fault.hit;

    world.double.dropConnections();

    await refused;
  });
});

describe("a fault hits", () => {
  it("the calls from the nth on, so many times", async () => {
    const fault = world.double.fault({
      ...COMMIT,
      nth: 2,
      times: 2,
      when: "before",
      outcome: { status: "ABORTED" },
    });

    const statuses: string[] = [];
    for (let n = 0; n < 4; n += 1) statuses.push((await world.put(["ada", 1n, "x"])).status);

    expect(statuses).toEqual(["SUCCESS", "ABORTED", "ABORTED", "SUCCESS"]);
    expect(fault.hits).toBe(2);
  });

  it("by a chance that its seed repeats", async () => {
    const hits = async (): Promise<readonly boolean[]> => {
      const chance = { probability: 0.5, random: seededRandom(7) };
      const fault = world.double.fault({
        ...COMMIT,
        chance,
        when: "before",
        outcome: { status: "ABORTED" },
      });
      const found: boolean[] = [];
      for (let n = 0; n < 20; n += 1)
        found.push((await world.put(["a", 1n, "x"])).status === "ABORTED");
      fault.remove();
      return found;
    };

    const first = await hits();

    expect(await hits()).toEqual(first);
    expect(new Set(first)).toEqual(new Set([true, false]));
  });

  it("only what it is about", async () => {
    const other = rawClient(world.double, "/other");
    world.double.fault({
      database: "/other",
      times: 9,
      when: "before",
      outcome: { status: "ABORTED" },
    });
    world.double.fault({
      method: "KeepAlive",
      times: 9,
      when: "before",
      outcome: { status: "ABORTED" },
    });

    const mine = await world.put(["ada", 1n, "x"]);
    const theirs = await other.table.createSession({});

    other.close();
    expect([mine.status, statusOf(theirs.operation)]).toEqual(["SUCCESS", "ABORTED"]);
  });

  it("not once it is removed", async () => {
    const fault = world.double.fault({ ...COMMIT, when: "before", outcome: { status: "ABORTED" } });
    fault.remove();

    expect((await world.put(["ada", 1n, "x"])).status).toBe("SUCCESS");
    expect(fault.hits).toBe(0);
  });

  it("a call with its label, and after a wait of the test's own", async () => {
    const gate = Promise.withResolvers<undefined>();
    const fault = world.double.fault({
      match: ({ label, text }) => label === "tick" && text === "SELECT 1;",
      when: "before",
      wait: async () => await gate.promise,
    });
    const more = { operationParams: { labels: { label: "tick" } } };
    const answer = world.client.execute({ text: "SELECT 1;", more });
    expect((await fault.hit).label).toBe("tick");

    gate.resolve(undefined);

    expect((await answer).status).toBe("SUCCESS");
    expect(world.double.log.at(-1)?.label).toBe("tick");
  });
});

describe("a database that needs a token", () => {
  it.each([
    ["UNAUTHENTICATED", 16],
    ["UNAUTHORIZED", undefined],
  ] as const)("refuses any other: %s", async (refusal, code) => {
    world.double.requireToken(DATABASE, "secret", refusal);
    const clients = ["wrong", "secret"].map((token) => rawClient(world.double, DATABASE, token));
    const [wrong, right] = clients;

    const refused = await wrong?.table.createSession({}).catch((error: unknown) => error);
    const opened = await right?.table.createSession({});

    for (const client of clients) client.close();
    if (code === undefined) expect(refused).toMatchObject({ operation: { status: 400020 } });
    else expect(refused).toMatchObject({ code });
    expect(statusOf(opened?.operation)).toBe("SUCCESS");
  });

  it("lets everybody in again", async () => {
    world.double.requireToken(DATABASE, "secret");
    await expect(world.client.session()).rejects.toMatchObject({ code: 16 });

    world.double.requireToken(DATABASE, undefined);

    expect(await world.client.session()).not.toBe("");
  });
});
