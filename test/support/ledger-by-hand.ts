import type { Entry } from "../../shared/core/units/ledger.ts";
import { worstWindow } from "./hour-by-events.ts";
import type { WorkByHand } from "./spending-by-hand.ts";

/** Limits that held when something was admitted; an absent one means none. */
export interface LimitsByHand {
  readonly unitsPerHour?: number | undefined;
  readonly unitsPerExecution?: number | undefined;
  readonly concurrentRuns?: number | undefined;
}

/** What an account says of itself that its ledger must bear out. */
interface Claimed {
  readonly seq: number;
  readonly held: number;
  readonly balance?: number;
  readonly funded?: number;
  readonly open: readonly { readonly attempt: string; readonly units: number }[];
}

type Line<Kind extends Entry["kind"]> = Extract<Entry, { readonly kind: Kind }>;

const HOUR_MS = 3_600_000;

/**
 * A ledger read by somebody who has nothing but its lines, and sums of his own. Each line is checked
 * as it is read: that it follows from those before it, and that what it admits kept every limit
 * then, at that instant and at every later one, whenever all that is held starts and ends.
 *
 * It throws plain errors: an assertion library would take most of the time of ten thousand lives.
 */
export class LedgerByHand {
  seq = 0;
  at = 0;
  held = 0;
  balance: number | undefined;
  /** The balance as it was last set or added to. */
  funded: number | undefined;
  /** Whether more may be held than is left: a person, work elsewhere or an overrun left it so. */
  #isExcused = false;
  #settled: { readonly attempt: string; readonly overrunUnits: number } | undefined;
  readonly #open = new Map<string, WorkByHand & { readonly units: number }>();
  readonly #closed = new Set<string>();
  #ended: WorkByHand[] = [];

  get openCount(): number {
    return this.#open.size;
  }

  /** Every reservation that was settled or released. */
  get closed(): ReadonlySet<string> {
    return this.#closed;
  }

