import { setImmediate } from "node:timers/promises";
import type { Driver } from "ydb-sdk";
import { sdk } from "../../../shared/adapters/ydb/sdk.ts";
import { systemAlarms, systemClock } from "../../../shared/adapters/system/system-clock.ts";
import { openConnection } from "../../../shared/adapters/ydb/connection.ts";
import { failureOf } from "../../../shared/adapters/ydb/failure.ts";
import type { Session } from "../../../shared/adapters/ydb/session.ts";
import { silent } from "./raw-sdk.ts";

/**
 * A process of its own for what may end one: a rejection that nobody handles. It prints one line of
 * JSON: what it saw, how many such rejections there were, and then has to end by itself.
 *
 *   node sdk-process.ts SCENARIO ENDPOINT
 */
const [scenario = "", endpoint = ""] = process.argv.slice(2);
const clock = { ...systemClock, ...systemAlarms };
const query = { text: "SELECT 1;", parameters: {} };
const begins = { transaction: { begin: "serializable" }, commit: false } as const;

const unhandled: string[] = [];
process.on("unhandledRejection", (error) => unhandled.push(failureOf(error).status));

/** The SDK looks for endpoints every minute, and asks sessions whether they live; here every 20 ms. */
const { setInterval: realInterval } = globalThis;
if (scenario.endsWith("every 20 ms")) {
  const quick = (callback: () => void, ms?: number): NodeJS.Timeout =>
    realInterval(callback, ms === 60_000 ? 20 : ms);
  Object.assign(globalThis, { setInterval: quick });
}

const connection = openConnection({
  address: { endpoint, database: "/local", tls: false },
  clock,
});

const SCENARIOS: Readonly<Record<string, () => Promise<unknown>>> = {
  "ours: acquire": async () => {
    (await acquire()).release(true);
  },
  "ours: use": async () => {
    const session = await acquire();
    try {
      await session.execute(query, begins, soon());
    } finally {
      session.release(false);
    }
  },
  "ours: drop": async () => {
    (await acquire()).release(false);
    await pause(100);
  },
  "ours: rest, every 20 ms": async () => {
    (await acquire()).release(true);
    await pause(300);
    (await acquire()).release(true);
  },
  "ours: close during a call": async () => {
    const session = await acquire();
    const executing = session.execute(query, begins, soon());
    executing.catch(() => undefined);
    await pause(50);
    await connection.close();
    session.release(false);
    await executing;
  },
  "raw: open": async () => {
    await rawly(async (driver) => await driver.ready(10_000));
  },
  "raw: break": async () => {
    await rawly(async ({ tableClient }) => {
      await tableClient.withSession(async (session) => await session.executeQuery("SELECT 1;"), 0);
    });
  },
  "raw: YDB_ENDPOINT": async () => {
    process.env["YDB_ENDPOINT"] = "127.0.0.1:1";
    await rawly(async ({ tableClient }) => {
      await tableClient.withSession(
        async ({ endpoint: found }) => await Promise.resolve(found.toString()),
        0,
      );
    });
  },
  "ours: YDB_ENDPOINT": async () => {
    process.env["YDB_ENDPOINT"] = "127.0.0.1:1";
    (await acquire()).release(true);
    return process.env["YDB_ENDPOINT"];
  },
};

async function acquire(): Promise<Session> {
  return await connection.acquire(soon());
}

function soon(): number {
  return clock.monotonicMs() + 1_500;
}

/** The SDK as it comes, for a scenario that it does not survive. */
async function rawly<T>(use: (driver: Driver) => Promise<T>): Promise<T> {
  const driver = new sdk.Driver({
    connectionString: `grpc://${endpoint}/local`,
    authService: new sdk.AnonymousAuthService(),
    logger: silent,
  });
  try {
    return await use(driver);
  } finally {
    await pause(100);
    await driver.destroy();
  }
}

async function pause(durationMs: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, durationMs));
}

let result: string;
try {
  result = String(await SCENARIOS[scenario]?.());
} catch (error) {
  result = failureOf(error).status;
}
await connection.close();
await setImmediate();
process.stdout.write(`${JSON.stringify({ result, unhandled })}\n`);
