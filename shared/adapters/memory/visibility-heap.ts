import type { Instant } from "../../core/time/instant.ts";

/** What a heap orders: by `visibleAt`, then by `sequence`. The heap alone writes `heapIndex`. */
export interface HeapEntry {
  visibleAt: Instant;
  readonly sequence: number;
  heapIndex: number;
}

/**
 * A binary heap of entries by the instant at which they become visible. Every entry knows its
 * place, so removing or moving one that is not on top costs no search: O(log n) like the rest.
 */
export class VisibilityHeap<T extends HeapEntry> {
  readonly #entries: T[] = [];

  first(): T | undefined {
    return this.#entries[0];
  }

  values(): Iterable<T> {
    return this.#entries.values();
  }

  add(entry: T): void {
    this.#place(entry, this.#entries.length);
    this.#rise(entry);
  }

  /** Moves an entry of this heap to another instant. */
  reschedule(entry: T, visibleAt: Instant): void {
    entry.visibleAt = visibleAt;
    this.#rise(entry);
    this.#sink(entry);
  }

  /** Takes an entry of this heap out. */
  remove(entry: T): void {
    const last = this.#entries.pop();
    if (last === undefined || last === entry) return;
    this.#place(last, entry.heapIndex);
    this.#rise(last);
    this.#sink(last);
  }

  #rise(entry: T): void {
    for (let above = this.#entries[(entry.heapIndex - 1) >> 1]; above;) {
      if (!isBefore(entry, above)) return;
      this.#swap(entry, above);
      above = this.#entries[(entry.heapIndex - 1) >> 1];
    }
  }

  #sink(entry: T): void {
    for (;;) {
      const left = this.#entries[2 * entry.heapIndex + 1];
      const right = this.#entries[2 * entry.heapIndex + 2];
      const below = left && right && isBefore(right, left) ? right : left;
      if (below === undefined || !isBefore(below, entry)) return;
      this.#swap(below, entry);
    }
  }

  #swap(entry: T, other: T): void {
    const index = entry.heapIndex;
    this.#place(entry, other.heapIndex);
    this.#place(other, index);
  }

  #place(entry: T, index: number): void {
    this.#entries[index] = entry;
    entry.heapIndex = index;
  }
}

function isBefore(a: HeapEntry, b: HeapEntry): boolean {
  return a.visibleAt < b.visibleAt || (a.visibleAt === b.visibleAt && a.sequence < b.sequence);
}
