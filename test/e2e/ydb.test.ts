import { cp } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDatabase } from "../../infra/local/wiring.ts";
import { schemaVersionTable } from "../../shared/adapters/ydb/schema-version.ts";
import { limits } from "../../shared/core/limits.ts";
import { isFinal } from "../../shared/core/run/run.ts";
import { SECOND_MS } from "../../shared/core/time/duration.ts";
import { formatInstant, instant, plusMs, type Instant } from "../../shared/core/time/instant.ts";
import type { Store } from "../../shared/ports/store.ts";
import { metaTable } from "../../shared/records/tables.ts";
import { realClock } from "../support/real-clock.ts";
import type { Double } from "../support/ydb/double.ts";
import { startDouble } from "../support/ydb/start-double.ts";
import { startReceiver } from "../adapters/webhook/receiver.ts";
import { Home } from "./home.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/quickstart/", import.meta.url));

let double: Double;
beforeAll(async () => {
  double = await startDouble({ keepsLog: false });
});
afterAll(async () => await double.close());

/** A database that is gone is given up after 15 s, and each process loads the SDK. */
const PATIENT = { timeout: 120 * SECOND_MS };

let databases = 0;

/** The address of a database that nobody has used yet. */
const aDatabase = (): string => double.url(`/e2e/${(databases += 1)}`);

/**
 * Makes a schedule live, in a database with a schema, that fires every second for a while. A platform
 * that starts late finds what it owes.
 */
async function fireEverySecond(home: Home, forMs: number): Promise<readonly Instant[]> {
  const database = await openDatabase(home.store ?? "");
  await database.migrate(() => undefined);
  await database.close();
  const fromAt = instant(Math.ceil(realClock.now() / SECOND_MS + 1) * SECOND_MS);
  const untilAt = plusMs(fromAt, forMs);
  await home.write(
    "orrery.yaml",
    `
version: 1
defaults: { project: demo }
schedules:
  each:
    when: { every: 1s, from: "${formatInstant(fromAt)}", until: "${formatInstant(untilAt)}" }
    overlap: allow
    timeout: 60s
    inputs: { ATTEMPT: "{{ run }}.{{ attempt }}" }
    job: { cmd: "echo \${ATTEMPT} >> ${home.path("executed")}; sleep 0.3" }
  asked:
    when: "0 0 1 1 *"
    job: { cmd: "echo asked" }
`,
  );
  await home.apply();
  const count = forMs / SECOND_MS + 1;
  return Array.from({ length: count }, (_, n) => plusMs(fromAt, n * SECOND_MS));
}

const NOTHING_DUE = `
version: 1
defaults: { project: demo }
schedules:
  asked:
    when: "0 0 1 1 *"
    job: { cmd: "echo asked" }
`;

describe.concurrent("a platform with its state in YDB", PATIENT, () => {
  it("makes the schema, runs the quickstart, and shows it to a command elsewhere", async (test) => {
    const home = await Home.of(test, aDatabase());
    const receiver = await startReceiver(
      (_request, response) => void response.writeHead(204).end(),
    );
    test.onTestFinished(async () => await receiver.close());
    await cp(EXAMPLE, home.folder, { recursive: true });
    const shipped = await home.read("orrery.yaml");
    await home.write("orrery.yaml", shipped.replace("http://127.0.0.1:7071", receiver.origin));

    const platform = home.start({
      args: ["up", "--config", home.config, ...home.where(), "--port", "0"],
      environment: { QUICKSTART_WEBHOOK_SECRET: `whsec_${Buffer.alloc(24).toString("base64")}` },
    });
    await platform.line(/has no schema yet: making it, \d+ statements$/);
    await platform.line(/has its schema$/);
    await platform.line(/✔ succeeded in /);
    await platform.line(/✉ Told receiver \(webhook\): HTTP 204/);
    const listed = home.start({
      args: ["runs", "--store", home.store ?? "", "--data", home.path("nowhere"), "--json"],
    });
    expect(await listed.ended).toEqual({ code: 0, signal: null });
    platform.signal("SIGINT");

    expect(await platform.ended).toEqual({ code: 0, signal: null });
    const { runs } = JSON.parse(listed.output) as { runs: { schedule: string; state: string }[] };
    expect(runs).toContainEqual(
      expect.objectContaining({ schedule: "daily-revenue", state: "succeeded" }),
    );
    expect(
      (await home.runs()).filter((run) => run.attempts.length > 0 && !isFinal(run.state)),
    ).toEqual([]);
  });

  it("goes on after kill -9 at once, and does every occurrence once", async (test) => {
    const home = await Home.of(test, aDatabase());
    const at = await fireEverySecond(home, 8 * SECOND_MS);

    const killed = home.up();
    await killed.lines(/▶ started attempt/, 2);
    await killed.crash();
    const again = home.up();
    await again.line(/▶ started attempt/);
    await again.crash();
    const last = home.up("--until-idle");
    expect(await last.ended).toEqual({ code: 0, signal: null });

    const runs = await home.runs();
    expect(runs.map(({ nominalAt, state }) => [nominalAt, state])).toEqual(
      at.map((nominalAt) => [nominalAt, "succeeded"]),
    );
    const attempts = runs.flatMap((run) => run.attempts.map(({ number }) => `${run.id}.${number}`));
    expect((await home.lines("executed")).toSorted()).toEqual(attempts.toSorted());
    expect((await home.timers()).filter(({ ref }) => ref.startsWith("each"))).toEqual([]);
  });

  it("notices at once what a command on its machine writes", async (test) => {
    const home = await Home.of(test, aDatabase());
    await home.write("orrery.yaml", NOTHING_DUE);
    const platform = home.up();
    await platform.address();

    const asked = home.start({ args: ["run", "asked", "--wait", ...home.where()] });
    await platform.line(/▶ started attempt 1/);

    expect(await asked.ended).toEqual({ code: 0, signal: null });
    const [run] = await home.runs();
    const startedMs = (run?.attempts[0]?.startedAt ?? 0) - (run?.nominalAt ?? 0);
    // A tick would come on the minute, be it soon; a bell that is not heard fails here mostly.
    expect(startedMs).toBeLessThan(10 * SECOND_MS);
  });

  it("goes on while the database cannot be reached, and works when it can", async (test) => {
    const store = aDatabase();
    const home = await Home.of(test, store);
    await fireEverySecond(home, 4 * SECOND_MS);
    const platform = home.up();
    await platform.line(/▶ started attempt 1/);

    const away = double.fault({
      database: new URL(store).pathname,
      when: "before",
      times: Number.POSITIVE_INFINITY,
      outcome: { grpc: 14, message: "cut by the test" },
    });
    await platform.line(/cut by the test/);
    away.remove();
    const asked = home.start({ args: ["run", "asked", "--wait", ...home.where()] });

    expect(await asked.ended).toEqual({ code: 0, signal: null });
    expect(away.hits).toBeGreaterThan(0);
    platform.signal("SIGTERM");
    expect(await platform.ended).toEqual({ code: 0, signal: null });
  });
});

