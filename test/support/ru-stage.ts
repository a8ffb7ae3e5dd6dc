import { assert } from "../../shared/core/assert.ts";
import type { Run } from "../../shared/core/run/run.ts";
import { tables } from "../../shared/records/tables.ts";
import { rememberSwept } from "../../shared/usecases/outlook/sweep-outlooks.ts";
import { OrreryWorld } from "../api/services/orrery/orrery-world.ts";
import type { WorldOptions } from "./world.ts";
import type { Double, LogEntry, Method } from "./ydb/double.ts";
import { openDoubleStore } from "./ydb-store.ts";

/** One request to the database, and the function that made it; `caller` where none did. */
export interface CountedRequest extends LogEntry {
  readonly by: string;
}

/** What a measured flow did. */
export interface Spent {
  /** Every request that reads, writes or ends a transaction, in the order of their ends. */
  readonly requests: readonly CountedRequest[];
  /** How often each function was called. */
  readonly calls: Readonly<Record<string, number>>;
  /** Messages sent to queues. */
  readonly messages: number;
}

/**
 * What carries data or ends a transaction. Discovery and sessions are left out: a process has them
 * once and keeps them over its calls, they touch no row, and the published rules do not bill them.
 */
const COUNTED: ReadonlySet<Method> = new Set([
  "ExecuteDataQuery",
  "BeginTransaction",
  "CommitTransaction",
  "RollbackTransaction",
]);

export interface CostWorldOptions extends Pick<WorldOptions, "telemetry"> {
  /**
   * Whether its ticks look after outlooks once an hour, as all do. That is measured apart: its cost is
   * the installation's and no run's.
   */
  readonly looksAhead?: boolean;
}

/** A world over a database of its own on the double, whose requests are counted. */
export class CostWorld extends OrreryWorld {
  /** What names of schedules begin with: what a process remembers of other worlds is of no use here. */
  readonly prefix: string;
  readonly #double: Double;
  readonly #looksAhead: boolean;
  #marks: { readonly name: string; readonly from: number; readonly to: number }[] = [];
  #messages = 0;

  constructor(double: Double, prefix: string, options: CostWorldOptions = {}) {
    const { looksAhead = false, ...others } = options;
    super({ ...others, store: openDoubleStore(double, `/ru/${prefix}`, tables) });
    this.prefix = prefix;
    this.#looksAhead = looksAhead;
    this.#double = double;
    this.loses = () => {
      this.#messages += 1;
      return false;
    };
  }

  /** As a trigger calls; remembers which requests the call made. */
  override async call(name: string, event: object): Promise<unknown> {
    if (name === "tick" && !this.#looksAhead) {
      rememberSwept(this.services.store, this.clock.now());
    }
    const from = this.#double.log.length;
    try {
      return await super.call(name, event);
    } finally {
      this.#marks.push({ name, from, to: this.#double.log.length });
    }
  }

  /** What these steps cost. Connecting is behind it, and nothing in them may fail. */
  async measure(steps: () => Promise<unknown>): Promise<Spent> {
    await this.store.snapshot(async () => await Promise.resolve());
    this.#double.reset();
    this.#marks = [];
    this.#messages = 0;
    const before = { ...this.calls };

    await steps();

    const requests = this.#double.log
      .map((entry, index): CountedRequest => ({ ...entry, by: this.#madeBy(index) }))
      .filter(({ method }) => COUNTED.has(method));
    const failed = requests.find(({ status }) => status !== "SUCCESS");
    assert(failed === undefined, `every request succeeded, and one was ${failed?.status ?? ""}`);
    assert(this.failures.length === 0, `no function failed: ${this.failures.join("; ")}`);
    const calls = Object.entries(this.calls).map(([name, count]) => [
      name,
      count - (before[name] ?? 0),
    ]);
    return {
      requests,
      calls: Object.fromEntries(calls) as Record<string, number>,
      messages: this.#messages,
    };
  }

  /** Every run there is, in this state. */
  async expectRuns(count: number, state: Run["state"]): Promise<readonly Run[]> {
    const runs = await this.runs();
    const inState = runs.filter((run) => run.state === state);
    assert(
      runs.length === count && inState.length === count,
      `${count} runs are ${state}, and here are ${runs.map((run) => run.state).join(", ")}`,
    );
    return runs;
  }

  #madeBy(index: number): string {
    return this.#marks.find(({ from, to }) => from <= index && index < to)?.name ?? "caller";
  }
}
