import { resolve } from "node:path";
import type { AttemptId } from "../../core/ids.ts";
import type { ExecutionReport, Executor, StartRequest } from "../../ports/executor.ts";
import { attemptPlace, launchPlace } from "./attempt-place.ts";
import { clearAttempt } from "./clear-attempt.ts";
import type { ProcessEngine } from "./engine.ts";
import { findExecution, openTickets, revokeDeadTickets } from "./execution.ts";
import { readLogChunk } from "./job-logs.ts";
import { launch } from "./launch.ts";
import { locateFile } from "./locate-file.ts";
import { refusalOf } from "./prepare-launch.ts";
import { createPythons } from "./python-environment.ts";
import { readProgress } from "./read-progress.ts";
import { reportExecution, storedReport } from "./report-execution.ts";
import { stopExecution } from "./stop-execution.ts";
import { watchExecutions } from "./watch-executions.ts";

/**
 * Runs jobs as process groups of this machine. All state is files below `directory`, so any number
 * of executors may share it, one after another or at once; `supervisor-script.ts` has the protocol.
 * There is no container: a program has the rights of the user who runs the platform.
 */
export function createProcessExecutor(options: ProcessEngine): Executor {
  const engine: ProcessEngine = { ...options, directory: resolve(options.directory) };
  const pythons = createPythons(engine);
  const watch = watchExecutions();
  const starting = new Map<AttemptId, Promise<void>>();
  const placeOf = (attempt: AttemptId): ReturnType<typeof attemptPlace> =>
    attemptPlace(engine.directory, attempt);

  async function startOnce(request: StartRequest): Promise<void> {
    const place = placeOf(request.attempt);
    // Only a short cut: the claim itself keeps a second launch from running.
    if ((await findExecution(place)) !== undefined) return;
    const { execution, child } = await launch(engine, request, { place, pythons });
    watch.add(execution);
    child?.once("exit", () => {
      watch.ended(request.attempt);
    });
    if (child !== undefined && (child.exitCode ?? child.signalCode) !== null) {
      watch.ended(request.attempt);
    }
  }

  return {
    check: async (project, work) => await refusalOf(engine, { project, work }, pythons),

    async start(request) {
      const present = starting.get(request.attempt);
      if (present !== undefined) {
        await present;
        return;
      }
      const launching = startOnce(request);
      starting.set(request.attempt, launching);
      try {
        await launching;
      } finally {
        starting.delete(request.attempt);
      }
    },

    async poll(attempt): Promise<ExecutionReport> {
      const place = placeOf(attempt);
      const stored = await storedReport(place);
      if (stored !== undefined) return stored;
      const found = (await findExecution(place)) ?? (await revokeDeadTickets(place));
      if (typeof found === "string") return { state: found };
      const report = await reportExecution(engine, found);
      if (report.state === "running") watch.add(found);
      return report;
    },

    async stop(attempt, how, because) {
      await stopExecution(placeOf(attempt), how, because);
    },

    async readLog(attempt, stream, offset) {
      const place = placeOf(attempt);
      const execution = await findExecution(place);
      const token = execution?.token ?? (await openTickets(place))[0]?.token;
      if (token === undefined) return { bytes: new Uint8Array(), nextOffset: offset };
      return await readLogChunk(launchPlace(place, token).directory, stream, offset);
    },

    async progress(attempt) {
      const execution = await findExecution(placeOf(attempt));
      return execution && (await readProgress(execution.launch.progress));
    },

    locate: async (attempt, file) => await locateFile(placeOf(attempt), file),

    async clear(attempt) {
      await clearAttempt(placeOf(attempt));
    },

    onEnded: (listener) => watch.onEnded(listener),
  };
}