describe.concurrent("a platform on another data directory", PATIENT, () => {
  it("is kept from a database that one drives, and let in when that has ended", async (test) => {
    const store = aDatabase();
    const [one, other] = [await Home.of(test, store), await Home.of(test, store)];
    await one.write("orrery.yaml", NOTHING_DUE);
    await other.write("orrery.yaml", NOTHING_DUE);
    const first = one.up();
    await first.address();

    const refused = other.up();
    expect(await refused.ended).toEqual({ code: 4, signal: null });
    expect(refused.output).toContain(`:${one.data} drives this database, at least until `);
    expect(refused.output).toMatch(/\[PLATFORM_RUNNING\]$/);
    first.signal("SIGINT");
    expect(await first.ended).toEqual({ code: 0, signal: null });
    const second = other.up("--until-idle");

    expect(await second.ended).toEqual({ code: 0, signal: null });
  });

  it("stops the one in whose place it is, which leaves the database to it", async (test) => {
    const store = aDatabase();
    const home = await Home.of(test, store);
    await home.write("orrery.yaml", NOTHING_DUE);
    const asleep = home.up();
    await asleep.address();

    const until = plusMs(realClock.now(), limits.platformLeaseMs);
    const lease = { holder: "another", place: "another:/place", until };
    await home.beside(async ({ store: database }) => {
      await database.transact("take", async (tx) => {
        await Promise.resolve();
        tx.put(metaTable, { name: "platform", body: lease });
      });
    });

    // It finds out when it renews its own, within `limits.platformLeaseRenewMs`.
    expect(await asleep.ended).toEqual({ code: 4, signal: null });
    expect(asleep.output).toMatch(
      /The platform of another:\/place drives this database.*RUNNING\]$/,
    );
    expect(await home.beside(async ({ store: database }) => await readLease(database))).toEqual(
      lease,
    );
  });
});

/** The lease as the database has it. */
async function readLease(database: Store): Promise<unknown> {
  const row = await database.snapshot(
    async (reader) => await reader.get(metaTable, { name: "platform" }),
  );
  return row?.body;
}

describe.concurrent("a database that cannot be worked with", PATIENT, () => {
  it("is refused by a platform and by commands where its schema is another", async (test) => {
    const store = aDatabase();
    const home = await Home.of(test, store);
    await home.write("orrery.yaml", NOTHING_DUE);
    const migrated = home.start({ args: ["migrate", "--store", store] });
    expect(await migrated.ended).toEqual({ code: 0, signal: null });
    await home.beside(async ({ store: database }) => {
      await database.transact("spoil", async (tx) => {
        await Promise.resolve();
        tx.put(schemaVersionTable, { name: "schema", number: 99, digest: "another", steps: 1 });
      });
    });

    for (const args of [["up", "--port", "0"], ["runs"]]) {
      const refused = home.start({ args: [...args, ...home.where()] });
      expect(await refused.ended).toEqual({ code: 1, signal: null });
      expect(refused.output).toMatch(/^orrery: The database \S+ was not made by this version/);
      expect(refused.output).toMatch(/\[STORE_SCHEMA_UNKNOWN\]$/);
    }
  });

  it("ends a command within a bounded time where it is not there, without a stack trace", async (test) => {
    const home = await Home.of(test, "ydb://127.0.0.1:1/local");
    await home.write("orrery.yaml", NOTHING_DUE);
    const startMs = performance.now();

    const all = [home.up(), home.start({ args: ["runs", ...home.where()] })];
    const ends = await Promise.all(all.map(async (each) => await each.ended));

    expect(ends).toEqual([
      { code: 1, signal: null },
      { code: 1, signal: null },
    ]);
    for (const { output } of all) {
      expect(output).toMatch(/^orrery: The .* failed: .*\[STORE_UNAVAILABLE\]$/);
    }
    expect(performance.now() - startMs).toBeLessThan(limits.ydbTransactionMs + 20 * SECOND_MS);
  });
});
