import { assertNever } from "../core/assert.ts";
import { attemptIdOf, type ProjectId, type RunId } from "../core/ids.ts";
import { limitReached, nextPollAt } from "../core/run/due.ts";
import { outcomeOf, prepareFailed } from "../core/run/outcome.ts";
import { liveAttempt, type Run } from "../core/run/run.ts";
import { moveRun, type RunEvent } from "../core/run/run-state.ts";
import type { Instant } from "../core/time/instant.ts";
import type { ExecutionReport } from "../ports/executor.ts";
import { readConfiguration } from "../records/configuration-record.ts";
import { readRun, writeRun } from "../records/run-record.ts";
import type { EndedAttempt } from "./attempt-end.ts";
import { endAttempt } from "./end-attempt.ts";
import { measureStarted } from "./measure.ts";
import { lookAt, sendNudges, type Look, type Nudge } from "./nudge.ts";
import { reportStarted } from "./report.ts";
import type { RunLook } from "./run-groups.ts";
import type { Services } from "./services.ts";
import { tell } from "./tell.ts";

/**
 * Asks the executor how a run's live attempt stands, and records what is new: it started, its outputs
 * are being taken over, or it ended and is settled. While it goes on there is nothing to write, and
 * the chain looks again later, with growing patience. Asks the program to end, or kills it, where
 * somebody cancelled. Repeating it is harmless.
 */
export async function watchRun(services: Services, id: RunId, look: Look = {}): Promise<void> {
  const wanted = { ...look, run: id };
  await act(services, wanted, await pollEarly(services, wanted));
}

/** Most polls find it as it was, or ended: neither needs to read the run first. */
export async function pollEarly(
  services: Services,
  { run, attempt }: RunLook,
): Promise<ExecutionReport | undefined> {
  return attempt === undefined ? undefined : await poll(services, run, attempt);
}

/** Does what a look came to, for one run. */
export async function act(
  services: Services,
  look: RunLook,
  early: ExecutionReport | undefined,
): Promise<void> {
  const [ended] = endedOf(look, early);
  if (ended === undefined) await watchOn(services, look, early);
  else await endAttempt(services, ended);
}

/** The attempt that a look is about, where its executor says that it has ended. */
export function endedOf(
  look: RunLook,
  early: ExecutionReport | undefined,
): readonly EndedAttempt[] {
  if (look.attempt === undefined || early?.state !== "ended") return [];
  const { run, project, attempt: number } = look;
  return [endedBy({ run, project, number, report: early })];
}

/** Records what is new of an attempt that has not ended as far as its executor was asked. */
export async function watchOn(
  services: Services,
  look: RunLook,
  early: ExecutionReport | undefined,
): Promise<void> {
  const id = look.run;
  if (look.isFirst === true && look.attempt !== undefined && isUnderWay(early)) {
    await follow(services, { id, number: look.attempt, report: early }, look);
    return;
  }
  const record = await services.store.snapshot(async (reader) => await readRun(reader, id));
  const attempt = record && liveAttempt(record.run);
  if (look.attempt !== undefined && attempt?.number !== look.attempt) {
    // The attempt ended while its start was under way, so nobody holds units for what that started.
    if (isUnderWay(early)) await kill(services, id, look.attempt);
    return;
  }
  if (record === undefined || attempt === undefined) return;
  // It may have been launched since it was unknown.
  const report = isUnderWay(early) ? early : await poll(services, id, attempt.number);
  // Before its launch an attempt is the submit's business, which starts it again.
  if (report.state === "unknown" && attempt.launchedAt === undefined) return;
  const isChained = look.chain !== undefined && look.chain === record.timer?.dueAt;
  const chain = isChained ? look.chain : undefined;
  await recordReport(services, { run: record.run, number: attempt.number, report }, { chain });
}

async function poll(services: Services, id: RunId, number: number): Promise<ExecutionReport> {
  return await services.executor.poll(attemptIdOf(id, number));
}

async function kill(services: Services, id: RunId, number: number): Promise<void> {
  await services.executor.stop(attemptIdOf(id, number), "kill", "cancelled");
}

function isUnderWay(report: ExecutionReport | undefined): report is UnderWay {
  return report !== undefined && report.state !== "ended" && report.state !== "unknown";
}

/** A live attempt, as its run was read a moment ago, and how its execution stands. */
interface Reported {
  readonly run: Run;
  readonly number: number;
  readonly report: ExecutionReport;
}

/** An execution that is under way; without its run where that has to be read for a record anyway. */
interface Progress {
  readonly id: RunId;
  readonly run?: Run;
  readonly number: number;
  readonly report: UnderWay;
}

type Ended = Extract<ExecutionReport, { readonly state: "ended" }>;
type UnderWay = Exclude<ExecutionReport, Ended | { readonly state: "unknown" }>;

