import { SECOND_MS } from "../time/duration.ts";
import { formatInstant } from "../time/instant.ts";
import type { Entry, Position } from "./ledger.ts";
import type { HeldReservation } from "./reservation.ts";

/** Something that a ledger says and that does not follow from the rest of it. */
export interface LedgerDifference {
  /** The entry, or what of the account. */
  readonly place: string;
  readonly expected: string;
  readonly found: string;
}

/** What an entry is judged by besides those in front of it. */
interface EntryContext {
  /** Where the entries in front of it left the account. */
  readonly position: Position;
  /** Whether its attempt was held before, by whichever entry. */
  readonly wasHeld: boolean;
  /** Entries are missing in front of it: what it closes may have been held there. */
  readonly isBlind: boolean;
  /** What the entry in front of it spent beyond its hold, which this one has to take off. */
  readonly overrun: Overrun | undefined;
}

/** What a settlement spent beyond its hold: an `adjust` of the same attempt follows it. */
export interface Overrun {
  readonly attempt: string;
  readonly units: number;
}

/** What an entry says of itself that cannot be. Its sums are for whoever adds them up. */
export function entryFlaws(entry: Entry, context: EntryContext): readonly LedgerDifference[] {
  const { position, overrun } = context;
  const flaw = flawAt(`entry #${entry.seq}`);
  const flaws: LedgerDifference[] = [];
  if (entry.at < position.at) {
    flaws.push(flaw(`at ${formatInstant(position.at)} or later`, `at ${formatInstant(entry.at)}`));
  }
  const isCorrection = entry.kind === "adjust" && entry.reservation !== undefined;
  if (overrun !== undefined || isCorrection) {
    const expected = overrun === undefined ? "no overrun to adjust" : overrunText(overrun);
    const found = isCorrection
      ? overrunText({ attempt: entry.reservation ?? "", units: -entry.units })
      : entry.kind;
    // Where the settlement itself is missing nobody knows what it overran.
    const isUnknown = overrun === undefined && context.isBlind;
    if (expected !== found && !isUnknown) flaws.push(flaw(expected, found));
  }
  return [...flaws, ...movementFlaws(entry, context, flaw)];
}

/** The hold that an entry closes, where it closes one that is open. */
export function closedBy(entry: Entry, position: Position): HeldReservation | undefined {
  if (entry.kind !== "settle" && entry.kind !== "release") return undefined;
  return position.open.find(({ attempt }) => attempt === entry.reservation);
}

export function flawAt(place: string): (expected: string, found: string) => LedgerDifference {
  return (expected, found) => ({ place, expected, found });
}

export function overrunText({ attempt, units }: Overrun): string {
  return `adjust -${units} for ${attempt}`;
}

type Flaw = ReturnType<typeof flawAt>;

function movementFlaws(
  entry: Entry,
  context: EntryContext,
  flaw: Flaw,
): readonly LedgerDifference[] {
  switch (entry.kind) {
    case "hold":
      return holdFlaws(entry, context, flaw);
    case "settle":
    case "release":
      return closingFlaws(entry, context, flaw);
    case "topUp":
      return entry.units > 0 ? [] : [flaw("units above zero", `${entry.units} units`)];
    case "setBalance":
    case "adjust":
      return [];
  }
}

function holdFlaws(
  entry: Extract<Entry, { kind: "hold" }>,
  { wasHeld }: EntryContext,
  flaw: Flaw,
): readonly LedgerDifference[] {
  const { reservation, units, spend, at } = entry;
  const flaws: LedgerDifference[] = [];
  if (wasHeld) flaws.push(flaw("an attempt that was never held", `${reservation} once more`));
  if (units <= 0 || units !== spend.units) {
    flaws.push(flaw(`a worst case of ${units} units, above zero`, `${spend.units} units`));
  }
  // An admission holds from its own instant on.
  if (spend.startAt !== at) {
    flaws.push(flaw(`from ${formatInstant(at)} on`, `from ${formatInstant(spend.startAt)} on`));
  }
  if (spend.rate <= 0 || units % spend.rate !== 0) {
    flaws.push(flaw(`whole seconds of its rate in ${units} units`, `${spend.rate} a second`));
  } else if (spend.endAt - spend.startAt < (units / spend.rate) * SECOND_MS) {
    flaws.push(flaw(`time for ${units} units`, `${spend.endAt - spend.startAt} ms`));
  }
  return flaws;
}

function closingFlaws(
  entry: Extract<Entry, { kind: "settle" | "release" }>,
  { position, isBlind }: EntryContext,
  flaw: Flaw,
): readonly LedgerDifference[] {
  const { kind, units, reservation } = entry;
  const flaws: LedgerDifference[] = [];
  const held = closedBy(entry, position);
  if (held === undefined) {
    if (!isBlind) flaws.push(flaw(`an open hold of ${reservation}`, "none"));
  } else {
    const covered = kind === "release" ? held.units : Math.min(entry.spend.units, held.units);
    if (units !== covered) flaws.push(flaw(`${kind} ${covered}`, `${kind} ${units}`));
  }
  if (kind === "settle") {
    const { startAt, endAt, rate, units: spent } = entry.spend;
    const cost = ((endAt - startAt) * rate) / SECOND_MS;
    if (rate <= 0 || cost !== spent) {
      flaws.push(flaw(`${cost} units for ${endAt - startAt} ms`, `${spent} units`));
    }
  }
  return flaws;
}
