import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import { assert } from "../../core/assert.ts";
import { messageOf, OrreryError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Instant } from "../../core/time/instant.ts";
import type { AnyTable, Reader, Store, Transaction } from "../../ports/store.ts";
import { BodyReader, BodyTransaction } from "../record/body-access.ts";
import { BodyScope } from "../record/body-scope.ts";
import { type TableShape, TableShapes } from "../record/table-shape.ts";
import { SqliteConnection } from "./sqlite-connection.ts";
import { growSchema } from "./sqlite-schema.ts";
import { Turns } from "../record/turns.ts";

/**
 * The record layer over one SQLite file, which several processes may open at once.
 *
 * Q1 A process has one connection that writes and one that reads. Bodies take turns on each, so
 *    they never interleave on a connection; writers and readers never wait for each other.
 * Q2 A transaction takes the write lock before its body starts (BEGIN IMMEDIATE). Across processes
 *    that makes transactions serial, so no body is ever run twice and no commit can conflict.
 * Q3 Waiting for another process happens here, off the event loop, and ends in STORE_BUSY.
 * Q4 What `transact` resolved survives the death of the process, kill -9 included: the commit is in
 *    the operating system's hands. A power cut may take the last commits with it, newest first,
 *    and never leaves half of one. That is `synchronous = NORMAL`; FULL would sync the disk at
 *    every commit, at a measured sixteenth of the speed.
 */

export interface SqliteStoreOptions {
  /** The file; it and its folder are made when absent, for this user alone. */
  readonly path: string;
  readonly tables: readonly AnyTable[];
  /** How long a transaction waits for other processes; `limits.storeBusyMs` unless given. */
  readonly busyTimeoutMs?: number;
}

export interface SqliteStore extends Store {
  /**
   * True once after another process, or another store of this process, committed to the file. Our
   * own commits never count. A hint to look again, so a rare false alarm is harmless.
   */
  changedElsewhere(): boolean;
  /**
   * Deletes rows that expired before `now`, at most `limit` (1 to `limits.scanRows`) in one
   * transaction; resolves to how many. Fewer than `limit` means that none are left.
   */
  sweepExpired(now: Instant, limit: number): Promise<number>;
}

/**
 * Opens the file, growing its schema where it lacks tables or columns. Throws STORE_SCHEMA_UNKNOWN
 * for a file of a newer program or of another one, and leaves that file untouched.
 */
export function openSqliteStore(options: SqliteStoreOptions): SqliteStore {
  const { path, busyTimeoutMs = limits.storeBusyMs } = options;
  const shapes = new TableShapes(options.tables);
  makeFile(path);
  const writer = new SqliteConnection(path, busyTimeoutMs);
  try {
    writer.execute("PRAGMA synchronous = NORMAL");
    // 16 MB of log between checkpoints, not 4: a page written often is copied a quarter as often,
    // and batches ran 1.3 to 1.5 times as fast.
    writer.execute("PRAGMA wal_autocheckpoint = 4000");
    growSchema(writer, path, shapes.all);
    // From here on the waiting is ours (Q3): SQLite's own would block the whole process.
    writer.execute("PRAGMA busy_timeout = 0");
    // A reader only ever waits while another process recovers the file after a crash.
    const reader = new SqliteConnection(path, busyTimeoutMs);
    return new TwoConnections({ path, busyTimeoutMs, shapes, writer, reader });
  } catch (error) {
    writer.close();
    throw error;
  }
}

interface Parts {
  readonly path: string;
  readonly busyTimeoutMs: number;
  readonly shapes: TableShapes;
  readonly writer: SqliteConnection;
  readonly reader: SqliteConnection;
}

class TwoConnections implements SqliteStore {
  readonly #parts: Parts;
  readonly #writes = new Turns();
  readonly #reads = new Turns();
  #dataVersion: unknown;
  #closed: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#dataVersion = this.#readDataVersion();
  }

  async transact<T>(label: string, body: (tx: Transaction) => Promise<T>): Promise<T> {
    const what = `transaction ${label}`;
    BodyScope.assertOutside(this, what);
    const { shapes, writer } = this.#parts;
    return await this.#write(what, async () => {
      const scope = new BodyScope(this, what);
      const tx = new BodyTransaction({ shapes, engine: writer, scope });
      const result = await scope.run(async () => await body(tx));
      for (const [shape, writes] of tx.writes().entries()) {
        for (const write of writes) writer.write(shape, write);
      }
      return result;
    });
  }

  async snapshot<T>(body: (reader: Reader) => Promise<T>): Promise<T> {
    BodyScope.assertOutside(this, "a snapshot");
    this.#assertOpen();
    const { shapes, reader } = this.#parts;
    return await this.#reads.take(async () => {
      const scope = new BodyScope(this, "a snapshot");
      reader.beginRead();
      try {
        return await scope.run(
          async () => await body(new BodyReader({ shapes, engine: reader, scope })),
        );
      } finally {
        reader.rollback(); // There is nothing to keep; ending a read cannot fail this way.
      }
    });
  }

  async sweepExpired(now: Instant, limit: number): Promise<number> {
    assert(limit >= 1 && limit <= limits.scanRows, `a sweep takes 1 to ${limits.scanRows} rows`);
    const { shapes, writer } = this.#parts;
    const sweep = (swept: number, shape: TableShape): number =>
      swept + writer.sweep(shape, now, limit - swept);
    return await this.#write("sweep of expired rows", () => shapes.all.reduce(sweep, 0));
  }

  changedElsewhere(): boolean {
    this.#assertOpen();
    const before = this.#dataVersion;
    this.#dataVersion = this.#readDataVersion();
    return before !== this.#dataVersion;
  }

  async close(): Promise<void> {
    BodyScope.assertOutside(this, "closing the store");
    this.#closed ??= this.#closeBoth();
    await this.#closed;
  }

  async #closeBoth(): Promise<void> {
    const { reader, writer } = this.#parts;
    await this.#reads.take(() => {
      reader.close();
    });
    await this.#writes.take(() => {
      writer.close();
    });
  }

  async #write<T>(what: string, steps: () => T | Promise<T>): Promise<T> {
    this.#assertOpen();
    const { writer } = this.#parts;
    return await this.#writes.take(async () => {
      await this.#beginWrite(what);
      try {
        const result = await steps();
        writer.commit();
        return result;
      } catch (error) {
        writer.rollback();
        throw error;
      }
    });
  }

  async #beginWrite(what: string): Promise<void> {
    const { path, busyTimeoutMs, writer } = this.#parts;
    let waitedMs = 0;
    for (let waitMs = 1; !writer.tryBeginWrite(); waitMs = Math.min(2 * waitMs, 20)) {
      if (waitedMs >= busyTimeoutMs) {
        throw new OrreryError(
          "STORE_BUSY",
          `The ${what} found ${path} locked for ${waitedMs} ms by another process: ` +
            "nothing was read or written, and it may be tried again.",
        );
      }
      await setTimeout(waitMs);
      waitedMs += waitMs;
    }
  }

  // The writer's own commits do not change what it is told here; the reader would count them.
  #readDataVersion(): unknown {
    return this.#parts.writer.one("PRAGMA data_version")["data_version"];
  }

  #assertOpen(): void {
    assert(this.#closed === undefined, `the store ${this.#parts.path} is open`);
  }
}

/** SQLite gives the log and the index beside the file the same mode as the file. */
function makeFile(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, "a", 0o600));
  } catch (error) {
    throw new OrreryError(
      "STORE_UNAVAILABLE",
      `The store ${path} cannot be made: ${messageOf(error)}. Give it a folder this user may write.`,
      { cause: error },
    );
  }
}
