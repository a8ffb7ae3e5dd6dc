import type { StoredRow } from "../record/row-codec.ts";
import type { TableShape } from "../record/table-shape.ts";
import type { Write, WriteBuffer } from "../record/write-buffer.ts";
import type { Attempt } from "./attempt.ts";
import { placeOf, type ReadBatch } from "./read-batch.ts";
import type { Read } from "./read-statements.ts";
import { writerOf } from "./written-by.ts";

/** A commit that was sent and never answered: it happened, or not, or may still happen. */
export interface UnansweredCommit<T> {
  /** Signs every row that it wrote. */
  readonly writer: string;
  readonly written: readonly WrittenKey[];
  /** What its body resolved to. */
  readonly result: T;
}

interface WrittenKey {
  readonly shape: TableShape;
  readonly write: Write;
  /** Who had written the row when the body read it; `unread` where the body did not. */
  readonly seen: ReturnType<ReadBatch["writerSeen"]>;
}

export function unansweredCommit<T>(
  writer: string,
  signed: WriteBuffer,
  reads: ReadBatch,
  result: T,
): UnansweredCommit<T> {
  const written: WrittenKey[] = [];
  for (const [shape, writes] of signed.entries()) {
    for (const write of writes) {
      written.push({ shape, write, seen: reads.writerSeen(shape, write.key) });
    }
  }
  return { writer, written, result };
}

/** What became of commits that nobody answered. */
export type Outcome<T> =
  | { readonly kind: "committed"; readonly commit: UnansweredCommit<T> }
  /** None of them happened. */
  | { readonly kind: "absent" }
  /** None is known to have happened, and one may have. */
  | { readonly kind: "unknown" };

/**
 * Looks for unanswered commits of one transaction, of which one at most can have happened, as the
 * transaction of `attempt` sees them. Its reads are part of that transaction, so a commit that still
 * happens afterwards makes it conflict and ask again.
 *
 * A row that carries its signature proves that it happened. A row that it would have replaced and
 * that is as its body read it proves the opposite. Where others have since written over every row
 * of its own, nothing proves anything.
 */
export async function outcomeOf<T>(
  commits: readonly UnansweredCommit<T>[],
  attempt: Attempt,
): Promise<Outcome<T>> {
  const writers = await writersNow(commits, attempt);
  const writerOfKey = ({ shape, write }: WrittenKey): string | undefined =>
    writers.get(placeOf(shape, write.key));
  const isCommitted = ({ writer, written }: UnansweredCommit<T>): boolean =>
    written.some((key) => writerOfKey(key) === writer);
  const isAbsent = ({ written }: UnansweredCommit<T>): boolean =>
    written.some((key) => {
      const { seen } = key;
      return seen !== "unread" && seen.writer !== undefined && seen.writer === writerOfKey(key);
    });
  const commit = commits.find(isCommitted);
  if (commit !== undefined) return { kind: "committed", commit };
  return { kind: commits.every(isAbsent) ? "absent" : "unknown" };
}

/** Who wrote the rows that are now where the commits write; undefined where there is none. */
async function writersNow(
  commits: readonly UnansweredCommit<unknown>[],
  attempt: Attempt,
): Promise<ReadonlyMap<string, string | undefined>> {
  const reads = new Map<string, Read>();
  for (const { shape, write } of commits.flatMap(({ written }) => written)) {
    reads.set(placeOf(shape, write.key), { kind: "get", shape, key: write.key });
  }
  const rows = (await attempt.read([...reads.values()])) as readonly (StoredRow | undefined)[];
  return new Map([...reads.keys()].map((place, index) => [place, writerOf(rows[index])]));
}
