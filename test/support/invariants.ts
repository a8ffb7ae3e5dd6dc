import { expect } from "vitest";
import { attemptIdOf, deliveryId, type ProjectId } from "../../shared/core/ids.ts";
import { limits } from "../../shared/core/limits.ts";
import { isFinal } from "../../shared/core/run/run.ts";
import { HOUR_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import type { Account } from "../../shared/core/units/account.ts";
import { rebuild, type Entry } from "../../shared/core/units/ledger.ts";
import { readAccount, scanEntries } from "../../shared/records/account-record.ts";
import type { Delivery } from "../../shared/core/notification/delivery.ts";
import { readDelivery } from "../../shared/records/delivery-record.ts";
import { activeTable, deliveriesTable, waitingTable } from "../../shared/records/tables.ts";
import { fireTimer, readDefinitions, scanSchedules } from "../../shared/records/schedule-record.ts";
import { latestRun, nextFireOf } from "../../shared/usecases/next-fire.ts";
import type { Timer } from "../../shared/records/timer-record.ts";
import { PROJECT } from "./builders.ts";
import type { World } from "./world.ts";

/** A project's account and its whole ledger. */
export async function ledgerOf(
  world: World,
  project: ProjectId = PROJECT,
): Promise<{ readonly account: Account; readonly entries: readonly Entry[] }> {
  return await world.store.snapshot(async (reader) => ({
    account: await readAccount(reader, project),
    entries: await scanEntries(reader, project, { limit: limits.scanRows }),
  }));
}

/** Every delivery that was tried, or has a row of its own. */
export async function deliveriesOf(world: World): Promise<readonly Delivery[]> {
  return await world.store.snapshot(async (reader) => {
    const rows = await reader.scan(deliveriesTable, { limit: limits.scanRows });
    const records = await Promise.all(
      rows.map(async (row) => await readDelivery(reader, deliveryId(row.delivery))),
    );
    return records.flatMap((record) => record?.delivery ?? []);
  });
}

/** The ledger adds up to the account, entry by entry (P4). */
export async function expectLedgerAddsUp(
  world: World,
  label = "",
  ofProject: ProjectId = PROJECT,
): Promise<void> {
  const { account, entries } = await ledgerOf(world, ofProject);
  const { project, limits: _limits, version: _version, ...rest } = account;
  const {
    configuredLimits: _said,
    configuredBalance: _asked,
    budget: _policy,
    provider: _theirs,
    ...position
  } = rest;
  expect(rebuild(project, entries), label).toEqual(position);
}

/**
 * After a quiet period nothing is owed to anybody: every run is final, no timer but those of
 * schedules is left, every reservation was closed once, every notification was told.
 */
export async function expectNothingOwed(world: World, label = ""): Promise<void> {
  const runs = await world.runs();
  expect(
    runs.filter((run) => !isFinal(run.state)).map((run) => run.id),
    label,
  ).toEqual([]);
  const [active, waiting] = await world.store.snapshot(
    async (reader) =>
      [
        await reader.scan(activeTable, { limit: 10 }),
        await reader.scan(waitingTable, { limit: 10 }),
      ] as const,
  );
  expect(new Set(await world.timers()), label).toEqual(new Set(await nextFires(world)));
  expect({ active, waiting }, label).toEqual({ active: [], waiting: [] });

  for (const project of new Set([PROJECT, ...runs.map((run) => run.project)])) {
    await expectAllClosed(world, label, project);
  }

  const deliveries = await deliveriesOf(world);
  expect(
    deliveries.filter((delivery) => delivery.state === "pending"),
    label,
  ).toEqual([]);
}

async function expectAllClosed(world: World, label: string, project: ProjectId): Promise<void> {
  await expectLedgerAddsUp(world, label, project);
  const { account, entries } = await ledgerOf(world, project);
  expect(account, label).toMatchObject({ held: 0, open: [] });
  const held = entries.flatMap((entry) => (entry.kind === "hold" ? [entry.reservation] : []));
  const closed = entries.flatMap((entry) =>
    entry.kind === "settle" || entry.kind === "release" ? [entry.reservation] : [],
  );
  expect(closed.toSorted(), label).toEqual(held.toSorted());
  expect(new Set(held).size, label).toBe(held.length);
}

/** The timers that schedules have: one each, at the fire behind the last. */
async function nextFires(world: World): Promise<readonly Timer[]> {
  return await world.store.snapshot(async (reader) => {
    const schedules = await scanSchedules(reader, { limit: limits.scanRows });
    const names = schedules.map(({ schedule }) => schedule);
    const timers: Timer[] = [];
    for (const record of await readDefinitions(reader, names)) {
      if (record?.firing === undefined) continue;
      const { name } = record.definition;
      const next = await nextFireOf(reader, record, {
        now: world.clock.now(),
        latest: await latestRun(reader, name),
      });
      if (next !== undefined) timers.push(fireTimer(name, next, record.firing.generation));
    }
    return timers;
  });
}

/** Every execution belongs to an attempt, and no attempt has a second one (P2). */
export async function expectNoStrayExecution(world: World, label = ""): Promise<void> {
  const runs = await world.runs();
  const attempts = runs.flatMap((run) =>
    run.attempts.map((attempt) => attemptIdOf(run.id, attempt.number)),
  );
  const { started } = world.executor;
  expect(new Set(started).size, label).toBe(started.length);
  expect(
    started.filter((attempt) => !attempts.includes(attempt)),
    label,
  ).toEqual([]);
}

/**
 * What really ran kept the limits at every instant (P4). The executor's own record is the witness:
 * it knows nothing of reservations.
 */
export async function expectNoOvershoot(world: World, label = ""): Promise<void> {
  const { account, entries } = await ledgerOf(world);
  const { concurrentRuns = Infinity, unitsPerHour = Infinity } = account.limits;
  const now = world.clock.now();
  const rate = 4;
  const spans = world.executor.started
    .map((attempt) => world.executor.ranOf(attempt))
    .map(({ startedAt, endedAt }) => ({ startedAt, endedAt: Math.min(endedAt, now) }));
  const instants = spans.flatMap(({ startedAt, endedAt }) => [startedAt, endedAt]);
  for (const at of instants) {
    const running = spans.filter((span) => span.startedAt <= at && at < span.endedAt).length;
    expect(running, `${label} attempts at once`).toBeLessThanOrEqual(concurrentRuns);
    const spentMs = spans.reduce((sum, { startedAt, endedAt }) => {
      const from = Math.max(startedAt, at - HOUR_MS);
      return sum + Math.max(0, Math.min(endedAt, at) - from);
    }, 0);
    const spent = (spentMs * rate) / SECOND_MS;
    expect(spent, `${label} units in an hour`).toBeLessThanOrEqual(unitsPerHour);
  }
  for (const entry of entries) {
    if (entry.balanceAfter !== undefined && entry.kind === "hold") {
      expect(entry.heldAfter, `${label} held of the balance`).toBeLessThanOrEqual(
        entry.balanceAfter,
      );
    }
    expect(entry.kind, `${label} nothing was spent that nobody held`).not.toBe("adjust");
  }
}
