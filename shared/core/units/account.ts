import { assert } from "../assert.ts";
import type { AttemptId, ProjectId } from "../ids.ts";
import type { UnitLimits } from "../project/project-settings.ts";
import type { Instant } from "../time/instant.ts";
import type { BudgetPolicy } from "./budget-policy.ts";
import { EMPTY_POSITION, post, type Entry, type Movement, type Position } from "./ledger.ts";
import {
  releaseReservation,
  settleReservation,
  type Reservation,
  type Usage,
} from "./reservation.ts";

/**
 * A project's units: its limits, and what its ledger adds up to. It is kept whole in one row.
 *
 * U1 After an admission `held` is at most `balance`. Settling and releasing keep it so; only a
 *    person, by lowering the balance, or an overrun can break it.
 * U2 After an admission no trailing hour, past or to come, can hold more than `unitsPerHour`,
 *    whenever the admitted attempts start and end within their reservations. Settling and
 *    releasing only lower that worst case; only lowering the limit or an overrun can break it.
 * U3 An execution costs at most its reservation, and a reservation at most `unitsPerExecution`.
 * U4 Every reservation is closed once: settled or released. Closing it again changes nothing.
 * U5 Everything but limits, what the configuration and the provider said of them, and `version` is
 *    the sum of the entries, and every change of it is an entry: `post` is the only hand that moves
 *    units.
 * U6 A verb that changes nothing gives back the very same account; any other raises `version`.
 */
export interface Account extends Position {
  readonly project: ProjectId;
  /** What holds now. The balance is apart: it is spent, and these are not. */
  readonly limits: StandingLimits;
  /** The limits that the configuration last asked for; absent where they are those that hold. */
  readonly configuredLimits?: StandingLimits;
  /** The balance that the configuration last asked for, not what is left of it. */
  readonly configuredBalance?: number;
  /** What the configuration says of the balance besides how much it is; absent where it says nothing. */
  readonly budget?: BudgetPolicy;
  /** What the project's owner elsewhere last said; absent where nobody else owns the project. */
  readonly provider?: ProviderStanding;
  readonly version: number;
}

/** What the provider that owns a project last said of its limits. Its balance is the account's own. */
export interface ProviderStanding {
  /** They hold beside `Account.limits`, and the stricter one counts. */
  readonly limits: ProviderLimits;
  /** When it last answered, or up to `limits.providerSeenMs` before that. */
  readonly seenAt: Instant;
}

/** The limits that DataSphere has for a project; an absent one means there is none. */
export type ProviderLimits = Pick<StandingLimits, "unitsPerHour" | "unitsPerExecution">;

/** Limits that work does not use up. */
export type StandingLimits = Omit<UnitLimits, "balance">;

/** What a verb leaves behind: the account, the entries to append, and a reservation it closed. */
export interface Posting {
  readonly account: Account;
  readonly entries: readonly Entry[];
  readonly reservation?: Reservation;
}

export interface Change {
  readonly units: number;
  /** Who or what wanted it; it stands in the entry. */
  readonly reason: string;
}

/** Of each limit the stricter: what was set here, and what the provider says. Admission goes by these. */
export function limitsInForce({
  limits,
  provider,
}: Pick<Account, "limits" | "provider">): StandingLimits {
  if (provider === undefined) return limits;
  const entries = STANDING.map((name) => {
    const theirs = name === "concurrentRuns" ? undefined : provider.limits[name];
    return [name, Math.min(limits[name] ?? Infinity, theirs ?? Infinity)] as const;
  });
  return Object.fromEntries(entries.filter(([, limit]) => limit !== Infinity));
}

/** An account without limits, balance or entries: everything fits. */
export function openAccount(project: ProjectId): Account {
  return { ...EMPTY_POSITION, project, limits: {}, version: 0 };
}

/**
 * Replaces what an attempt held by what it spent. What it spent beyond is an `adjust` entry with
 * the reason `overrun`. An attempt that holds nothing changes nothing, so repeating is safe.
 */
export function settle(account: Account, attempt: AttemptId, usage: Usage, now: Instant): Posting {
  const held = account.open.find((reservation) => reservation.attempt === attempt);
  if (held === undefined) return unchanged(account);
  const reservation = settleReservation(held, usage);
  assert(reservation.state === "settled", "a held reservation settles");
  const { spend, coveredUnits, overrunUnits } = reservation;
  const movements: Recorded[] = [
    { kind: "settle", reservation: attempt, units: coveredUnits, spend, reason: "ended" },
  ];
  if (overrunUnits > 0) {
    const units = -overrunUnits;
    movements.push({ kind: "adjust", reservation: attempt, units, reason: "overrun" });
  }
  return { ...record(account, movements, now), reservation };
}

/**
 * Gives back what an attempt held that never ran. An attempt that holds nothing changes nothing,
 * so repeating is safe; if it ran after all, what it spent can only be an `adjust`.
 */
