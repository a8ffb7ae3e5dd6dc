import type { Throttle, Usage } from "./double.ts";

export const NO_USAGE: Usage = {
  rowsRead: 0,
  bytesRead: 0,
  rowsWritten: 0,
  bytesWritten: 0,
  rowsDeleted: 0,
};

const READ_BLOCK = 4096;
const WRITE_BLOCK = 1024;
const READ_RU = 1;
const WRITE_RU = 2;

/**
 * What a request costs by the published rules of serverless databases: the larger of rows and 4 KiB
 * blocks for reads, the larger of rows and 1 KiB blocks for writes, deletes by their count, and a
 * write is twice a read. CPU, which counts instead where it is more, is not modelled. Whether a
 * request that touches nothing is free is not published: `leastRu` says what is assumed.
 */
export function ruOf(usage: Usage, leastRu: 0 | 1): number {
  const reads = Math.max(usage.rowsRead, Math.ceil(usage.bytesRead / READ_BLOCK));
  const writes = Math.max(usage.rowsWritten, Math.ceil(usage.bytesWritten / WRITE_BLOCK));
  return Math.max(leastRu, reads * READ_RU + (writes + usage.rowsDeleted) * WRITE_RU);
}

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    rowsRead: a.rowsRead + b.rowsRead,
    bytesRead: a.bytesRead + b.bytesRead,
    rowsWritten: a.rowsWritten + b.rowsWritten,
    bytesWritten: a.bytesWritten + b.bytesWritten,
    rowsDeleted: a.rowsDeleted + b.rowsDeleted,
  };
}

/** RU flow in at a rate and are taken out after each query, whose cost nobody knows before. */
export class Bucket {
  readonly #throttle: Throttle;
  #level: number;
  #filledMs: number;

  constructor(throttle: Throttle) {
    this.#throttle = throttle;
    this.#level = throttle.burst;
    this.#filledMs = throttle.nowMs();
  }

  get refusal(): Throttle["refusal"] {
    return this.#throttle.refusal;
  }

  get isEmpty(): boolean {
    const { rate, burst, nowMs } = this.#throttle;
    const now = nowMs();
    this.#level = Math.min(burst, this.#level + ((now - this.#filledMs) / 1000) * rate);
    this.#filledMs = now;
    return this.#level <= 0;
  }

  take(ru: number): void {
    this.#level -= ru;
  }
}
