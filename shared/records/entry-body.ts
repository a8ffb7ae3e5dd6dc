import { assertNever } from "../core/assert.ts";
import type { AttemptId } from "../core/ids.ts";
import { instant, plusMs, type Instant } from "../core/time/instant.ts";
import type { Entry, Movement } from "../core/units/ledger.ts";
import type { Spend } from "../core/units/spend.ts";

/**
 * An entry of a ledger as it is stored, in some 110 bytes. Neighbours are stored together, so its
 * number follows from its place, and the times of its spend count from its own.
 */
export type StoredEntry =
  | readonly [...Common<"hold" | "settle">, reservation: AttemptId, spend: StoredSpend]
  | readonly [...Common<"release">, reservation: AttemptId]
  | readonly [...Common<"adjust">, reservation: AttemptId | null]
  | readonly [...Common<"topUp">]
  | readonly [...Common<"setBalance", number | null>];

type Common<Kind, Units = number> = readonly [
  kind: Kind,
  at: number,
  units: Units,
  heldAfter: number,
  balanceAfter: number | null,
  reason: string,
];

/** When it starts, counted from an instant that both sides know; how long; its rate; its units. */
export type StoredSpend = readonly [startMs: number, lengthMs: number, rate: number, units: number];

export function toStoredEntry(entry: Entry): StoredEntry {
  const { at, heldAfter, balanceAfter = null, reason } = entry;
  const rest = [heldAfter, balanceAfter, reason] as const;
  switch (entry.kind) {
    case "hold":
    case "settle": {
      const { kind, units, reservation, spend } = entry;
      return [kind, at, units, ...rest, reservation, toStoredSpend(spend, at)];
    }
    case "release":
      return [entry.kind, at, entry.units, ...rest, entry.reservation];
    case "adjust":
      return [entry.kind, at, entry.units, ...rest, entry.reservation ?? null];
    case "topUp":
      return [entry.kind, at, entry.units, ...rest];
    case "setBalance":
      return [entry.kind, at, entry.units, ...rest];
    default:
      return assertNever(entry);
  }
}

/** The entry that was stored as the `seq`-th of its ledger. */
export function fromStoredEntry(stored: StoredEntry, seq: number): Entry {
  const [, at, , heldAfter, balanceAfter, reason] = stored;
  const left = balanceAfter === null ? {} : { balanceAfter };
  return { seq, at: instant(at), ...movementOf(stored), reason, heldAfter, ...left };
}

function movementOf(stored: StoredEntry): Movement {
  switch (stored[0]) {
    case "hold":
    case "settle": {
      const [kind, at, units, , , , reservation, spend] = stored;
      return { kind, reservation, units, spend: fromStoredSpend(spend, instant(at)) };
    }
    case "release":
      return { kind: stored[0], reservation: stored[6], units: stored[2] };
    case "adjust": {
      const [kind, , units, , , , reservation] = stored;
      return { kind, units, ...(reservation === null ? {} : { reservation }) };
    }
    case "topUp":
      return { kind: stored[0], units: stored[2] };
    case "setBalance":
      return { kind: stored[0], units: stored[2] };
    default:
      return assertNever(stored);
  }
}

export function toStoredSpend({ startAt, endAt, rate, units }: Spend, from: Instant): StoredSpend {
  return [startAt - from, endAt - startAt, rate, units];
}

export function fromStoredSpend(stored: StoredSpend, from: Instant): Spend {
  const [startMs, lengthMs, rate, units] = stored;
  const startAt = plusMs(from, startMs);
  return { startAt, endAt: plusMs(startAt, lengthMs), rate, units };
}
