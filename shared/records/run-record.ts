import { assert } from "../core/assert.ts";
import { runKeyOf, scheduleName, type RunId, type ScheduleName } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { lookedAtBy } from "../core/run/due.ts";
import { rankOf } from "../core/run/priority.ts";
import { isFinal, type Run } from "../core/run/run.ts";
import { waitsForLimit } from "../core/run/run-state.ts";
import { INSTANT_MAX, instant, type Instant } from "../core/time/instant.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import type { KeyOf, Row } from "../ports/table.ts";
import { fromBody, toBody } from "./body.ts";
import { activeTable, runsTable, waitingTable } from "./tables.ts";
import { moveTimer, type Timer } from "./timer-record.ts";

/** A run as it is stored. */
export interface RunRecord {
  readonly run: Run;
  readonly version: number;
  /** When somebody looks at it again; absent once it is final. */
  readonly timerAt?: Instant;
}

/** Where a run's row is; a text that is no run id is a bug by now. */
function runKey(id: RunId): KeyOf<typeof runsTable> {
  const key = runKeyOf(id);
  assert(key !== undefined, `${id} is a run id`);
  return { schedule: key.schedule, nominal_at: key.nominalAt, run: id };
}

export async function readRun(reader: Reader, id: RunId): Promise<RunRecord | undefined> {
  const row = await reader.get(runsTable, runKey(id));
  return row === undefined ? undefined : decode(row);
}

export async function readRuns(
  reader: Reader,
  ids: readonly RunId[],
): Promise<readonly (RunRecord | undefined)[]> {
  const rows = await reader.getMany(runsTable, ids.map(runKey));
  return rows.map((row) => (row === undefined ? undefined : decode(row)));
}

/** Where a run stands among those of any schedule; without an id, behind all of its instant. */
export interface RunPlace {
  readonly nominalAt: Instant;
  readonly run: RunId | "";
}

/**
 * A page of a schedule's runs, latest nominal time first, from `throughAt` or behind `after`, which
 * may be a run of another schedule.
 */
export async function scanRuns(
  reader: Reader,
  schedule: ScheduleName,
  page: { readonly limit: number; readonly throughAt?: Instant; readonly after?: RunPlace },
): Promise<readonly RunRecord[]> {
  const { after } = page;
  const rows = await reader.scan(runsTable, {
    prefix: { schedule },
    ...(page.throughAt === undefined ? {} : { to: page.throughAt }),
    ...(after === undefined
      ? {}
      : { after: { schedule, nominal_at: after.nominalAt, run: after.run } }),
    order: "descending",
    limit: page.limit,
  });
  return rows.map(decode);
}

/**
 * Writes a run together with everything that follows from its state: its timer, its place among
 * the active runs of its schedule, and its place in the project's queue of waiting runs.
 */
export function writeRun(
  tx: Transaction,
  before: RunRecord | undefined,
  after: Pick<RunRecord, "run" | "timerAt">,
): void {
  const { run, timerAt } = after;
  assert(isFinal(run.state) === (timerAt === undefined), `${run.id} has a timer while it lives`);
  tx.put(runsTable, {
    ...runKey(run.id),
    project: run.project,
    state: run.state,
    version: (before?.version ?? 0) + 1,
    timer_at: timerAt ?? 0,
    body: toBody(run),
    expire_at: run.finishedAt === undefined ? null : run.finishedAt + limits.runRetentionMs,
  });
  moveTimer(tx, before && timerOf(before.run, before.timerAt), timerOf(run, timerAt));
  writeActive(tx, before?.run, run);
  writeWaiting(tx, before?.run, run);
}

function timerOf(run: Run, dueAt: Instant | undefined): Timer | undefined {
  if (dueAt === undefined) return undefined;
  return { kind: lookedAtBy(run), ref: run.id, dueAt };
}

function isActive(run: Run | undefined): run is Run {
  return run !== undefined && !isFinal(run.state) && run.state !== "queued";
}

function writeActive(tx: Transaction, before: Run | undefined, run: Run): void {
  const key = { schedule: run.schedule, run: run.id };
  if (isActive(run)) {
    const reason = run.reason?.code ?? "";
    tx.put(activeTable, { ...key, effective_at: run.effectiveAt, state: run.state, reason });
  } else if (isActive(before)) {
    tx.delete(activeTable, key);
  }
}

function writeWaiting(tx: Transaction, before: Run | undefined, run: Run): void {
  const rank = rankOf(run.priority);
  const place = (since: Instant) => ({ project: run.project, rank, since, run: run.id });
  const wasWaiting = before?.waitingSince;
  const since =
    run.reason !== undefined && waitsForLimit(run.reason) ? run.waitingSince : undefined;
  if (wasWaiting === since) return;
  if (wasWaiting !== undefined) tx.delete(waitingTable, place(wasWaiting));
  if (since !== undefined) tx.put(waitingTable, place(since));
}

function decode(row: Row<typeof runsTable>): RunRecord {
  return {
    run: fromBody<Run>(row.body),
    version: row.version,
    ...(row.timer_at === 0 ? {} : { timerAt: instant(row.timer_at) }),
  };
}

/** The first schedule behind `after`, by name, that has any run; undefined behind the last. */
export async function nextScheduleWithRuns(
  reader: Reader,
  after: ScheduleName | undefined,
): Promise<ScheduleName | undefined> {
  // Behind every row of `after`: no nominal time and no run id sorts higher.
  const last = { nominal_at: INSTANT_MAX, run: "\u{10ffff}" };
  const rows = await reader.scan(runsTable, {
    limit: 1,
    ...(after === undefined ? {} : { after: { schedule: after, ...last } }),
  });
  const [row] = rows;
  return row === undefined ? undefined : scheduleName(row.schedule);
}