  /** What may still be in a window to come: what ran, and what is held under any start it has. */
  get works(): readonly WorkByHand[] {
    return [...this.#ended, ...this.#open.values()];
  }

  /** Reads the next line; `limits` are those that held for whoever wrote it. */
  read(entry: Entry, limits: LimitsByHand): void {
    must(entry.seq === this.seq + 1, entry, `comes after number ${this.seq}`);
    must(entry.at >= this.at, entry, `is written before ${this.at}`);
    this.seq = entry.seq;
    this.at = entry.at;
    this.#ended = this.#ended.filter(({ latestAt, ms }) => latestAt + ms + HOUR_MS > this.at);
    this.#move(entry, limits);
    must(entry.heldAfter === this.held, entry, `leaves ${this.held} held by hand`);
    must(entry.balanceAfter === this.balance, entry, `leaves ${this.balance} by hand`);
    const isWithin = this.held <= (this.balance ?? Infinity);
    if (isWithin) this.#isExcused = false;
    must(isWithin || this.#isExcused, entry, `leaves ${this.held} held of ${this.balance}`);
  }

  #move(entry: Entry, limits: LimitsByHand): void {
    const settled = this.#settled;
    this.#settled = undefined;
    const isOwed = (settled?.overrunUnits ?? 0) > 0;
    must(!isOwed || entry.kind === "adjust", entry, "stands where an overrun was to be written");
    switch (entry.kind) {
      case "hold":
        this.#hold(entry, limits);
        return;
      case "settle":
        this.#settle(entry);
        return;
      case "release": {
        const held = this.#close(entry);
        must(entry.units === held, entry, `gives back ${entry.units} of ${held} held`);
        return;
      }
      case "topUp":
        must(entry.units > 0, entry, "adds nothing");
        if (this.balance !== undefined) this.balance += entry.units;
        this.funded = this.balance;
        return;
      case "setBalance":
        this.balance = entry.units ?? undefined;
        this.funded = this.balance;
        this.#isExcused = true;
        return;
      case "adjust": {
        const { reservation: attempt } = entry;
        const isOverrun = attempt === settled?.attempt && -entry.units === settled?.overrunUnits;
        must(attempt === undefined || isOverrun, entry, "is not the overrun of what just ended");
        if (this.balance !== undefined) this.balance += entry.units;
        this.#isExcused = true;
      }
    }
  }

  #hold(entry: Line<"hold">, limits: LimitsByHand): void {
    const { reservation, units, spend, at } = entry;
    const { unitsPerHour, unitsPerExecution = Infinity, concurrentRuns = Infinity } = limits;
    must(!this.#open.has(reservation), entry, "is held already");
    must(!this.#closed.has(reservation), entry, "was closed before");
    must(units > 0 && units === spend.units, entry, "holds what its spend says");
    must(spend.startAt >= at, entry, "may have started before it was held");
    this.#open.set(reservation, { ...workOf(spend), units });
    this.held += units;
    must(units <= unitsPerExecution, entry, `is above unitsPerExecution ${unitsPerExecution}`);
    must(this.#open.size <= concurrentRuns, entry, `is above concurrentRuns ${concurrentRuns}`);
    // An admission is never excused: what it holds has to be there.
    this.#isExcused = false;
    if (unitsPerHour === undefined) return;
    const worst = worstWindow(this.works, at, HOUR_MS);
    const peak = `${worst.units} in the hour to ${worst.at}`;
    must(worst.units <= unitsPerHour, entry, `allows ${peak}, above unitsPerHour ${unitsPerHour}`);
  }

  #settle(entry: Line<"settle">): void {
    const { reservation, units, spend } = entry;
    const held = this.#close(entry);
    const covered = Math.min(held, spend.units);
    must(units === covered, entry, `covers ${units}; ${held} were held, ${spend.units} spent`);
    this.#settled = { attempt: reservation, overrunUnits: spend.units - covered };
    if (spend.units > 0) this.#ended.push(workOf(spend));
    if (this.balance !== undefined) this.balance -= covered;
  }

  #close(entry: Line<"settle" | "release">): number {
    const open = this.#open.get(entry.reservation);
    if (open === undefined) throw wrong(entry, "closes what is not open");
    this.#open.delete(entry.reservation);
    this.#closed.add(entry.reservation);
    this.held -= open.units;
    return open.units;
  }

  /** Throws unless the account says of itself what its lines add up to. */
  expectBears({ seq, balance, funded, held, open }: Claimed): void {
    const said = { seq, balance, funded, held };
    const own = { seq: this.seq, balance: this.balance, funded: this.funded, held: this.held };
    const isOpen = ({ attempt, units }: Claimed["open"][number]): boolean =>
      this.#open.get(attempt)?.units === units;
    const isWhole = (this.#settled?.overrunUnits ?? 0) === 0;
    const isBorne =
      isWhole &&
      seq === own.seq &&
      balance === own.balance &&
      funded === own.funded &&
      held === own.held;
    if (isBorne && open.length === this.#open.size && open.every(isOpen)) return;
    const [theirs, ours] = [open.map(({ attempt }) => attempt), [...this.#open.keys()]];
    throw new Error(
      `The account says ${JSON.stringify({ ...said, open: theirs })}, ` +
        `its ledger ${JSON.stringify({ ...own, open: ours })}`,
    );
  }
}

function must(holds: boolean, entry: Entry, what: string): void {
  if (!holds) throw wrong(entry, what);
}

function wrong(entry: Entry, what: string): Error {
  return new Error(`Entry ${entry.seq} ${what}: ${JSON.stringify(entry)}`);
}

function workOf(spend: Line<"hold">["spend"]): WorkByHand {
  const { startAt, endAt, rate, units } = spend;
  const ms = (units * 1_000) / rate;
  return { earliestAt: startAt, latestAt: endAt - ms, ms, rate };
}
