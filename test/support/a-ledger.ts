import fc from "fast-check";
import { attemptIdOf, runIdOf, scheduleName, type AttemptId } from "../../shared/core/ids.ts";
import { MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { plusMs } from "../../shared/core/time/instant.ts";
import {
  adjust,
  release,
  setBalance,
  settle,
  topUp,
  type Account,
  type Posting,
} from "../../shared/core/units/account.ts";
import { admit } from "../../shared/core/units/admission.ts";
import type { Entry } from "../../shared/core/units/ledger.ts";
import { aRequest, anAccount, at } from "./account-builder.ts";

/** Something that happens to an account, and how long after what happened before. */
type Happening = { readonly afterMs: number } & (
  | { readonly kind: "admit"; readonly rate: number; readonly timeoutMs: number }
  | { readonly kind: "settle"; readonly pick: number; readonly ranMs: number }
  | { readonly kind: "release"; readonly pick: number }
  | { readonly kind: "topUp" | "adjust"; readonly units: number }
  | { readonly kind: "setBalance"; readonly units: number | null }
);

/** An account after its life, and every entry that it led to. */
export interface Ledger {
  readonly account: Account;
  readonly entries: readonly Entry[];
}

/** The n-th run's only attempt. */
export const attemptOf = (number: number): AttemptId =>
  attemptIdOf(
    runIdOf({ schedule: scheduleName("nightly"), nominalAt: at("00:00") }, `${number}`),
    1,
  );

/** Lives through what happens, from midnight on. What does not fit is not admitted. */
export function aLedger(happenings: readonly Happening[]): Ledger {
  let account = anAccount({});
  let now = at("00:00");
  const entries: Entry[] = [];
  for (const [number, happening] of happenings.entries()) {
    now = plusMs(now, happening.afterMs);
    const posting = postingOf(account, happening, { number, now });
    account = posting.account;
    entries.push(...posting.entries);
  }
  return { account, entries };
}

function postingOf(
  account: Account,
  happening: Happening,
  { number, now }: { readonly number: number; readonly now: ReturnType<typeof at> },
): Posting {
  const reason = "by a test";
  switch (happening.kind) {
    case "admit": {
      const { rate, timeoutMs } = happening;
      const request = aRequest({ attempt: attemptOf(number), rate, timeoutMs });
      const admission = admit(account, request, now);
      return admission.outcome === "admitted" ? admission : { account, entries: [] };
    }
    case "settle":
    case "release": {
      const held = account.open[happening.pick % Math.max(1, account.open.length)];
      if (held === undefined) return { account, entries: [] };
      if (happening.kind === "release") return release(account, held.attempt, "lost", now);
      const { startAt: startedAt, rate } = held;
      const usage = { startedAt, finishedAt: plusMs(startedAt, happening.ranMs), rate };
      return settle(account, held.attempt, usage, now);
    }
    case "topUp":
      return topUp(account, { units: happening.units, reason }, now);
    case "adjust":
      return adjust(account, { units: -happening.units, reason }, now);
    case "setBalance":
      return setBalance(account, { units: happening.units, reason }, now);
  }
}

const afterMs = fc.integer({ min: 1, max: 20 * MINUTE_MS });
const units = fc.integer({ min: 1, max: 40_000 });
const pick = fc.nat(20);

/** Lives of an account: work of seconds to minutes, some of which overruns, and hands at its balance. */
export const happenings: fc.Arbitrary<readonly Happening[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("admit" as const),
        afterMs,
        rate: fc.constantFrom(4, 72),
        timeoutMs: fc.integer({ min: SECOND_MS, max: 10 * MINUTE_MS }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("settle" as const),
        afterMs,
        pick,
        ranMs: fc.integer({ min: 0, max: 12 * MINUTE_MS }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("release" as const), afterMs, pick }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constantFrom("topUp" as const, "adjust" as const),
        afterMs,
        units,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("setBalance" as const),
        afterMs,
        units: fc.option(fc.integer({ min: 10_000, max: 200_000 })),
      }),
    },
  ),
  { minLength: 5, maxLength: 40 },
);
