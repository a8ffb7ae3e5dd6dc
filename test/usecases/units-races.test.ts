import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSqliteStore } from "../../shared/adapters/sqlite/sqlite-store.ts";
import { ManualClock } from "../../shared/adapters/manual/manual-clock.ts";
import type { UnitLimits } from "../../shared/core/project/project-settings.ts";
import { scheduleName, type RunId } from "../../shared/core/ids.ts";
import { limits as ceilings } from "../../shared/core/limits.ts";
import { MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import type { Store } from "../../shared/ports/store.ts";
import { noTelemetry } from "../../shared/ports/telemetry.ts";
import { readAccount, scanEntries } from "../../shared/records/account-record.ts";
import { scanWaiting } from "../../shared/records/active-record.ts";
import { readRuns } from "../../shared/records/run-record.ts";
import { tables } from "../../shared/records/tables.ts";
import { applyConfiguration } from "../../shared/usecases/apply-configuration.ts";
import { requestRun } from "../../shared/usecases/request-run.ts";
import type { Services } from "../../shared/usecases/services.ts";
import { submitRuns } from "../../shared/usecases/submit-run.ts";
import { aConfiguration, aSchedule, PROJECT, START_AT } from "../support/builders.ts";
import { checkedStore, type StoreWeather } from "../support/checked-store.ts";
import { LedgerByHand } from "../support/ledger-by-hand.ts";
import { MemoryFiles } from "../support/memory-files.ts";
import { RecordingChannel } from "../support/recording-channel.ts";
import { exits, ScriptedExecutor } from "../support/scripted-executor.ts";
import { seededRandom } from "../support/seeded-random.ts";
import type { Double } from "../support/ydb/double.ts";
import { startDouble } from "../support/ydb/start-double.ts";
import { openDoubleStore } from "../support/ydb-store.ts";

/**
 * Several processes, each with a store of its own, admit the same runs of one project at the same
 * time: exactly as many as there is room for start, whoever they come from, and every other one waits.
 */
const RUNS = 15;
const HELD = (60 + 10) * 4;
const small = aSchedule({
  ...{ name: "small", timing: null, overlap: "allow", timeoutMs: MINUTE_MS },
});

const folder = mkdtempSync(join(tmpdir(), "orrery-races-"));
let double: Double;
beforeAll(async () => {
  double = await startDouble({ keepsLog: false });
});
afterAll(async () => {
  await double.close();
  rmSync(folder, { recursive: true });
});

/** The databases: one that takes turns, and one that finds conflicts at the commit. */
const ENGINES: readonly (readonly [string, () => () => Store])[] = [
  [
    "SQLite",
    () => {
      const store = openSqliteStore({ path: join(folder, `${randomUUID()}.db`), tables });
      return () => store;
    },
  ],
  [
    "the YDB double",
    () => {
      const database = `/race/${randomUUID()}`;
      return () => openDoubleStore(double, database, tables);
    },
  ],
];

interface Race {
  readonly workers: readonly Services[];
  readonly executor: ScriptedExecutor;
  readonly runs: readonly RunId[];
  close(): Promise<void>;
}

async function aRace(
  open: () => Store,
  given: { readonly limits: UnitLimits; readonly workers: number },
  weatherOf: (worker: number) => StoreWeather | undefined = () => undefined,
): Promise<Race> {
  const clock = new ManualClock(START_AT);
  const executor = new ScriptedExecutor(clock, () => exits(30 * SECOND_MS));
  const stores = Array.from({ length: given.workers }, open);
  let isStormy = false;
  const nothing = async (): Promise<undefined> => await Promise.resolve(undefined);
  const workers = stores.map((store, index): Services => {
    const weather = weatherOf(index);
    const witness = { inside: nothing, afterCommit: nothing };
    return {
      store: checkedStore(store, witness, () => (isStormy ? weather : undefined)),
      clock,
      random: seededRandom(index + 1),
      queue: { send: nothing },
      executor,
      files: new MemoryFiles(clock),
      channels: { webhook: new RecordingChannel(), log: new RecordingChannel() },
      log: { write: () => undefined },
      telemetry: noTelemetry,
    };
  });
  const [first] = workers;
  if (first === undefined) throw new Error("a race has a worker");
  const { limits } = given;
  await applyConfiguration(first, aConfiguration({ schedules: [small], limits }));
  const runs: RunId[] = [];
  for (let n = 0; n < RUNS; n += 1) {
    const wish = { schedule: scheduleName("small"), inputs: {} };
    const made = await requestRun(first, { ...wish, cause: { kind: "person", id: `p${n}` } });
    if (made.outcome !== "rejected") runs.push(made.run);
  }
  isStormy = true;
  const close = async (): Promise<void> => {
    await Promise.all([...new Set(stores)].map(async (store) => await store.close()));
  };
  return { workers, executor, runs, close };
}

/** Every process submits every run, in an order and in batches of its own, until none fails. */
async function admitAll({ workers, runs }: Race): Promise<void> {
  await Promise.all(
    workers.map(async (services, index) => {
      const chance = seededRandom(100 + index);
      const shuffled = runs
        .map((run) => ({ run, place: chance.fraction() }))
        .toSorted((a, b) => a.place - b.place)
        .map(({ run }) => ({ run, project: PROJECT }));
      const size = 1 + (index % 10);
      const batches = Array.from({ length: Math.ceil(runs.length / size) }, (_, batch) =>
        shuffled.slice(batch * size, (batch + 1) * size),
      );
      await Promise.all(
        batches.map(async (batch) => {
          // As a queue does it: what failed comes again.
          for (let tries = 0; tries < 20; tries += 1) {
            if ((await submitRuns(services, batch)).length === 0) return;
          }
          throw new Error("a batch was handled within twenty tries");
        }),
      );
    }),
  );
}

async function expectExactly(race: Race, room: number, reason: string): Promise<void> {
  const [first] = race.workers;
  if (first === undefined) return;
  const { account, entries, waiting, records } = await first.store.snapshot(async (reader) => ({
    account: await readAccount(reader, PROJECT),
    entries: await scanEntries(reader, PROJECT, { limit: ceilings.scanRows }),
    waiting: await scanWaiting(reader, PROJECT, ceilings.scanRows),
    records: await readRuns(reader, race.runs),
  }));
  const ledger = new LedgerByHand();
  for (const entry of entries) ledger.read(entry, account.limits);
  ledger.expectBears(account);
  const states = records.map((record) => record?.run.state ?? "nowhere");
  const started = states.filter((state) => state === "running" || state === "starting");
  const waits = records.filter((record) => record?.run.reason?.code === reason);

  expect(entries.filter(({ kind }) => kind === "hold")).toHaveLength(room);
  expect(account.open).toHaveLength(room);
  expect(race.executor.started).toHaveLength(room);
  expect(started).toHaveLength(room);
  expect(waits).toHaveLength(RUNS - room);
  expect(waiting).toHaveLength(RUNS - room);
}

const ROOM = 5;
const LIMITED: readonly (readonly [string, UnitLimits])[] = [
  ["limit_concurrency", { concurrentRuns: ROOM }],
  ["limit_balance", { balance: ROOM * HELD + 1 }],
  ["limit_hour", { unitsPerHour: ROOM * HELD + 1 }],
];

describe.each(ENGINES)(
  "processes that admit the same runs at the same time on %s",
  (_name, begin) => {
    it.each(LIMITED)("start exactly as many as there is room for (%s)", async (reason, limits) => {
      const race = await aRace(begin(), { limits, workers: 3 });

      await admitAll(race);

      await expectExactly(race, ROOM, reason);
      await race.close();
    });

    it("do so where the database is busy, runs bodies again and loses answers to commits", async () => {
      const weatherOf = (worker: number): StoreWeather => ({
        ...{ random: seededRandom(40 + worker), busy: 0.05, unknown: 0.15, rerun: 0.2 },
      });
      const limits = { concurrentRuns: ROOM, balance: 2 * ROOM * HELD };
      const race = await aRace(begin(), { limits, workers: 3 }, weatherOf);

      await admitAll(race);

      await expectExactly(race, ROOM, "limit_concurrency");
      await race.close();
    });
  },
);