export function release(
  account: Account,
  attempt: AttemptId,
  reason: string,
  now: Instant,
): Posting {
  const held = account.open.find((reservation) => reservation.attempt === attempt);
  if (held === undefined) return unchanged(account);
  const reservation = releaseReservation(held);
  const movement = { kind: "release", reservation: attempt, units: held.units, reason } as const;
  return { ...record(account, [movement], now), reservation };
}

/** Adds units to the balance. Where there is none the entry is written and nothing changes. */
export function topUp(account: Account, change: Change, now: Instant): Posting {
  assert(Number.isSafeInteger(change.units) && change.units > 0, "a top up adds whole units");
  return record(account, [{ kind: "topUp", ...change }], now);
}

/** Sets what may still be spent, held units included; `null` means without end. */
export function setBalance(
  account: Account,
  change: { readonly units: number | null; readonly reason: string },
  now: Instant,
): Posting {
  assert(change.units === null || Number.isSafeInteger(change.units), "a balance is whole units");
  return record(account, [{ kind: "setBalance", ...change }], now);
}

/** Corrects the balance, down below zero if need be: units spent or returned outside our hands. */
export function adjust(account: Account, change: Change, now: Instant): Posting {
  assert(Number.isSafeInteger(change.units), "an adjustment is whole units");
  return record(account, [{ kind: "adjust", ...change }], now);
}

/** Sets the limits on somebody's behalf; the configuration keeps what it said of them. */
export function setLimits(account: Account, limits: StandingLimits, now: Instant): Posting {
  if (sameLimits(limits, account.limits)) return unchanged(account);
  const { configuredLimits = account.limits } = account;
  return record({ ...account, limits, configuredLimits }, [], now);
}

/**
 * Takes over configured limits. Each is set only where the configuration now says something else
 * than before, so applying a file again refills no balance and undoes nothing that somebody set.
 */
export function applyLimits(account: Account, wanted: UnitLimits, now: Instant): Posting {
  const { balance, ...said } = wanted;
  const { configuredBalance, configuredLimits = account.limits, ...rest } = account;
  if (balance === configuredBalance && sameLimits(said, configuredLimits)) {
    return unchanged(account);
  }
  const limits = newlySaid(account.limits, { before: configuredLimits, now: said });
  const applied: Account = {
    ...rest,
    limits,
    ...(sameLimits(said, limits) ? {} : { configuredLimits: said }),
    ...(balance === undefined ? {} : { configuredBalance: balance }),
  };
  if (balance === configuredBalance) return record(applied, [], now);
  return setBalance(applied, { units: balance ?? null, reason: "configured" }, now);
}

/** Takes over what the configuration says of the balance besides how much it is. */
export function applyBudget(
  account: Account,
  budget: BudgetPolicy | undefined,
  now: Instant,
): Posting {
  if (JSON.stringify(budget) === JSON.stringify(account.budget)) return unchanged(account);
  const { budget: _before, ...rest } = account;
  return record(budget === undefined ? rest : { ...rest, budget }, [], now);
}

const STANDING = ["unitsPerHour", "unitsPerExecution", "concurrentRuns"] as const;

/** Each limit as the configuration has it where it changed its mind, else as it stands. */
function newlySaid(
  standing: StandingLimits,
  said: { readonly before: StandingLimits; readonly now: StandingLimits },
): StandingLimits {
  const entries = STANDING.map((name) => [
    name,
    said.before[name] === said.now[name] ? standing[name] : said.now[name],
  ]);
  return Object.fromEntries(entries.filter(([, limit]) => limit !== undefined)) as StandingLimits;
}

/** A movement with why it is made. */
export type Recorded = Movement & { readonly reason: string };

/** Posts movements in order at one instant, as one change of the account. */
export function record(account: Account, movements: readonly Recorded[], now: Instant): Posting {
  const { project, limits, configuredLimits, configuredBalance, budget, ...others } = account;
  const { provider, version, ...before } = others;
  const entries: Entry[] = [];
  let position: Position = before;
  for (const movement of movements) {
    const posted = post(position, movement, now);
    position = posted.position;
    entries.push(posted.entry);
  }
  const said = {
    ...(configuredLimits === undefined ? {} : { configuredLimits }),
    ...(configuredBalance === undefined ? {} : { configuredBalance }),
    ...(budget === undefined ? {} : { budget }),
    ...(provider === undefined ? {} : { provider }),
  };
  return {
    account: { ...position, project, limits, ...said, version: version + 1 },
    entries,
  };
}

/** The very same account: nothing is to be written. */
export function unchanged(account: Account): Posting {
  return { account, entries: [] };
}

function sameLimits(a: StandingLimits, b: StandingLimits): boolean {
  return STANDING.every((name) => a[name] === b[name]);
}
