import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projectId, type ProjectId } from "../../../shared/core/ids.ts";
import { limits } from "../../../shared/core/limits.ts";
import { rebuild, type Entry } from "../../../shared/core/units/ledger.ts";
import { readAccount, scanEntries } from "../../../shared/records/account-record.ts";
import { activeTable, waitingTable } from "../../../shared/records/tables.ts";
import { listRuns } from "../../../shared/usecases/list-runs.ts";
import { runStorm, type Storm } from "../../support/storm.ts";
import type { Double } from "../../support/ydb/double.ts";
import { startDouble } from "../../support/ydb/start-double.ts";

/**
 * Sixteen ticks, then sixteen submitters, then sixteen watchers on one database, all at once. What
 * their transactions may cost each other follows from how a conflict comes about: a try fails when
 * another commit changed what it had read, so one commit spoils at most one try of every other.
 */
const WORKERS = 16;
const OTHERS = WORKERS - 1;

let double: Double;
beforeAll(async () => {
  double = await startDouble({ keepsLog: false });
});
afterAll(async () => await double.close());

describe.each([
  // Of 16 one or two want the same account at a time: a try of somebody else is rarely spoiled.
  { schedules: 200, projects: 10, conflictsEach: 2 },
  // All want the same account. Without a pace all others would lose to each commit: 15 conflicts
  // for each transaction. With it they come in turn, and most find the account to themselves.
  { schedules: 80, projects: 1, conflictsEach: 5 },
])("$schedules schedules of $projects projects, due at once", (given) => {
  const { schedules, projects, conflictsEach } = given;
  let storm: Storm;
  beforeAll(async () => {
    storm = await runStorm(double, { workers: WORKERS, schedules, projects });
  });
  afterAll(async () => await storm.close());

  it("each make one run, which is executed once and succeeds", async () => {
    expect(storm.failures).toEqual([]);
    const { items: runs } = await listRuns(storm.services, { size: limits.scanRows });
    expect(new Set(runs.map(({ schedule }) => schedule)).size).toBe(schedules);
    expect(runs).toHaveLength(schedules);
    expect(
      runs.filter(({ state, attempts }) => state !== "succeeded" || attempts.length !== 1),
    ).toEqual([]);
    expect(storm.executor.started).toHaveLength(schedules);
  });

  it("each are paid for once, and nothing is held or waits", async () => {
    for (let index = 0; index < projects; index += 1) {
      await expectPaidOnce(projectId(`p${index}`), schedules / projects);
    }
    await storm.services.store.snapshot(async (reader) => {
      expect(await reader.scan(activeTable, { limit: 1 })).toEqual([]);
      expect(await reader.scan(waitingTable, { limit: 1 })).toEqual([]);
    });
  });

  async function expectPaidOnce(project: ProjectId, runs: number): Promise<void> {
    const { account, entries } = await storm.services.store.snapshot(async (reader) => ({
      account: await readAccount(reader, project),
      entries: await scanEntries(reader, project, { limit: limits.scanRows }),
    }));
    const { project: _project, limits: _limits, version: _version, ...position } = account;
    expect(rebuild(project, entries)).toEqual(position);
    expect(position).toMatchObject({ held: 0, open: [] });
    const count = (kind: Entry["kind"]): number =>
      entries.filter((entry) => entry.kind === kind).length;
    expect([count("hold"), count("settle"), entries.length]).toEqual([runs, runs, 2 * runs]);
  }

  it("each are told of, at least once", () => {
    const told = storm.webhook.received.map(({ id }) => id);
    expect(new Set(told).size).toBe(schedules);
  });

  it.each(["fire", "submit", "end"] as const)("meet no more than they can: %s", (part) => {
    const { commits, conflicts, conflictsByTable, transactions, tries, longestMs } =
      storm.parts[part];
    expect(conflicts).toBeLessThanOrEqual(commits * OTHERS);
    expect(conflicts / transactions).toBeLessThan(part === "fire" ? 1 : conflictsEach);
    expect(tries).toBe(transactions + conflicts);
    expect(longestMs).toBeLessThan(limits.ydbTransactionMs);
    // Where they meet: the run that a tick makes, and from then on a run, its delivery, and its account.
    const tables = part === "fire" ? ["runs"] : ["accounts", "deliveries", "runs"];
    expect(tables).toEqual(expect.arrayContaining([...conflictsByTable.keys()]));
  });
});
