import { assert } from "../core/assert.ts";
import { runKeyOf, scheduleName, type RunId, type ScheduleName } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { lookedAtBy } from "../core/run/due.ts";
import type { OwedDelivery } from "../core/notification/plan.ts";
import { RANKS, rankOf } from "../core/run/priority.ts";
import { isFinal, type Run } from "../core/run/run.ts";
import { INSTANT_MAX, instant, plusMs, type Instant } from "../core/time/instant.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import type { KeyOf, Row } from "../ports/table.ts";
import { fromBody, toBody } from "./body.ts";
import { activeTable, runsTable, waitingTable } from "./tables.ts";
import { moveTimer, type Timer, type TimerKind } from "./timer-record.ts";

/** A run as it is stored. */
export interface RunRecord {
  readonly run: Run;
  readonly version: number;
  /** Its row among the timers; absent once nothing of it is owed any more. */
  readonly timer?: Timer;
  /** A delivery of its end that nobody has tried yet. Until then it holds the timer. */
  readonly owes?: OwedDelivery;
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

/** Removes the row of a run that has ended, and nothing else: for who keeps what became of it elsewhere. */
export function forgetRun(tx: Transaction, { id }: Pick<Run, "id">): void {
  tx.delete(runsTable, runKey(id));
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
 * the waiting runs of its schedule, and its place in the project's queue of waiting runs. `before`
 * is what stands of it already: for a new run perhaps the timer that it takes over.
 */
export function writeRun(
  tx: Transaction,
  before: Partial<RunRecord> | undefined,
  after: Omit<RunRecord, "version">,
): void {
  const { run, timer, owes } = after;
  const isOver = isFinal(run.state) && owes === undefined;
  assert(isOver === (timer === undefined), `${run.id} has a timer while it lives or owes`);
  tx.put(runsTable, {
    ...runKey(run.id),
    project: run.project,
    state: run.state,
    version: (before?.version ?? 0) + 1,
    timer_at: timer?.dueAt ?? 0,
    timer: encodeTimer(run, timer),
    body: toBody(run),
    owes: owes === undefined ? null : toBody(owes),
    expire_at: run.finishedAt === undefined ? null : run.finishedAt + limits.runRetentionMs,
  });
  moveTimer(tx, before?.timer, timer);
  writeActive(tx, before?.run, run);
  writeWaiting(tx, before?.run, run);
}

/**
 * The timer of a run that is to be looked at by `at`. The one it has stays while it is no later, for
 * moving it costs more than finding it early; but nobody wants to find it for more than a minute.
 */
export function timerBy(
  record: { readonly run: Run; readonly timer?: Timer },
  at: Instant,
  now: Instant,
): Timer {
  const { timer, run } = record;
  const isSoon = at <= plusMs(now, limits.waitRecheckMs);
  if (timer !== undefined && timer.dueAt <= at && isSoon) return timer;
  return { kind: "submit", ref: run.id, dueAt: at };
}

/** Without the run's own id, which its row has already: a kind, or `~` and a generation. */
function encodeTimer(run: Run, timer: Timer | undefined): string {
  if (timer === undefined) return "";
  return timer.kind === "schedule" ? timer.ref.slice(run.id.length) : timer.kind;
}

function decodeTimer(row: Row<typeof runsTable>, run: Run): Timer | undefined {
  if (row.timer_at === 0) return undefined;
  const dueAt = instant(row.timer_at);
  if (row.timer.startsWith("~")) return { kind: "schedule", ref: run.id + row.timer, dueAt };
  // A row that an older version wrote does not say: its timer was that of whoever looked next.
  const kind = row.timer === "" ? lookedAtBy(run) : (row.timer as TimerKind);
  return { kind, ref: run.id, dueAt };
}

/** A run that is live stands in its project's account already, by its reservation. */
function writeActive(tx: Transaction, before: Run | undefined, run: Run): void {
  const key = { schedule: run.schedule, run: run.id };
  const place = placeInSchedule(run);
  const was = before && placeInSchedule(before);
  if (JSON.stringify(place) === JSON.stringify(was)) return;
  if (place === undefined) tx.delete(activeTable, key);
  else tx.put(activeTable, { ...key, ...place });
}

function placeInSchedule(run: Run): Omit<Row<typeof activeTable>, "schedule" | "run"> | undefined {
  const { state, effectiveAt, reason } = run;
  if (state !== "waiting") return undefined;
  return { effective_at: effectiveAt, state, reason: reason?.code ?? "" };
}

function writeWaiting(tx: Transaction, before: Run | undefined, run: Run): void {
  const place = placeInProject(run);
  const was = before && placeInProject(before);
  if (JSON.stringify(place) === JSON.stringify(was)) return;
  const row = { project: run.project, run: run.id };
  if (was !== undefined) tx.delete(waitingTable, { ...row, ...was });
  if (place !== undefined) tx.put(waitingTable, { ...row, ...place });
}

/**
 * A run that waits for units is found by whoever brings some, and is in nobody's way until then; one
 * that waits for a low balance to be funded stands behind those, for the end of a run helps it not.
 */
function placeInProject(run: Run): Omit<Row<typeof waitingTable>, "project" | "run"> | undefined {
  const { state, reason, waitingSince, priority, effectiveAt } = run;
  if (state !== "waiting" || reason === undefined) return undefined;
  const rank = rankOf(priority);
  if (waitingSince !== undefined) return { rank, since: waitingSince };
  if (reason.code === "limit_balance") return { rank: rank + RANKS, since: effectiveAt };
  if (reason.code === "low_balance") return { rank: rank + 2 * RANKS, since: effectiveAt };
  return undefined;
}

function decode(row: Row<typeof runsTable>): RunRecord {
  const run = fromBody<Run>(row.body);
  const timer = decodeTimer(row, run);
  const owes = row.owes === null ? {} : { owes: fromBody<OwedDelivery>(row.owes) };
  return { run, version: row.version, ...(timer === undefined ? {} : { timer }), ...owes };
}

/** The names that lie between two, without these. */
export interface NameRange {
  readonly after: ScheduleName | undefined;
  readonly before: ScheduleName | undefined;
}

/** The first schedule of the range, by name, that has any run; undefined where none has. */
export async function nextScheduleWithRuns(
  reader: Reader,
  { after, before }: NameRange,
): Promise<ScheduleName | undefined> {
  // Behind every row of `after`: no nominal time and no run id sorts higher.
  const last = { nominal_at: INSTANT_MAX, run: "\u{10ffff}" };
  const rows = await reader.scan(runsTable, {
    limit: 1,
    ...(after === undefined ? {} : { after: { schedule: after, ...last } }),
    ...(before === undefined ? {} : { to: lastBefore(before) }),
  });
  const [row] = rows;
  return row === undefined ? undefined : scheduleName(row.schedule);
}

/** A text that no name before this one sorts behind, and no name at all has between them. */
function lastBefore(name: ScheduleName): string {
  const end = name.length - 1;
  return `${name.slice(0, end)}${String.fromCharCode(name.charCodeAt(end) - 1)}\u{10ffff}`;
}
