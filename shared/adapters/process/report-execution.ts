import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { limits } from "../../core/limits.ts";
import { plusMs, type Instant } from "../../core/time/instant.ts";
import type { ExecutionReport, ExecutionResult } from "../../ports/executor.ts";
import { createOnce, readIfPresent, replaceFile, type AttemptPlace } from "./attempt-place.ts";
import { collectLogs } from "./collect-logs.ts";
import { collectOutputs } from "./collect-outputs.ts";
import type { ProcessEngine } from "./engine.ts";
import { modifiedAt, type Execution } from "./execution.ts";
import { notebookOf } from "./prepare-launch.ts";
import { groupLives, isAlive, killGroup } from "./process-identity.ts";
import { killExecution } from "./stop-execution.ts";

const SIGKILL_CODE = 128 + 9;

type EndedReport = Extract<ExecutionReport, { readonly state: "ended" }>;

/** The final report of an earlier poll, if one was made. */
export async function storedReport(place: AttemptPlace): Promise<EndedReport | undefined> {
  const text = await readIfPresent(place.result);
  if (text === undefined) return undefined;
  return { state: "ended", result: JSON.parse(text) as ExecutionResult };
}

/**
 * What has become of an execution, from its files and its processes alone. An end is reported once
 * the whole group is gone; the first such report collects the outputs and is kept. Where there are
 * outputs, one poll says so before the next one collects, whichever process makes it.
 */
export async function reportExecution(
  engine: ProcessEngine,
  execution: Execution,
): Promise<ExecutionReport> {
  const running: ExecutionReport = { state: "running", startedAt: execution.startedAt };
  if (await isAlive(execution.leader)) {
    if ((await readExit(execution)) === undefined) {
      await enforceByWallClock(engine, execution);
      if (await isAlive(execution.leader)) return running;
    }
  }
  if (!(await groupGone(execution))) return running;
  const { plan, place, startedAt } = execution;
  if (plan.outputs.length > 0 && (await createOnce(place.collecting, ""))) {
    return { state: "collecting", startedAt };
  }
  const result = await resultOf(execution);
  await replaceFile(execution.place.result, JSON.stringify(result));
  return { state: "ended", result };
}

/**
 * Kills what its watchdog should have killed by now. That happens when the machine slept, because
 * the watchdog counts the time it is awake, and when the job has killed its watchdog.
 */
async function enforceByWallClock(engine: ProcessEngine, execution: Execution): Promise<void> {
  const { plan } = execution;
  const now = engine.clock.now();
  const stopAskedAt = await modifiedAt(execution.place.stop);
  const due = (from: Instant, durationMs: number): boolean =>
    now > plusMs(from, durationMs + limits.processLagMs);
  const overLimit = due(execution.startedAt, plan.hardLimitMs);
  const overGrace = stopAskedAt !== undefined && due(stopAskedAt, plan.graceMs);
  if (!overLimit && !overGrace) return;
  await createOnce(execution.place.stop, "timedOut\n");
  await killExecution(execution);
}

/**
 * Ends what is left of a group whose supervisor is gone or about to go, and waits a moment for it.
 * A program without its supervisor has no limits and no record, so it may not go on (V7, V8).
 */
async function groupGone(execution: Execution): Promise<boolean> {
  for (let waitMs = 1; waitMs < limits.processLagMs; waitMs *= 2) {
    if (!(await groupLives(execution.leader))) return true;
    await killGroup(execution.leader);
    await pause(waitMs);
  }
  return false;
}

async function resultOf(execution: Execution): Promise<ExecutionResult> {
  const end = await endOf(execution);
  const collected = await collectOutputs(execution);
  const notebook = await notebookOf(execution, end);
  const logs = await collectLogs(execution.launch);
  const { startedAt } = execution;
  return {
    ...end,
    startedAt,
    finishedAt: end.finishedAt < startedAt ? startedAt : end.finishedAt,
    instanceType: execution.plan.instanceType,
    ...collected,
    logs,
    ...(notebook === undefined ? {} : { notebook }),
  };
}

type End = Pick<ExecutionResult, "ending" | "exitCode" | "finishedAt">;

async function endOf(execution: Execution): Promise<End> {
  const { place, launch, startedAt } = execution;
  const exit = await readExit(execution);
  if (exit !== undefined) {
    return { ...exit, finishedAt: (await modifiedAt(launch.exit)) ?? startedAt };
  }
  const stop = await readIfPresent(place.stop);
  if (stop !== undefined) {
    const killedAt = (await modifiedAt(place.killed)) ?? (await modifiedAt(place.stop));
    return {
      ending: endingOf(stop.trim()),
      exitCode: SIGKILL_CODE,
      finishedAt: killedAt ?? startedAt,
    };
  }
  return { ending: "lost", finishedAt: await lastSign(execution) };
}

async function readExit(
  execution: Execution,
): Promise<Pick<ExecutionResult, "ending" | "exitCode"> | undefined> {
  const record = /^(\d+) (\w+)\n$/.exec((await readIfPresent(execution.launch.exit)) ?? "");
  if (record === null) return undefined;
  const [, code = "", ending = ""] = record;
  return { ending: ending === "exited" ? "exited" : endingOf(ending), exitCode: Number(code) };
}

function endingOf(stop: string): "cancelled" | "timedOut" {
  return stop === "cancelled" ? "cancelled" : "timedOut";
}

/** The latest trace of a lost execution: what it cost is counted up to there. */
async function lastSign(execution: Execution): Promise<Instant> {
  const streams = ["stdout", "stderr", "system"].map((name) =>
    modifiedAt(join(execution.launch.directory, name)),
  );
  const signs = (await Promise.all(streams)).flatMap((at) => at ?? []);
  return signs.reduce((latest, at) => (at > latest ? at : latest), execution.startedAt);
}
