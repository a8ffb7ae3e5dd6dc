import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openSqliteStore } from "../../shared/adapters/sqlite/sqlite-store.ts";
import type { Store } from "../../shared/ports/store.ts";
import { defineTable } from "../../shared/ports/table.ts";

const runsTable = defineTable(
  "runs",
  { schedule: "text", nominal_at: "int", state: "text", body: "json", expire_at: "expiry" },
  ["schedule", "nominal_at"],
);
const BODY = { project: "bt1qk3v0d2m5p8s1a4r7", cause: "occurrence", priority: 2, attempts: [] };
const TRANSACTIONS = 20_000;
const BATCHES = 200;
const BATCH_ROWS = 500;
const SCAN_ROWS = 900;

const scheduleOf = (n: number): string => `schedule-${n % 97}`;

/** Prints what the SQLite store does per second, beside the same work on bare `node:sqlite`. */
export async function bench(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "orrery-bench-"));
  const store = openSqliteStore({ path: join(folder, "store.db"), tables: [runsTable] });
  const bare = openBare(join(folder, "bare.db"));
  try {
    await compare(
      "small transactions",
      TRANSACTIONS,
      async () => await transactOneByOne(store),
      () => bare.transactOneByOne(),
    );
    await compare(
      "the same, all asked at once",
      TRANSACTIONS,
      async () => await transactAtOnce(store),
    );
    await compare(
      `rows in batches of ${BATCH_ROWS}`,
      BATCHES * BATCH_ROWS,
      async () => await putBatches(store),
      () => bare.putBatches(),
    );
    await compare("gets in snapshots of one", TRANSACTIONS, async () => await getOneByOne(store));
    await compare("rows scanned", BATCHES * SCAN_ROWS, async () => await scanPages(store));
  } finally {
    await store.close();
    bare.close();
    rmSync(folder, { recursive: true });
  }
}

async function compare(
  what: string,
  count: number,
  ours: () => Promise<void>,
  theirs?: () => void,
): Promise<void> {
  const ourRate = await rateOf(count, ours);
  const theirRate = theirs && (await rateOf(count, theirs));
  const ratio =
    theirRate &&
    `${theirRate.toFixed(0).padStart(10)}/s bare, ${(ourRate / theirRate).toFixed(2)} of it`;
  process.stdout.write(`${what.padEnd(30)}${ourRate.toFixed(0).padStart(10)}/s${ratio ?? ""}\n`);
}

async function rateOf(count: number, work: () => void | Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (count * 1_000) / (performance.now() - startedAt);
}

async function transactOnce(store: Store, n: number): Promise<void> {
  const key = { schedule: scheduleOf(n), nominal_at: n };
  await store.transact("bench", async (tx) => {
    if ((await tx.get(runsTable, key)) !== undefined) return;
    tx.put(runsTable, { ...key, state: "queued", body: BODY, expire_at: null });
  });
}

async function transactOneByOne(store: Store): Promise<void> {
  for (let n = 0; n < TRANSACTIONS; n++) await transactOnce(store, n);
}

async function transactAtOnce(store: Store): Promise<void> {
  await Promise.all(
    Array.from({ length: TRANSACTIONS }, (_one, n) => transactOnce(store, TRANSACTIONS + n)),
  );
}

async function putBatches(store: Store): Promise<void> {
  for (let batch = 0; batch < BATCHES; batch++) {
    await store.transact("bench", (tx) => {
      for (let n = batch * BATCH_ROWS; n < (batch + 1) * BATCH_ROWS; n++) {
        const key = { schedule: scheduleOf(n), nominal_at: 10 * TRANSACTIONS + n };
        tx.put(runsTable, { ...key, state: "queued", body: BODY, expire_at: null });
      }
      return Promise.resolve();
    });
  }
}

async function getOneByOne(store: Store): Promise<void> {
  for (let n = 0; n < TRANSACTIONS; n++) {
    const key = { schedule: scheduleOf(n), nominal_at: n };
    await store.snapshot(async (reader) => await reader.get(runsTable, key));
  }
}

async function scanPages(store: Store): Promise<void> {
  for (let page = 0; page < BATCHES; page++) {
    const prefix = { schedule: scheduleOf(page) };
    await store.snapshot(
      async (reader) => await reader.scan(runsTable, { prefix, limit: SCAN_ROWS }),
    );
  }
}

interface Bare {
  transactOneByOne(): void;
  putBatches(): void;
  close(): void;
}

function openBare(path: string): Bare {
  const database = new DatabaseSync(path);
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE runs (schedule TEXT NOT NULL, nominal_at INTEGER NOT NULL, state TEXT, body TEXT,
      expire_at INTEGER, PRIMARY KEY (schedule, nominal_at)) STRICT, WITHOUT ROWID`);
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  const get = database.prepare("SELECT * FROM runs WHERE schedule = ? AND nominal_at = ?");
  const put = database.prepare("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?)");
  const putRow = (n: number): void => {
    put.run(scheduleOf(n), n, "queued", JSON.stringify(BODY), null);
  };
  return {
    transactOneByOne: () => {
      for (let n = 0; n < TRANSACTIONS; n++) {
        begin.run();
        if (get.get(scheduleOf(n), n) === undefined) putRow(n);
        commit.run();
      }
    },
    putBatches: () => {
      for (let batch = 0; batch < BATCHES; batch++) {
        begin.run();
        for (let n = 0; n < BATCH_ROWS; n++) putRow(10 * TRANSACTIONS + batch * BATCH_ROWS + n);
        commit.run();
      }
    },
    close: () => database.close(),
  };
}
