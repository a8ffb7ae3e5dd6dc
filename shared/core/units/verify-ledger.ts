import { digest } from "../ids.ts";
import { limits } from "../limits.ts";
import {
  closedBy,
  entryFlaws,
  flawAt,
  overrunText,
  type LedgerDifference,
  type Overrun,
} from "./entry-flaws.ts";
import { EMPTY_POSITION, positionAfter, type Entry, type Position } from "./ledger.ts";

/**
 * Adds a ledger up row by row, and tells of everything that does not follow.
 *
 * V1 Every entry is looked at once, in order, with what those in front of it came to. So a difference
 *    stands where it begins, and not at each entry behind it as well: what an entry says it left
 *    behind is what the next one goes on from.
 * V2 What is kept does not grow with the ledger, but for 16 characters of each attempt that was held:
 *    no attempt is held twice, however long ago the first time was. A million entries are 500,000
 *    attempts, some 30 MB; two of them share their 64 bits with a probability of 1 in 10^8.
 * V3 Texts are told by nobody else, so nothing is compared with them.
 */
export interface LedgerWalk {
  /** Where the entries so far left the account, by their own sums. */
  position: Position;
  entries: number;
  /** The first of them, `limits.ledgerDifferences` at most. */
  readonly differences: LedgerDifference[];
  differenceCount: number;
  readonly held: Set<string>;
  /** Entries were missing, so holds may be open that nobody saw. */
  isBlind: boolean;
  /** The entry in front was missing: the next one's sums are taken as they are. */
  isBehindGap: boolean;
  overrun: Overrun | undefined;
}

/** Entries that are stored together, as they are: one may be none. */
export interface LedgerRow {
  /** The number of the first. */
  readonly first: number;
  readonly entries: readonly (Entry | UnreadableEntry)[];
}

/** What stands where an entry should, and is none. */
export interface UnreadableEntry {
  readonly kind: "unreadable";
  readonly seq: number;
  /** The beginning of what is stored there. */
  readonly quoted: string;
}

export function beginWalk(): LedgerWalk {
  return {
    position: EMPTY_POSITION,
    entries: 0,
    differences: [],
    differenceCount: 0,
    held: new Set(),
    isBlind: false,
    isBehindGap: false,
    overrun: undefined,
  };
}

/** Goes through the next row of a ledger. A row that begins too early is told of and left out. */
export function walkRow(walk: LedgerWalk, { first, entries }: LedgerRow): void {
  const next = walk.position.seq + 1;
  if (first < next) {
    tell(walk, flawAt(`the row of entry #${first}`)(`#${next} next`, `#${first} again`));
    return;
  }
  missThrough(walk, first - 1);
  for (const entry of entries) {
    if (entry.kind === "unreadable") walkUnreadable(walk, entry);
    else walkEntry(walk, entry);
  }
}

/** Tells of the entries up to this one that are not there; of none where all were gone through. */
export function missThrough(walk: LedgerWalk, last: number): void {
  const from = walk.position.seq + 1;
  if (last < from) return;
  const place = last === from ? `entry #${from}` : `entries #${from} to #${last}`;
  tell(walk, flawAt(place)("there", "missing"));
  goBlind(walk, last);
}

/** Keeps a difference, as long as there are not too many. */
export function tell(walk: LedgerWalk, ...differences: readonly LedgerDifference[]): void {
  const room = limits.ledgerDifferences - walk.differences.length;
  walk.differences.push(...differences.slice(0, Math.max(0, room)));
  walk.differenceCount += differences.length;
}

/** An overrun that no entry took off. Nothing more is to come. */
export function endWalk(walk: LedgerWalk): void {
  const { overrun, position } = walk;
  if (overrun === undefined) return;
  tell(walk, flawAt(`behind entry #${position.seq}`)(overrunText(overrun), "no entry"));
}

function walkUnreadable(walk: LedgerWalk, { seq, quoted }: UnreadableEntry): void {
  walk.entries += 1;
  tell(walk, flawAt(`entry #${seq}`)("an entry", quoted));
  goBlind(walk, seq);
}

function goBlind(walk: LedgerWalk, last: number): void {
  walk.position = { ...walk.position, seq: last };
  walk.isBlind = true;
  walk.isBehindGap = true;
  walk.overrun = undefined;
}

function walkEntry(walk: LedgerWalk, entry: Entry): void {
  const { position, isBlind, isBehindGap, overrun } = walk;
  walk.entries += 1;
  const wasHeld = entry.kind === "hold" && isHeldAgain(walk, entry.reservation);
  tell(walk, ...entryFlaws(entry, { position, wasHeld, isBlind, overrun }));
  const closed = closedBy(entry, position);
  const isClosing = entry.kind === "settle" || entry.kind === "release";
  if (isClosing && closed === undefined) {
    // What it gave back nobody knows; that it closes nothing was told.
    walk.position = leftBy(entry, { ...position, seq: entry.seq, at: entry.at });
  } else {
    const after = positionAfter(position, entry);
    if (!isBehindGap) tell(walk, ...sumFlaws(entry, after));
    walk.position = leftBy(entry, after);
  }
  walk.isBehindGap = false;
  walk.overrun = overrunOf(entry, closed?.units);
}

function isHeldAgain(walk: LedgerWalk, attempt: string): boolean {
  const key = digest([attempt], 16);
  const isAgain = walk.held.has(key);
  walk.held.add(key);
  return isAgain;
}

function overrunOf(entry: Entry, heldUnits: number | undefined): Overrun | undefined {
  if (entry.kind !== "settle" || heldUnits === undefined) return undefined;
  const units = entry.spend.units - heldUnits;
  return units > 0 ? { attempt: entry.reservation, units } : undefined;
}

function sumFlaws(entry: Entry, after: Position): readonly LedgerDifference[] {
  const expected = sumsText(after.held, after.balance);
  const found = sumsText(entry.heldAfter, entry.balanceAfter);
  return expected === found ? [] : [flawAt(`entry #${entry.seq}`)(expected, found)];
}

function sumsText(held: number, balance: number | undefined): string {
  return `${held} held, ${balance === undefined ? "no balance" : `${balance} left`} behind it`;
}

/** Goes on from what an entry says it left behind. */
function leftBy(entry: Entry, position: Position): Position {
  const { heldAfter, balanceAfter } = entry;
  const isLeft = position.held === heldAfter && position.balance === balanceAfter;
  if (isLeft) return position;
  const { balance: _balance, funded, ...rest } = position;
  const isFunding = entry.kind === "topUp" || entry.kind === "setBalance";
  const fundedAfter = isFunding ? balanceAfter : funded;
  return {
    ...rest,
    held: heldAfter,
    ...(balanceAfter === undefined ? {} : { balance: balanceAfter }),
    ...(balanceAfter === undefined || fundedAfter === undefined ? {} : { funded: fundedAfter }),
  };
}
