import type { AttemptId, ProjectId } from "../core/ids.ts";
import { attemptKeyOf } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Account } from "../core/units/account.ts";
import type { Entry } from "../core/units/ledger.ts";
import type { LedgerRow, UnreadableEntry } from "../core/units/verify-ledger.ts";
import type { Reader } from "../ports/store.ts";
import type { Json } from "../ports/table.ts";
import { readAccount } from "./account-record.ts";
import { fromStoredEntry, type StoredEntry } from "./entry-body.ts";
import { accountsTable, entriesTable } from "./tables.ts";

/** The end of a ledger, as it stands in its account's row. */
export interface LedgerEnd {
  /** Undefined where the row is there and cannot be read. */
  readonly account: Account | undefined;
  /** What is stored there, as far as it is quoted. */
  readonly quoted: string;
  /** The newest entries; absent where there are none. */
  readonly tail?: LedgerRow;
  /** The number of the last entry in a row of its own; zero where there is none. */
  readonly behind: number;
  /** The first entry in a row of its own that the account does not know of, where there is one. */
  readonly beyond?: number;
}

/**
 * Reads an account and its newest entries without trust in what is stored. The rows up to `behind`
 * never change from then on, so they may be read later, and whatever is appended meanwhile is left out.
 */
export async function readLedgerEnd(reader: Reader, project: ProjectId): Promise<LedgerEnd> {
  const row = await reader.get(accountsTable, { project });
  const account = await trusted(async () => await readAccount(reader, project));
  const quoted = quotedText(row?.body ?? null);
  const body = (row?.body ?? {}) as { readonly seq?: unknown; readonly tail?: unknown };
  const tail = Array.isArray(body.tail) ? (body.tail as readonly Json[]) : [];
  const last = Number.isSafeInteger(body.seq) ? (body.seq as number) : 0;
  const behind = Math.max(0, last - tail.length);
  const [beyond] = await reader.scan(entriesTable, {
    ...{ prefix: { project }, from: behind + 1, limit: 1 },
  });
  return {
    account,
    quoted,
    behind,
    ...(tail.length === 0 ? {} : { tail: rowOf(behind + 1, tail) }),
    ...(beyond === undefined ? {} : { beyond: beyond.seq }),
  };
}

/** Rows of entries from `from` up to `through`, the next `limits.ledgerVerifyRows` of them. */
export async function scanLedgerRows(
  reader: Reader,
  project: ProjectId,
  page: { readonly from: number; readonly through: number },
): Promise<readonly LedgerRow[]> {
  const { from, through: to } = page;
  const limit = limits.ledgerVerifyRows;
  const rows = await reader.scan(entriesTable, { prefix: { project }, from, to, limit });
  return rows.map(({ seq, body }) => rowOf(seq, body));
}

function rowOf(first: number, body: Json): LedgerRow {
  const stored = Array.isArray(body) && body.length > 0 ? (body as readonly Json[]) : [null];
  return { first, entries: stored.map((each, index) => entryOf(each, first + index)) };
}

function entryOf(stored: Json, seq: number): Entry | UnreadableEntry {
  const unreadable = { kind: "unreadable", seq, quoted: quotedText(stored) } as const;
  if (!isStoredEntry(stored)) return unreadable;
  try {
    return fromStoredEntry(stored, seq);
  } catch {
    // Its times are none: they lie outside of what an instant can be.
    return unreadable;
  }
}

async function trusted(read: () => Promise<Account>): Promise<Account | undefined> {
  try {
    const account = await read();
    return isAccount(account) ? account : undefined;
  } catch (error) {
    // A row of another shape; what the store itself fails with is no matter of the row.
    if (error instanceof TypeError || error instanceof RangeError) return undefined;
    throw error;
  }
}

function isAccount({ seq, held, balance, funded, open, spends }: Account): boolean {
  const numbers = [seq, held, balance ?? 0, funded ?? 0];
  const all = [...open, ...spends].flatMap(({ units, rate }) => [units, rate]);
  return [...numbers, ...all].every(isWhole);
}

function quotedText(stored: Json): string {
  return JSON.stringify(stored).slice(0, limits.ledgerQuotedChars);
}

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);
const isCount = (value: unknown): boolean => isWhole(value) && value >= 0;
const isAttempt = (value: unknown): value is AttemptId =>
  typeof value === "string" && attemptKeyOf(value) !== undefined;
const isSpend = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length === 4 &&
  isWhole(value[0]) &&
  value.slice(1).every((each) => isCount(each));

/** What stands behind the reason, by the kind of an entry. */
const BEHIND_REASON: Readonly<Record<string, readonly ((value: unknown) => boolean)[]>> = {
  hold: [isAttempt, isSpend],
  settle: [isAttempt, isSpend],
  release: [isAttempt],
  adjust: [(value) => value === null || isAttempt(value)],
  topUp: [],
  setBalance: [],
};

/** Whether this is an entry of ours, whole and with nothing behind it. */
function isStoredEntry(stored: Json): stored is Json & StoredEntry {
  if (!Array.isArray(stored)) return false;
  const [kind, at, units, heldAfter, balanceAfter, reason, ...rest] = stored as readonly unknown[];
  const isKind = typeof kind === "string" && Object.hasOwn(BEHIND_REASON, kind);
  if (!isKind) return false;
  const behind = BEHIND_REASON[kind] ?? [];
  const mayBeNone = kind === "setBalance" && units === null;
  const mayBeBelow = kind === "adjust" || kind === "setBalance";
  return (
    isCount(at) &&
    (mayBeNone || (mayBeBelow ? isWhole(units) : isCount(units))) &&
    isCount(heldAfter) &&
    (balanceAfter === null || isWhole(balanceAfter)) &&
    typeof reason === "string" &&
    rest.length === behind.length &&
    behind.every((isIt, index) => isIt(rest[index]))
  );
}
