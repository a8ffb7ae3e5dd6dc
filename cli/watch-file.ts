import { limits } from "../shared/core/limits.ts";
import { plusMs } from "../shared/core/time/instant.ts";
import type { Alarms, Clock } from "../shared/ports/clock.ts";

export interface WatchOptions {
  readonly clock: Clock & Alarms;
  /** Something that differs whenever what is watched does. */
  readonly fingerprint: () => string;
  /** The fingerprint from before it was last read: what changed since then counts. */
  readonly applied: string;
  /**
   * Called once for each change, one at a time; it reports its own failures, and resolves to the
   * fingerprint from before it read.
   */
  readonly changed: () => Promise<string>;
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
    const settled = found === seen && found !== appliedLast;
    if (settled) appliedLast = await changed();
    seen = settled ? appliedLast : found;
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
