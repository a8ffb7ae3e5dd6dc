import { attemptIdOf, runIdOf, scheduleName } from "../../../shared/core/ids.ts";
import type { Executor, LogStream } from "../../../shared/ports/executor.ts";
import { at } from "../../support/timing-builder.ts";

export { at };

export const nightlyRun = runIdOf(
  { schedule: scheduleName("nightly"), nominalAt: at("2027-01-01T02:30:00Z") },
  "test",
);
export const nightlyAttempt = attemptIdOf(nightlyRun, 1);

/** Logs of one job that grow when the test says so, read in pieces as from an executor. */
export interface JobLogs extends Pick<Executor, "readLog"> {
  readonly chunkBytes: number;
  append(stream: LogStream, text: string | Uint8Array): void;
  /** Keeps every read waiting until the returned function is called. */
  hold(): () => void;
  /** From now on every read fails. */
  fail(message: string): void;
}

export function jobLogs(): JobLogs {
  const chunkBytes = 16;
  const logs = new Map<LogStream, Buffer>();
  let gate = Promise.resolve();
  let failure: string | undefined;
  return {
    chunkBytes,
    append: (stream, text) => {
      const before = logs.get(stream) ?? Buffer.alloc(0);
      logs.set(stream, Buffer.concat([before, Buffer.from(text)]));
    },
    hold: () => {
      let release = (): void => undefined;
      gate = new Promise((resolve) => (release = resolve));
      return () => {
        release();
      };
    },
    fail: (message) => {
      failure = message;
    },
    readLog: async (_attempt, stream, offset) => {
      await gate;
      if (failure !== undefined) throw new Error(failure);
      const bytes = (logs.get(stream) ?? Buffer.alloc(0)).subarray(offset, offset + chunkBytes);
      return { bytes, nextOffset: offset + bytes.length };
    },
  };
}
