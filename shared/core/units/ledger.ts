import { assert, assertNever } from "../assert.ts";
import { OrreryError } from "../errors.ts";
import type { AttemptId, ProjectId } from "../ids.ts";
import { instant, type Instant } from "../time/instant.ts";
import type { HeldReservation } from "./reservation.ts";
import { forgetSpends, rememberSpend, type Spend } from "./spend.ts";

/** What moves units. `units` is never negative but in `adjust`. */
export type Movement =
  | {
      readonly kind: "hold";
      readonly reservation: AttemptId;
      readonly units: number;
      /** The worst case that the reservation allows. */
      readonly spend: Spend;
    }
  | {
      readonly kind: "settle";
      readonly reservation: AttemptId;
      /** What the reservation covered of the spend. */
      readonly units: number;
      /** What was really spent. */
      readonly spend: Spend;
    }
  | { readonly kind: "release"; readonly reservation: AttemptId; readonly units: number }
  | { readonly kind: "topUp"; readonly units: number }
  /** `null` takes the balance away: the project may spend without end. */
  | { readonly kind: "setBalance"; readonly units: number | null }
  /** Added to the balance; below zero for what was spent without a reservation. */
  | { readonly kind: "adjust"; readonly units: number; readonly reservation?: AttemptId };

/** One line of a project's ledger. It is never changed and never deleted. */
export type Entry = Movement & {
  /** Counts from 1 without gaps. */
  readonly seq: number;
  /** Never before the entry in front of it. */
  readonly at: Instant;
  readonly reason: string;
  readonly heldAfter: number;
  /** Absent while the project has no balance. */
  readonly balanceAfter?: number;
};

/** What the entries of a project add up to. */
export interface Position {
  /** The last entry's number and instant; zero where there is none. */
  readonly seq: number;
  readonly at: Instant;
  /** What may still be spent, held units included; absent means without end. */
  readonly balance?: number;
  /** What the balance was when it was last set or added to; absent without one. */
  readonly funded?: number;
  /** The units of all open reservations. */
  readonly held: number;
  readonly open: readonly HeldReservation[];
  /** What ended work spent, as far back as the trailing hour sees, by start. */
  readonly spends: readonly Spend[];
}

export const EMPTY_POSITION: Position = {
  seq: 0,
  at: instant(0),
  held: 0,
  open: [],
  spends: [],
};

/** Writes the next entry. Time never runs backwards in a ledger: a clock behind it waits. */
export function post(
  position: Position,
  movement: Movement & { readonly reason: string },
  now: Instant,
): { readonly position: Position; readonly entry: Entry } {
  const at = instant(Math.max(now, position.at));
  const next = moved(position, movement, at);
  const after = { heldAfter: next.held, ...balanceAfter(next) };
  return { position: next, entry: { seq: next.seq, at, ...movement, ...after } };
}

/** What an account stands at behind one more entry. Only an open reservation can be closed. */
export function positionAfter(position: Position, entry: Entry): Position {
  return moved(position, entry, entry.at);
}

/**
 * Adds a ledger up from its first entry, which gives the account's own numbers again.
 * Throws `STORE_CORRUPT` at the first entry that does not follow from those before it.
 */
export function rebuild(project: ProjectId, entries: readonly Entry[]): Position {
  return entries.reduce((position, entry) => {
    const next = positionAfter(position, entry);
    const expected = sumsOf({ seq: next.seq, heldAfter: next.held, ...balanceAfter(next) });
    const found = sumsOf(entry);
    if (expected !== found) {
      throw new OrreryError(
        "STORE_CORRUPT",
        `The ledger of project ${project} does not add up at entry ${entry.seq}: ` +
          `expected ${expected}; found ${found}. The account was not rebuilt.`,
      );
    }
    return next;
  }, EMPTY_POSITION);
}

function sumsOf(entry: Pick<Entry, "seq" | "heldAfter" | "balanceAfter">): string {
  const { seq, heldAfter, balanceAfter: left } = entry;
  return `#${seq}, ${heldAfter} held, ${left === undefined ? "no balance" : `${left} left`}`;
}

/** The only place where units move. */
function moved(position: Position, movement: Movement, at: Instant): Position {
  const next = {
    ...position,
    seq: position.seq + 1,
    at,
    spends: forgetSpends(position.spends, at),
  };
  switch (movement.kind) {
    case "hold": {
      const { reservation: attempt, units, spend } = movement;
      const open = [...next.open, { state: "held" as const, attempt, ...spend }];
      return { ...next, held: next.held + units, open };
    }
    case "settle": {
      const spends = rememberSpend(next.spends, movement.spend, at);
      return charged({ ...closed(next, movement.reservation), spends }, -movement.units);
    }
    case "release":
      return closed(next, movement.reservation);
    case "topUp":
      return funded(charged(next, movement.units));
    case "adjust":
      return charged(next, movement.units);
    case "setBalance": {
      const { balance: _replaced, funded: _before, ...rest } = next;
      return movement.units === null ? rest : funded({ ...rest, balance: movement.units });
    }
    default:
      return assertNever(movement);
  }
}

function closed(position: Position, attempt: AttemptId): Position {
  const reservation = position.open.find((held) => held.attempt === attempt);
  assert(reservation !== undefined, "only an open reservation is closed");
  const open = position.open.filter((held) => held !== reservation);
  return { ...position, held: position.held - reservation.units, open };
}

function charged(position: Position, units: number): Position {
  return position.balance === undefined
    ? position
    : { ...position, balance: position.balance + units };
}

function funded(position: Position): Position {
  return position.balance === undefined ? position : { ...position, funded: position.balance };
}

function balanceAfter(position: Position): { balanceAfter?: number } {
  return position.balance === undefined ? {} : { balanceAfter: position.balance };
}
