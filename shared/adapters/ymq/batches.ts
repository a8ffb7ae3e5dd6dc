import { limits } from "../../core/limits.ts";

/** Something that goes into a batch, with what it takes of the room. */
export interface Sized {
  readonly bytes: number;
}

/** Splits into batches that one call takes: at most ten, and at most 256 KB together. Order is kept. */
export function batchesOf<T extends Sized>(entries: readonly T[]): readonly (readonly T[])[] {
  const batches: T[][] = [];
  let last: T[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const isFull = last.length === limits.ymqBatchMessages;
    if (last.length === 0 || isFull || bytes + entry.bytes > limits.ymqBatchBytes) {
      last = [];
      bytes = 0;
      batches.push(last);
    }
    last.push(entry);
    bytes += entry.bytes;
  }
  return batches;
}
