import { formatDurationMs, HOUR_MS } from "../time/duration.ts";
import type { Instant } from "../time/instant.ts";
import type { Account } from "./account.ts";
import type { ProviderLook } from "./mirror.ts";

/**
 * What may have been spent of a project without our knowing: by work that was started elsewhere, or
 * by our own beyond what it holds.
 */
export interface Exposure {
  /** When the provider was last asked. */
  readonly lookedAt: Instant;
  readonly ageMs: number;
  /**
   * Of the balance: units that the provider no longer has. Our own running work has spent them, or
   * others have; they are told apart once it has ended.
   */
  readonly untoldUnits: number;
  /** What others may have spent since the look, at most; absent where no limit of theirs bounds it. */
  readonly elsewhereUnits?: number;
}

/** How much of an account may be spent already, by the last look at its provider. */
export function exposureOf(
  { balance }: Pick<Account, "balance">,
  look: ProviderLook,
  now: Instant,
): Exposure {
  const { balance: theirs, limits, askedAt } = look;
  const ageMs = Math.max(0, now - askedAt);
  const untoldUnits =
    balance === undefined || theirs === undefined ? 0 : Math.max(0, balance - theirs);
  // A burst may take a whole hour's limit at once, and another one as the hour turns.
  const hours = Math.floor(ageMs / HOUR_MS) + 1;
  const most = Math.min(
    Math.max(0, theirs ?? Infinity),
    Math.max(0, (limits.unitsPerHour ?? Infinity) * hours),
  );
  const elsewhere = most === Infinity ? {} : { elsewhereUnits: most };
  return { lookedAt: askedAt, ageMs, untoldUnits, ...elsewhere };
}

/** A line of an explanation that no admission goes by but where the provider is silent. */
export type ProviderCheck = {
  readonly rule: "provider";
  readonly compared: Readonly<Record<string, number>>;
  readonly sentence: string;
} & ({ readonly holds: true } | { readonly holds: false; readonly relief: { kind: "answer" } });

/** Says how old the last look is, and what it leaves open. */
export function exposureCheck(exposure: Exposure): ProviderCheck {
  const { ageMs, untoldUnits, elsewhereUnits } = exposure;
  const untold =
    untoldUnits === 0 ? "" : `; ${untoldUnits} units of the balance may be spent already`;
  const most = elsewhereUnits === undefined ? "without limit" : `up to ${elsewhereUnits} units`;
  const sentence = `Provider: asked ${formatDurationMs(ageMs)} ago${untold}; work elsewhere may have spent ${most} since.`;
  const known = elsewhereUnits === undefined ? {} : { elsewhereUnits };
  return { rule: "provider", holds: true, compared: { ageMs, untoldUnits, ...known }, sentence };
}

/** Says that nothing is known of the provider by now, and why. */
export function silenceCheck(text: string): ProviderCheck {
  return {
    rule: "provider",
    holds: false,
    compared: {},
    sentence: `Provider: ${text}`,
    relief: { kind: "answer" },
  };
}
