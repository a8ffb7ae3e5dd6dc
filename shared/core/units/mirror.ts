import { limits } from "../limits.ts";
import type { UnitLimits } from "../project/project-settings.ts";
import { plusMs, type Instant } from "../time/instant.ts";
import {
  applyLimits,
  record,
  setBalance,
  unchanged,
  type Account,
  type Posting,
  type ProviderLimits,
  type ProviderStanding,
  type Recorded,
} from "./account.ts";

/**
 * An account that follows what the provider says its project may still spend.
 *
 * The provider's balance goes down as it charges work: ours while it runs or once it has ended, and
 * that of others. Ours is kept until an attempt is settled. So while some of our work may or may not
 * be charged so far, the provider's answer fits a range of balances and not one.
 *
 * M1 `least` is the answer less what we have settled and the provider may yet charge; `most` is the
 *    answer and what we hold and the provider may have charged.
 * M2 A balance within the range stays as it is. One above it is lowered to `most`: at least the
 *    difference was spent elsewhere, whatever of ours is charged. One below it is raised to `least`:
 *    at least the difference was added. So no unit of ours is ever charged twice, and none is taken
 *    for an addition that will be charged later.
 * M3 What is free, the balance less what is held, is never above the answer.
 * M4 Once nothing is held and the last settled work is charged, the range is the answer alone.
 * M5 An answer that was asked for before the account last changed may lower it and never raise it:
 *    somebody else may have learnt better since.
 */
export interface ProviderLook {
  readonly askedAt: Instant;
  readonly answeredAt: Instant;
  readonly limits: ProviderLimits;
  /** What the project may still spend; absent means without end. Zero or less stops everything. */
  readonly balance?: number;
}

/**
 * Takes over what a look at the provider found. The same look again changes nothing, and neither
 * does one that only confirms what is known, but for the instant of the last answer, which is
 * renewed every `limits.providerSeenMs`.
 */
export function mirror(account: Account, look: ProviderLook, now: Instant): Posting {
  const provider = standingAfter(account.provider, look);
  const movement = movementTo(account, look);
  if (provider === account.provider && movement === undefined) return unchanged(account);
  return record({ ...account, provider }, movement === undefined ? [] : [movement], now);
}

/** The balances that an answer fits, with an account as it stands. */
function fittingBalances(
  account: Pick<Account, "open" | "spends">,
  look: ProviderLook & { readonly balance: number },
): { readonly least: number; readonly most: number } {
  const { askedAt, answeredAt, balance } = look;
  const unsettled = account.open.filter(
    ({ startAt }) => startAt <= plusMs(answeredAt, limits.providerSkewMs),
  );
  const uncharged = account.spends.filter(
    ({ endAt }) => plusMs(endAt, limits.providerChargeLagMs) > askedAt,
  );
  return { least: balance - unitsOf(uncharged), most: balance + unitsOf(unsettled) };
}

function movementTo(account: Account, look: ProviderLook): Recorded | undefined {
  const { balance: ours } = account;
  const { balance: theirs } = look;
  const isLate = account.at >= look.askedAt;
  if (theirs === undefined) {
    if (ours === undefined || isLate) return undefined;
    return { kind: "setBalance", units: null, reason: "the provider has no balance" };
  }
  const { least, most } = fittingBalances(account, { ...look, balance: theirs });
  // What was kept here before the provider was asked for the first time says nothing of its balance.
  if (ours === undefined || account.provider === undefined) {
    return ours === least
      ? undefined
      : { kind: "setBalance", units: least, reason: "the provider's balance" };
  }
  if (ours > most) return { kind: "adjust", units: most - ours, reason: "spent elsewhere" };
  if (ours >= least || isLate) return undefined;
  return { kind: "topUp", units: least - ours, reason: "the provider's balance" };
}

function standingAfter(
  before: ProviderStanding | undefined,
  { askedAt, limits: said }: ProviderLook,
): ProviderStanding {
  const isNews =
    before === undefined ||
    before.limits.unitsPerHour !== said.unitsPerHour ||
    before.limits.unitsPerExecution !== said.unitsPerExecution ||
    askedAt >= plusMs(before.seenAt, limits.providerSeenMs);
  // An answer that is older than the one that is known tells nothing.
  if (!isNews || (before !== undefined && askedAt < before.seenAt)) return before;
  const { unitsPerHour, unitsPerExecution } = said;
  return {
    limits: {
      ...(unitsPerHour === undefined ? {} : { unitsPerHour }),
      ...(unitsPerExecution === undefined ? {} : { unitsPerExecution }),
    },
    seenAt: askedAt,
  };
}

function unitsOf(spends: readonly { readonly units: number }[]): number {
  return spends.reduce((sum, { units }) => sum + units, 0);
}

/**
 * Takes over configured limits of a project that a provider owns: its balance is the provider's, and
 * one that the configuration has is kept in mind for when it is not.
 */
export function applyLimitsBesideProvider(
  account: Account,
  { balance: _theirs, ...wanted }: UnitLimits,
  now: Instant,
): Posting {
  const { configuredBalance: kept } = account;
  return applyLimits(account, { ...wanted, ...(kept === undefined ? {} : { balance: kept }) }, now);
}

/** Takes a project back: its limits are ours alone again, and its balance what was configured. */
export function forgetProvider(account: Account, now: Instant): Posting {
  const { provider, ...ours } = account;
  if (provider === undefined) return unchanged(account);
  return setBalance(ours, { units: account.configuredBalance ?? null, reason: "configured" }, now);
}

/** Whether the provider has been silent for so long that its last answer is not gone by any more. */
export function isSilent({ provider }: Pick<Account, "provider">, now: Instant): boolean {
  return provider === undefined || now > plusMs(provider.seenAt, limits.providerTrustMs);
}

/**
 * Whether more may fit after a change than before: whoever waits is then to be looked at. Less free
 * or a lower limit holds back those who wait by itself.
 */
export function mayFitMore(before: Account, after: Account): boolean {
  const isMore = (then: number | undefined, now: number | undefined): boolean =>
    (now ?? Infinity) > (then ?? Infinity);
  const [was, is] = [before.provider?.limits, after.provider?.limits];
  return (
    isMore(before.balance, after.balance) ||
    isMore(was?.unitsPerHour, is?.unitsPerHour) ||
    isMore(was?.unitsPerExecution, is?.unitsPerExecution)
  );
}
