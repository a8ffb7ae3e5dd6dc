import { assertNever } from "../core/assert.ts";
import { attemptIdOf, type RunId } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { outcomeOf, prepareFailed } from "../core/run/outcome.ts";
import { backoffMs, type Backoff } from "../core/run/retry.ts";
import { liveAttempt, type Run } from "../core/run/run.ts";
import { moveRun } from "../core/run/run-state.ts";
import { plusMs, type Instant } from "../core/time/instant.ts";
import { attemptMetadata } from "../core/operation/attempt-operation.ts";
import { moveOperation } from "../core/operation/operation-state.ts";
import type { ExecutionReport } from "../ports/executor.ts";
import { readConfiguration } from "../records/configuration-record.ts";
import { readOperation, writeOperation } from "../records/operation-record.ts";
import { readRun, writeRun } from "../records/run-record.ts";
import { endAttempt } from "./end-attempt.ts";
import { sendNudges, type Nudge } from "./nudge.ts";
import { reportStarted } from "./report.ts";
import type { Services } from "./services.ts";
import { tell } from "./tell.ts";

const POLLING: Backoff = {
  initialMs: limits.pollFirstMs,
  factor: 2,
  maxMs: limits.pollMaxMs,
  jitter: "none",
};

/**
 * Asks the executor how a run's live attempt stands, and records the answer: it started, it goes
 * on (look again later, with growing patience), or it ended and is settled. Asks the program to
 * end, or kills it, where somebody cancelled. Repeating it is harmless.
 */
export async function watchRun(services: Services, id: RunId): Promise<void> {
  const run = await services.store.snapshot(async (reader) => (await readRun(reader, id))?.run);
  const attempt = run && liveAttempt(run);
  // Before its launch is recorded an attempt is the submit's business, which starts it again.
  if (run === undefined || attempt?.launchedAt === undefined) return;
  const executionId = attemptIdOf(id, attempt.number);
  const report = await services.executor.poll(executionId);
  switch (report.state) {
    case "unknown": {
      const outcome = prepareFailed(
        "Its execution is unknown to its executor, though it was started",
      );
      await endAttempt(services, { run: id, number: attempt.number, outcome });
      return;
    }
    case "preparing":
    case "running":
    case "collecting":
      if (run.cancelRequestedAt !== undefined) {
        const how = run.cancelKills === true ? "kill" : "graceful";
        await services.executor.stop(executionId, how, "cancelled");
      }
      await recordProgress(services, { id, number: attempt.number, report });
      return;
    case "ended":
      await endAttempt(services, {
        run: id,
        number: attempt.number,
        outcome: outcomeOf(report.result),
        usage: report.result,
      });
      return;
    default:
      assertNever(report);
  }
}

interface Progress {
  readonly id: RunId;
  readonly number: number;
  readonly report: Extract<
    ExecutionReport,
    { readonly state: "preparing" | "running" | "collecting" }
  >;
}

async function recordProgress(services: Services, progress: Progress): Promise<void> {
  const now = services.clock.now();
  const recorded = await services.store.transact("watch", async (tx) => {
    const record = await readRun(tx, progress.id);
    const live = record && liveAttempt(record.run);
    if (record === undefined || live?.number !== progress.number) return undefined;
    const operation = await readOperation(tx, live.operation);
    const configuration = await readConfiguration(tx);

    const run = observed(record.run, progress.report, now);
    const started = record.run.state === "starting" && run.state === "running";
    // A look ahead of time that finds nothing new leaves the look that is owed as it is. Else each
    // hint and each tick would begin a chain of messages of its own, and chains never end.
    const collects = progress.report.state === "collecting" && live.collectingAt === undefined;
    const isNews = started || collects;
    if (!isNews && record.timerAt !== undefined && record.timerAt > now) return undefined;
    // An engine that collects does so in the next poll.
    const nextAt = collects ? now : nextPollAt(run, now);
    writeRun(tx, record, { run, timerAt: nextAt });
    const nudges: Nudge[] = [{ kind: "watch", ref: run.id, at: nextAt }];
    if (started) {
      const startedAt = liveAttempt(run)?.startedAt ?? now;
      if (operation !== undefined) {
        const { number } = progress;
        const metadata = attemptMetadata({ run: run.id, number, status: run.state, startedAt });
        writeOperation(
          tx,
          operation,
          moveOperation(operation.operation, { kind: "progress", metadata, at: now }),
        );
      }
      const subscriptions = configuration?.subscriptions ?? [];
      nudges.push(...tell(tx, subscriptions, { type: "run.started", run, at: startedAt }));
    }
    return { run, started, nudges };
  });
  if (recorded === undefined) return;
  if (recorded.started) reportStarted(services.log, recorded.run);
  await sendNudges(services, recorded.nudges, now);
}

function observed(run: Run, report: Progress["report"], now: Instant): Run {
  if (report.state === "preparing") return run;
  const { state, startedAt } = report;
  const moved = moveRun(run, {
    kind: "observe",
    startedAt,
    ...(state === "collecting" ? { collectingAt: now } : {}),
  });
  return moved.outcome === "moved" ? moved.run : run;
}

function nextPollAt(run: Run, now: Instant): Instant {
  const polls = liveAttempt(run)?.polls ?? 0;
  return plusMs(now, backoffMs(POLLING, polls + 1, 0));
}
