import { assert } from "../core/assert.ts";
import type { AttemptId, ProjectId } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { instant, type Instant } from "../core/time/instant.ts";
import { openAccount, type Account } from "../core/units/account.ts";
import type { Entry } from "../core/units/ledger.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import type { Row } from "../ports/table.ts";
import { fromBody, toBody } from "./body.ts";
import {
  fromStoredEntry,
  fromStoredSpend,
  toStoredEntry,
  toStoredSpend,
  type StoredEntry,
  type StoredSpend,
} from "./entry-body.ts";
import { accountsTable, entriesTable } from "./tables.ts";

/**
 * An account's row also holds the newest entries of its ledger, its tail, because every change of
 * an account writes that row anyway. A full tail moves into a row of its own, under the number of
 * its first entry, in the transaction that appends the next one. Entries have no gaps, so numbers
 * follow from places.
 */
type StoredAccount = Omit<Account, "project" | "version" | "open" | "spends"> & {
  /** Spends count from the account's own instant. */
  readonly open: readonly (readonly [attempt: AttemptId, ...StoredSpend])[];
  readonly spends: readonly StoredSpend[];
  readonly tail: readonly StoredEntry[];
};

/** A project's account, as it stands; one that was never written is open and without limits. */
export async function readAccount(reader: Reader, project: ProjectId): Promise<Account> {
  const row = await reader.get(accountsTable, { project });
  return row === undefined ? openAccount(project) : decode(row, project);
}

/**
 * Writes an account together with the entries that led to it. Looks at the account's row again for
 * its tail: a row that the body has read before, so that costs nothing.
 */
export async function writeAccount(
  tx: Transaction,
  account: Account,
  entries: readonly Entry[],
): Promise<void> {
  const { project, version, ...rest } = account;
  const { seq, at, open, spends } = rest;
  const before = (await readTail(tx, project)).entries;
  const all = [...before, ...entries];
  assert(isUnbroken(all, seq), `the entries of ${project} end with the ${seq}th`);
  const isFull = all.length > limits.accountTailEntries;
  const [first] = before;
  if (isFull && first !== undefined) {
    tx.put(entriesTable, { project, seq: first.seq, body: before.map(toStoredEntry) });
  }
  const tail = isFull ? entries : all;
  const stored: StoredAccount = {
    ...rest,
    open: open.map((held) => [held.attempt, ...toStoredSpend(held, at)]),
    spends: spends.map((spend) => toStoredSpend(spend, at)),
    tail: tail.map(toStoredEntry),
  };
  tx.put(accountsTable, { project, version, body: toBody(stored) });
}

/** Entries are stored without their numbers, so they must be those up to the account's last. */
function isUnbroken(entries: readonly Entry[], last: number): boolean {
  return entries.every((entry, index) => entry.seq === last - entries.length + 1 + index);
}

function decode(row: Row<typeof accountsTable>, project: ProjectId): Account {
  const { tail: _tail, open, spends, at: storedAt, ...rest } = fromBody<StoredAccount>(row.body);
  const at = instant(storedAt);
  return {
    ...rest,
    at,
    project,
    version: row.version,
    open: open.map(([attempt, ...spend]) => ({
      state: "held",
      attempt,
      ...fromStoredSpend(spend, at),
    })),
    spends: spends.map((spend) => fromStoredSpend(spend, at)),
  };
}

interface Tail {
  /** The number of the last entry in a row of its own; zero where there is none. */
  readonly behind: number;
  /** Oldest first. */
  readonly entries: readonly Entry[];
}

async function readTail(reader: Reader, project: ProjectId): Promise<Tail> {
  const row = await reader.get(accountsTable, { project });
  if (row === undefined) return { behind: 0, entries: [] };
  const { seq, tail } = fromBody<StoredAccount>(row.body);
  const behind = seq - tail.length;
  return { behind, entries: numbered(tail, behind + 1) };
}

function numbered(stored: readonly StoredEntry[], first: number): readonly Entry[] {
  return stored.map((entry, index) => fromStoredEntry(entry, first + index));
}

