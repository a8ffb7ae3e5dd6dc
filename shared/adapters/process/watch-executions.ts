import type { AttemptId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import type { Execution } from "./execution.ts";
import { cutLogs } from "./job-logs.ts";
import { isAlive } from "./process-identity.ts";

export interface ExecutionWatch {
  /** Looks after a live execution until it ends; repeating is harmless. */
  add(execution: Execution): void;
  /** Tells the listeners, once, that this execution may have ended. */
  ended(attempt: AttemptId): void;
  onEnded(listener: (attempt: AttemptId) => void): () => void;
}

/**
 * Looks after live executions: keeps their logs within bounds, and notices the end of one that an
 * earlier process started, whose exit nobody tells us. One look a second for all of them, none
 * while nothing runs; the timer never keeps a process alive.
 */
export function watchExecutions(): ExecutionWatch {
  const live = new Map<AttemptId, Execution>();
  const listeners = new Set<(attempt: AttemptId) => void>();
  let timer: NodeJS.Timeout | undefined;

  function ended(attempt: AttemptId): void {
    if (!live.delete(attempt)) return;
    for (const listener of listeners) listener(attempt);
  }

  async function look(): Promise<void> {
    for (const [attempt, execution] of live) {
      // A look that fails (a full table of open files) is made again in a second.
      const alive = await cutLogs(execution)
        .then(async () => await isAlive(execution.leader))
        .catch(() => true);
      if (!alive) ended(attempt);
    }
    timer = undefined;
    schedule();
  }

  function schedule(): void {
    if (timer !== undefined || live.size === 0) return;
    timer = setTimeout(() => void look(), limits.processWatchMs).unref();
  }

  return {
    add(execution) {
      live.set(execution.place.attempt, execution);
      schedule();
    },
    ended,
    onEnded(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
