import type { Counters, LogEntry, Method, Usage } from "./double.ts";
import { addUsage, NO_USAGE } from "./ru-meter.ts";

/** What happened at a server, call by call and in sum. */
export class LogBook {
  readonly entries: LogEntry[] = [];
  readonly #keepsLog: boolean;
  #usage: Usage = NO_USAGE;
  #ru = 0;
  #commits = 0;
  #throttled = 0;
  #schemaOperations = 0;
  readonly #calls = new Map<Method, number>();
  readonly #conflicts = new Map<string, number>();

  constructor(keepsLog: boolean) {
    this.#keepsLog = keepsLog;
  }

  get counters(): Counters {
    return {
      ...this.#usage,
      calls: new Map(this.#calls),
      commits: this.#commits,
      conflicts: [...this.#conflicts.values()].reduce((sum, count) => sum + count, 0),
      conflictsByTable: new Map(this.#conflicts),
      throttled: this.#throttled,
      schemaOperations: this.#schemaOperations,
      ru: this.#ru,
    };
  }

  add(entry: LogEntry): void {
    if (this.#keepsLog) this.entries.push(entry);
    this.#usage = addUsage(this.#usage, entry);
    this.#ru += entry.ru;
    countUp(this.#calls, entry.method);
  }

  committed(): void {
    this.#commits += 1;
  }

  conflicted(table: string): void {
    countUp(this.#conflicts, table);
  }

  throttled(): void {
    this.#throttled += 1;
  }

  schemaChanged(operations: number): void {
    this.#schemaOperations += operations;
  }

  reset(): void {
    this.entries.length = 0;
    this.#usage = NO_USAGE;
    this.#ru = 0;
    this.#commits = 0;
    this.#throttled = 0;
    this.#schemaOperations = 0;
    this.#calls.clear();
    this.#conflicts.clear();
  }
}

function countUp<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
