import { limits } from "../shared/core/limits.ts";
import { plusMs } from "../shared/core/time/instant.ts";
import type { Alarms, Clock } from "../shared/ports/clock.ts";

export interface WatchOptions {
  readonly clock: Clock & Alarms;
  /** Something that differs whenever the file does. */
  readonly fingerprint: () => string;
  /** The fingerprint from before the file was last read: what changed since then counts. */
  readonly applied: string;
  /** Called once for each change, one at a time; it reports its own failures. */
  readonly changed: () => Promise<void>;
}

/**
 * Calls back after a fingerprint has changed and then stood still for one look, so that a file is
 * not read while an editor still writes it. Looking is cheap and works on every file system, which
 * change notices do not. The returned function ends it.
 */
export function watchFile({ clock, fingerprint, applied, changed }: WatchOptions): () => void {
  let appliedLast = applied;
  let seen = applied;
  let cancel = (): void => undefined;
  let stopped = false;
  const look = async (): Promise<void> => {
    const found = fingerprint();
    if (found === seen && found !== appliedLast) {
      appliedLast = found;
      await changed();
    }
    seen = found;
    if (!stopped) arm();
  };
  const arm = (): void => {
    cancel = clock.set(plusMs(clock.now(), limits.configPollMs), () => void look());
  };
  arm();
  return () => {
    stopped = true;
    cancel();
  };
}
