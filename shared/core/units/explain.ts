import type { AttemptId } from "../ids.ts";
import { limits } from "../limits.ts";
import { formatDurationMs, HOUR_MS, SECOND_MS } from "../time/duration.ts";
import { formatInstant, instant, plusMs, type Instant } from "../time/instant.ts";
import { limitsInForce, type Account } from "./account.ts";
import { boundOf, type Bound, type TooSmall } from "./bound.ts";
import { fitWindow, type WindowAnswer } from "./hour-window.ts";
import type { Spend } from "./spend.ts";

/** What an attempt asks its project's account for. */
export interface AdmissionRequest {
  readonly attempt: AttemptId;
  /** Units per second; the highest one where the instance type is not settled yet. */
  readonly rate: number;
  readonly timeoutMs: number;
  readonly graceMs: number;
  /** The attempt starts at most this long after its admission, or releases what it holds. */
  readonly startWithinMs: number;
  /** It takes what is left rather than wait: its bound is cut to this, as `unitsPerExecution` would. */
  readonly mostUnits?: number;
}

/** What can make a failed check hold, the worst first. */
export type Relief =
  /** Nothing can, with these limits. */
  | { readonly kind: "never" }
  /** More balance: even if all running work gave back what it holds, it would not be enough. */
  | { readonly kind: "topUp"; readonly missingUnits: number }
  /** The end of running work. */
  | { readonly kind: "settlement" }
  /** Time alone: it holds from then on, whatever running work does. */
  | { readonly kind: "at"; readonly nextEligibleAt: Instant };

/** One rule, the numbers it compared, and a sentence that says them. */
export type Check = {
  readonly rule: "execution" | "balance" | "hour" | "concurrency";
  readonly compared: Readonly<Record<string, number>>;
  readonly sentence: string;
} & ({ readonly holds: true } | { readonly holds: false; readonly relief: Relief });

/**
 * Checks every rule for a request, those after a failed one too. Admission is nothing but this
 * list: a request is admitted when every check holds.
 */
export function checks(
  account: Account,
  request: AdmissionRequest,
  now: Instant,
): readonly [Check, ...Check[]] {
  const { bound, spend } = worstCaseOf(account, request, now);
  return [
    checkExecution(bound),
    checkBalance(account, spend.units),
    checkHour(account, spend),
    checkConcurrency(account),
  ];
}

/**
 * The bound of an attempt, and what it may spend under any start it is allowed. Where no bound
 * fits, the spend is that of one second, so that the other rules have something to compare.
 */
export function worstCaseOf(
  account: Account,
  request: AdmissionRequest,
  now: Instant,
): { readonly bound: Bound | TooSmall; readonly spend: Spend } {
  const { rate, startWithinMs, mostUnits = Infinity } = request;
  const { unitsPerExecution = Infinity } = limitsInForce(account);
  const most = Math.min(unitsPerExecution, mostUnits);
  const bound = boundOf({ ...request, unitsPerExecution: most === Infinity ? undefined : most });
  const units = bound.outcome === "bounded" ? bound.units : rate;
  // Never before the last entry: what it let go of the trailing hour is gone.
  const startAt = instant(Math.max(now, account.at));
  const endAt = plusMs(startAt, startWithinMs + (units / rate) * SECOND_MS);
  return { bound, spend: { startAt, endAt, rate, units } };
}

function checkExecution(bound: Bound | TooSmall): Check {
  const rule = "execution";
  if (bound.outcome === "bounded") {
    const { units, softLimitMs, hardLimitMs } = bound;
    const sentence =
      `Execution: costs ${units} units at most; ` +
      `asked to end after ${formatDurationMs(softLimitMs)}, ` +
      `killed after ${formatDurationMs(hardLimitMs)}.`;
    return { rule, holds: true, compared: { units, softLimitMs, hardLimitMs }, sentence };
  }
  const { unitsPerSecond, unitsPerExecution } = bound;
  const sentence =
    `Execution: one second costs ${unitsPerSecond} units, ` +
    `and unitsPerExecution is ${unitsPerExecution}: it can never start.`;
  const compared = { unitsPerSecond, unitsPerExecution };
  return { rule, holds: false, compared, sentence, relief: { kind: "never" } };
}

function checkBalance({ held, balance }: Account, units: number): Check {
  const rule = "balance";
  if (balance === undefined) {
    return { rule, holds: true, compared: { held, units }, sentence: "Balance: no limit." };
  }
  const compared = { held, units, balance };
  const needed = held + units;
  const sum = `Balance: ${held} held + ${units} for this execution = ${needed} of ${balance} left`;
  if (needed <= balance) return { rule, holds: true, compared, sentence: `${sum}.` };
  const missingUnits = needed - balance;
  const relief: Relief = units > balance ? { kind: "topUp", missingUnits } : { kind: "settlement" };
  const way = relief.kind === "topUp" ? "a top up is needed" : "running work may give enough back";
  const sentence = `${sum}: ${missingUnits} missing; ${way}.`;
  return { rule, holds: false, compared, sentence, relief };
}

function checkHour(account: Account, candidate: Spend): Check {
  const rule = "hour";
  const { unitsPerHour } = limitsInForce(account);
  if (unitsPerHour === undefined) {
    return { rule, holds: true, compared: {}, sentence: "Hour: no limit." };
  }
  const spends = [...account.spends, ...account.open];
  const answer = fitWindow({ spends, candidate, limitUnits: unitsPerHour, windowMs: HOUR_MS });
  const { peakUnits, peakAt, aloneUnits, fitsAt } = answer;
  const compared = { peakUnits, peakAt, aloneUnits, unitsPerHour };
  const fits = fitsAt === candidate.startAt;
  const sentence = hourSentence(answer, unitsPerHour, fits);
  if (fits) return { rule, holds: true, compared, sentence };
  const relief: Relief =
    fitsAt === "never" ? { kind: "never" } : { kind: "at", nextEligibleAt: fitsAt };
  return { rule, holds: false, compared, sentence, relief };
}

function hourSentence(answer: WindowAnswer, unitsPerHour: number, fits: boolean): string {
  const { peakUnits, peakAt, aloneUnits, fitsAt } = answer;
  if (fitsAt === "never") {
    return `Hour: ${aloneUnits} units alone, of ${unitsPerHour} an hour: it can never start.`;
  }
  const hour = `the hour to ${formatInstant(peakAt)}`;
  const peak = `Hour: up to ${peakUnits} of ${unitsPerHour} units in ${hour}`;
  return fits ? `${peak}.` : `${peak}; fits from ${formatInstant(fitsAt)}.`;
}

function checkConcurrency(account: Account): Check {
  const rule = "concurrency";
  const running = account.open.length;
  const most = Math.min(
    limitsInForce(account).concurrentRuns ?? Infinity,
    limits.accountReservations,
  );
  const compared = { running, concurrentRuns: most };
  const sentence = `Concurrency: ${running} of ${most} attempts at once`;
  if (running < most) return { rule, holds: true, compared, sentence: `${sentence}.` };
  const relief: Relief = most > 0 ? { kind: "settlement" } : { kind: "never" };
  return { rule, holds: false, compared, sentence: `${sentence}: none is free.`, relief };
}