/** A page of a project's ledger, from its first entry on or back from its newest. */
export async function scanEntries(
  reader: Reader,
  project: ProjectId,
  page: { readonly limit: number; readonly after?: number; readonly newestFirst?: true },
): Promise<readonly Entry[]> {
  const tail = await readTail(reader, project);
  const { limit, after } = page;
  if (page.newestFirst === true) {
    const before = after ?? Infinity;
    const newest = tail.entries.filter(({ seq }) => seq < before).toReversed();
    const through = Math.min(tail.behind, before - 1);
    const older = await entriesDown(reader, project, { through, limit: limit - newest.length });
    return [...newest, ...older].slice(0, limit);
  }
  const from = (after ?? 0) + 1;
  const oldest = await entriesUp(reader, project, { from, through: tail.behind, limit });
  return [...oldest, ...tail.entries.filter(({ seq }) => seq >= from)].slice(0, limit);
}

/** At least `limit` entries from the `through`th down, or all there are, in rows of their own. */
async function entriesDown(
  reader: Reader,
  project: ProjectId,
  page: { readonly through: number; readonly limit: number },
): Promise<readonly Entry[]> {
  const found: Entry[] = [];
  let to = page.through;
  while (to >= 1 && found.length < page.limit) {
    const rows = await reader.scan(entriesTable, {
      ...{ prefix: { project }, to, order: "descending" },
      limit: rowsFor(page.limit - found.length),
    });
    const entries = rows.flatMap((row) => entriesIn(row).toReversed());
    found.push(...entries.filter(({ seq }) => seq <= page.through));
    to = (entries.at(-1)?.seq ?? 1) - 1;
  }
  return found;
}

/** At least `limit` entries up to the `through`th, or all there are, in rows of their own. */
async function entriesUp(
  reader: Reader,
  project: ProjectId,
  page: { readonly from: number; readonly through: number; readonly limit: number },
): Promise<readonly Entry[]> {
  if (page.from > page.through) return [];
  // A row is found by its first entry, and the first one wanted may stand in the middle.
  const holder = await holderOf(reader, project, page.from);
  const found = holder.filter(({ seq }) => seq >= page.from);
  let reached = found.at(-1)?.seq ?? page.from - 1;
  while (reached < page.through && found.length < page.limit) {
    const rows = await reader.scan(entriesTable, {
      ...{ prefix: { project }, from: reached + 1 },
      limit: rowsFor(page.limit - found.length),
    });
    found.push(...rows.flatMap(entriesIn));
    reached = rows.length === 0 ? page.through : (found.at(-1)?.seq ?? page.through);
  }
  return found;
}

function entriesIn({ body, seq }: Row<typeof entriesTable>): readonly Entry[] {
  return numbered(fromBody<readonly StoredEntry[]>(body), seq);
}

function rowsFor(entries: number): number {
  return Math.min(limits.scanRows, Math.ceil(entries / limits.accountTailEntries));
}

/**
 * The number of a project's first entry at or after an instant; the one behind its last where none is.
 * Entries are in the order of time, so it takes a row for each halving of the ledger.
 */
export async function firstEntrySince(
  reader: Reader,
  project: ProjectId,
  since: Instant,
): Promise<number> {
  const tail = await readTail(reader, project);
  let [low, high] = [1, tail.behind + 1];
  // Whatever is in front of `low` is before the instant, and whatever is from `high` on is not.
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const holder = await holderOf(reader, project, middle);
    if (holder.length === 0) break;
    const found = holder.find(({ at }) => at >= since)?.seq;
    const isFirst = found === holder[0]?.seq;
    if (found !== undefined && !isFirst) return found;
    if (isFirst) high = found ?? high;
    else low = (holder.at(-1)?.seq ?? middle) + 1;
  }
  if (low <= tail.behind) return low;
  return tail.entries.find(({ at }) => at >= since)?.seq ?? tail.behind + tail.entries.length + 1;
}

/** The entries of the row of its own that has this one. */
async function holderOf(
  reader: Reader,
  project: ProjectId,
  seq: number,
): Promise<readonly Entry[]> {
  const [holder] = await reader.scan(entriesTable, {
    ...{ prefix: { project }, to: seq, order: "descending", limit: 1 },
  });
  return holder === undefined ? [] : entriesIn(holder);
}

/** A page of all accounts by project, behind `after`. */
export async function scanAccounts(
  reader: Reader,
  page: { readonly limit: number; readonly after?: ProjectId | undefined },
): Promise<readonly Account[]> {
  const { limit, after } = page;
  const behind = after === undefined ? {} : { after: { project: after } };
  const rows = await reader.scan(accountsTable, { limit, ...behind });
  return rows.map((row) => decode(row, row.project as ProjectId));
}
