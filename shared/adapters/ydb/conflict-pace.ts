import { limits } from "../../core/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";

/** How far apart a process keeps what it does under one label, once that has met others. */
interface Window {
  readonly ms: number;
  readonly at: number;
}

/**
 * How long transactions wait because of others that want the same rows. A wait is chance within a
 * window, and all that compete for a row come to have windows of about the same size.
 *
 * P1 A window belongs to a label and stays for a while after a conflict: the next transaction waits
 *    before its first try as well. Else who has just won goes on winning, at the others' expense.
 * P2 Who has tried for long waits less and less, so that nobody runs into its deadline.
 * P3 What has met nobody does not wait.
 */
export class ConflictPace {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #random: Random;
  readonly #windows = new Map<string, Window>();

  constructor(clock: Pick<Clock, "monotonicMs">, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** The wait before a first try, in ms. */
  first(label: string): number {
    const ms = this.#windowMs(label);
    return ms === 0 ? 0 : ms * this.#random.fraction();
  }

  /** Takes note of a conflict; the wait before the next try, in ms, of who began `ageMs` ago. */
  lost(label: string, ageMs: number): number {
    const grown = this.#windowMs(label) * limits.ydbConflictGrowth;
    const ms = Math.min(Math.max(limits.ydbConflictFirstMs, grown), limits.ydbConflictMaxMs);
    this.#windows.set(label, { ms, at: this.#clock.monotonicMs() });
    const patience = Math.max(LEAST_PATIENCE, 1 - ageMs / (limits.ydbTransactionMs / 2));
    return ms * patience * this.#random.fraction();
  }

  /** Takes note of a first try that met nobody. */
  free(label: string): void {
    const ms = this.#windowMs(label) / limits.ydbConflictGrowth;
    if (ms < limits.ydbConflictFirstMs) this.#windows.delete(label);
    else this.#windows.set(label, { ms, at: this.#clock.monotonicMs() });
  }

  /** Zero where there was no conflict for a while. */
  #windowMs(label: string): number {
    const window = this.#windows.get(label);
    if (window === undefined) return 0;
    if (this.#clock.monotonicMs() - window.at < limits.ydbConflictMemoryMs) return window.ms;
    this.#windows.delete(label);
    return 0;
  }
}

/** What is left of a window for who has tried for long: with less, it would try hundreds of times. */
const LEAST_PATIENCE = 0.25;
