import type { StoredReader } from "../record/body-access.ts";
import type { StoredKey, StoredRow } from "../record/row-codec.ts";
import type { ScanRange } from "../record/scan-range.ts";
import type { TableShape } from "../record/table-shape.ts";
import type { Attempt } from "./attempt.ts";
import type { Read } from "./read-statements.ts";
import { writerOf, type WrittenShapes } from "./written-by.ts";

/** What a read found: a row or none for a get, rows for a scan. */
type Found = StoredRow | undefined | readonly StoredRow[];

interface Asked {
  readonly reads: readonly Read[];
  readonly resolve: (found: readonly Found[]) => void;
}

/**
 * The reads of one body. Those that it asks for without waiting in between travel in one request;
 * what it asks for meanwhile travels in the next, because a session serves one request at a time.
 *
 * Once a request has failed, no read of the body is answered any more: it stays where it waits and
 * is forgotten. So it can neither go on from half of an answer nor leave a rejection behind that
 * nobody handles.
 */
export class ReadBatch implements StoredReader {
  readonly #attempt: Attempt;
  readonly #shapes: WrittenShapes;
  /** Who had written the rows that were read by key, or undefined for no row. */
  readonly #writers = new Map<string, string | undefined>();
  /** Rejects with what the first failed request failed with; else it never settles. */
  readonly #failed: Promise<never>;
  #asked: Asked[] = [];
  #sending: Promise<void> | undefined;
  #isOver = false;
  #fail: (error: unknown) => void = () => undefined;

  constructor(attempt: Attempt, shapes: WrittenShapes) {
    this.#attempt = attempt;
    this.#shapes = shapes;
    this.#failed = new Promise<never>((_resolve, reject) => (this.#fail = reject));
    this.#failed.catch(() => undefined); // Whoever races with it may have finished before.
  }

  /**
   * Runs the body that reads here to its end, and to that of its last request. Rejects where a read
   * failed, be it one that the body did not wait for: its transaction is over then.
   */
  async serve<T>(body: () => Promise<T>): Promise<T> {
    try {
      const result = await Promise.race([body(), this.#failed]);
      await Promise.race([this.#settled(), this.#failed]);
      return result;
    } finally {
      await this.#settled();
    }
  }

  async getMany(shape: TableShape, keys: readonly StoredKey[]): Promise<(StoredRow | undefined)[]> {
    const written = this.#shapes.of(shape);
    const reads = keys.map((key): Read => ({ kind: "get", shape: written, key }));
    const rows = (await this.#ask(reads)) as (StoredRow | undefined)[];
    for (const [index, key] of keys.entries()) {
      this.#writers.set(placeOf(written, key), writerOf(rows[index]));
    }
    return rows;
  }

  async scan(shape: TableShape, range: ScanRange): Promise<readonly StoredRow[]> {
    const written = this.#shapes.of(shape);
    const [rows = []] = (await this.#ask([{ kind: "scan", shape: written, range }])) as [
      (readonly StoredRow[])?,
    ];
    for (const row of rows) {
      const key = written.key.map(({ name }) => row[name] as string | number);
      this.#writers.set(placeOf(written, key), writerOf(row));
    }
    return rows;
  }

  /** Who had written a row when this body read it; `unread` where the body did not. */
  writerSeen(
    shape: TableShape,
    key: StoredKey,
  ): { readonly writer: string | undefined } | "unread" {
    const place = placeOf(shape, key);
    return this.#writers.has(place) ? { writer: this.#writers.get(place) } : "unread";
  }

  async #ask(reads: readonly Read[]): Promise<readonly Found[]> {
    return await new Promise<readonly Found[]>((resolve) => {
      this.#asked.push({ reads, resolve });
      this.#sending ??= this.#send();
    });
  }

  /** Resolves once no request is under way, and nothing will be sent any more. */
  async #settled(): Promise<void> {
    this.#isOver = true;
    await this.#sending;
  }

  async #send(): Promise<void> {
    await everythingWaits();
    while (this.#asked.length > 0 && !this.#isOver) {
      const asked = this.#asked.splice(0);
      try {
        const found = await this.#attempt.read(asked.flatMap(({ reads }) => reads));
        let start = 0;
        for (const { reads, resolve } of asked) {
          resolve(found.slice(start, (start += reads.length)));
        }
      } catch (error) {
        this.#isOver = true;
        this.#fail(error);
      }
      // Who was just answered asks for what follows before the next request leaves.
      await everythingWaits();
    }
    this.#sending = undefined;
  }
}

/** Resolves once the body has asked for all that it can ask for without an answer. */
async function everythingWaits(): Promise<void> {
  // Node begins its next tick when no promise has anything left to do.
  await new Promise<void>((resolve) => process.nextTick(resolve));
}

/** A key of a table as a text. */
export function placeOf(shape: TableShape, key: StoredKey): string {
  return JSON.stringify([shape.name, key]);
}