/** Records how an attempt stands that was launched; the chain, where there is one, goes on. */
export async function recordReport(
  services: Services,
  { run, number, report }: Reported,
  look: Pick<Look, "chain">,
): Promise<void> {
  switch (report.state) {
    case "unknown": {
      const outcome = prepareFailed(
        "Its execution is unknown to its executor, though it was started",
      );
      await endAttempt(services, { run: run.id, number, outcome });
      return;
    }
    case "preparing":
    case "running":
    case "collecting":
      await follow(services, { id: run.id, run, number, report }, look);
      return;
    case "ended":
      await endAttempt(services, endedBy({ run: run.id, project: run.project, number, report }));
      return;
    default:
      assertNever(report);
  }
}

function endedBy(ended: {
  readonly run: RunId;
  readonly project: ProjectId | undefined;
  readonly number: number;
  readonly report: Ended;
}): EndedAttempt {
  const { report, ...attempt } = ended;
  return { ...attempt, outcome: outcomeOf(report.result), usage: report.result };
}

/** Records what is new, if anything is, asks to end what is cancelled, and sends the next look. */
async function follow(
  services: Services,
  progress: Progress,
  look: Pick<Look, "chain">,
): Promise<void> {
  const now = services.clock.now();
  const { id, run, number, report } = progress;
  const isNews = run === undefined || observed(run, report, now) !== run;
  const known = isNews ? await recordProgress(services, progress, now) : { run, nudges: [] };
  if (known === undefined) {
    // The attempt ended while its start was under way, so nobody holds units for what that started.
    await kill(services, id, number);
    return;
  }
  await stopWhatIsDue(services, known.run, report, now);
  await sendNudges(services, [...known.nudges, ...nextLook(known, look, now)], now);
}

/**
 * Ends an execution that somebody cancelled or that has reached a limit of its attempt. An engine of
 * this machine keeps the limits by itself, to the millisecond; elsewhere nobody else does.
 */
async function stopWhatIsDue(
  services: Services,
  run: Run,
  report: UnderWay,
  now: Instant,
): Promise<void> {
  const attempt = liveAttempt(run);
  if (attempt === undefined) return;
  const limit = report.state === "collecting" ? undefined : limitReached(attempt, now);
  const isCancelled = run.cancelRequestedAt !== undefined;
  if (!isCancelled && limit === undefined) return;
  const how = run.cancelKills === true || limit === "kill" ? "kill" : "graceful";
  const because = isCancelled ? "cancelled" : "timedOut";
  await services.executor.stop(attemptIdOf(run.id, attempt.number), how, because);
}

/** A run as it stands after a look at it. */
interface Known {
  readonly run: Run;
  readonly nudges: readonly Nudge[];
  /** The chain that its timer names, where the run was read together with it. */
  readonly chain?: Instant;
  readonly collects?: true;
}

/** A chain goes on as long as its run has its timer; an engine that collects does so in the next poll. */
function nextLook(known: Known, look: Pick<Look, "chain">, now: Instant): readonly Nudge[] {
  const { run, collects } = known;
  const chain = look.chain === (known.chain ?? look.chain) ? look.chain : undefined;
  const attempt = liveAttempt(run);
  if (attempt === undefined || (chain === undefined && collects === undefined)) return [];
  const at = collects === true ? now : nextPollAt(run, attempt, now);
  return [lookAt(run, { chain, at })];
}

/** Undefined where the attempt is over. */
async function recordProgress(
  services: Services,
  { id, number, report }: Progress,
  now: Instant,
): Promise<Known | undefined> {
  const recorded = await services.store.transact("watch", async (tx) => {
    const record = await readRun(tx, id);
    const live = record && liveAttempt(record.run);
    if (record?.timer === undefined || live?.number !== number) return undefined;
    const run = observed(record.run, report, now);
    const chain = record.timer.dueAt;
    if (run === record.run) return { run, chain, started: false, nudges: [] };
    const started = record.run.state === "starting" && run.state === "running";
    const isCollecting = report.state === "collecting" && live.collectingAt === undefined;
    const collects = isCollecting ? { collects: true as const } : {};
    writeRun(tx, record, { run, timer: record.timer });
    if (!started) return { run, chain, started, nudges: [], ...collects };
    const at = liveAttempt(run)?.startedAt ?? now;
    const subscriptions = (await readConfiguration(tx))?.subscriptions ?? [];
    const nudges = tell(tx, subscriptions, { type: "run.started", run, at });
    return { run, chain, started, nudges, ...collects };
  });
  if (recorded?.started === true) {
    reportStarted(services.log, recorded.run);
    measureStarted(services.telemetry, recorded.run);
  }
  return recorded;
}

/** The run as it is known by this report: the same where nothing is new. */
function observed(run: Run, report: UnderWay, now: Instant): Run {
  const launched = after(run, { kind: "launch", at: now });
  if (report.state === "preparing") return launched;
  const live = liveAttempt(launched);
  const collects = report.state === "collecting";
  const isKnown = live?.startedAt !== undefined && (!collects || live.collectingAt !== undefined);
  if (isKnown) return launched;
  const { startedAt } = report;
  return after(launched, {
    kind: "observe",
    startedAt,
    ...(collects ? { collectingAt: now } : {}),
  });
}

function after(run: Run, event: RunEvent): Run {
  const moved = moveRun(run, event);
  return moved.outcome === "moved" ? moved.run : run;
}
