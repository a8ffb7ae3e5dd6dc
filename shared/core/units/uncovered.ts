import type { AttemptId } from "../ids.ts";
import { HOUR_MS } from "../time/duration.ts";
import { formatInstant } from "../time/instant.ts";
import { limitsInForce, type Account } from "./account.ts";
import type { Check } from "./explain.ts";
import { fitWindow } from "./hour-window.ts";
import type { HeldReservation } from "./reservation.ts";

type Uncovered = Extract<Check, { holds: false }>;

const GOES_ON = "reserved work goes on to its bound";

/**
 * The limits that an attempt which holds its units is above by now, because they were lowered since:
 * nothing is stopped for it, and nothing new starts. Empty where all it holds is covered.
 */
export function uncovered(account: Account, attempt: AttemptId): readonly Uncovered[] {
  const reservation = account.open.find((each) => each.attempt === attempt);
  if (reservation === undefined) return [];
  const checks = [
    executionUncovered(account, reservation),
    balanceUncovered(account),
    hourUncovered(account, reservation),
    concurrencyUncovered(account),
  ];
  return checks.flatMap((check) => check ?? []);
}

function executionUncovered(account: Account, { units }: HeldReservation): Uncovered | undefined {
  const { unitsPerExecution } = limitsInForce(account);
  if (unitsPerExecution === undefined || units <= unitsPerExecution) return undefined;
  return {
    rule: "execution",
    holds: false,
    compared: { units, unitsPerExecution },
    sentence: `Execution: it holds ${units} units, and unitsPerExecution is ${unitsPerExecution} by now: ${GOES_ON}.`,
    relief: { kind: "settlement" },
  };
}

function balanceUncovered({ held, balance }: Account): Uncovered | undefined {
  if (balance === undefined || held <= balance) return undefined;
  const missingUnits = held - Math.max(0, balance);
  return {
    rule: "balance",
    holds: false,
    compared: { held, balance },
    sentence: `Balance: ${missingUnits} of ${held} held are no longer covered: ${GOES_ON}.`,
    relief: { kind: "topUp", missingUnits: held - balance },
  };
}

function hourUncovered(account: Account, reservation: HeldReservation): Uncovered | undefined {
  const { unitsPerHour } = limitsInForce(account);
  if (unitsPerHour === undefined) return undefined;
  const others = account.open.filter((each) => each !== reservation);
  const { peakUnits, peakAt } = fitWindow({
    spends: [...account.spends, ...others],
    candidate: reservation,
    limitUnits: unitsPerHour,
    windowMs: HOUR_MS,
  });
  if (peakUnits <= unitsPerHour) return undefined;
  return {
    rule: "hour",
    holds: false,
    compared: { peakUnits, peakAt, unitsPerHour },
    sentence: `Hour: up to ${peakUnits} of ${unitsPerHour} units in the hour to ${formatInstant(peakAt)}: ${GOES_ON}.`,
    relief: { kind: "settlement" },
  };
}

function concurrencyUncovered(account: Account): Uncovered | undefined {
  const running = account.open.length;
  const { concurrentRuns } = limitsInForce(account);
  if (concurrentRuns === undefined || running <= concurrentRuns) return undefined;
  return {
    rule: "concurrency",
    holds: false,
    compared: { running, concurrentRuns },
    sentence: `Concurrency: ${running} attempts run, and ${concurrentRuns} may by now: ${GOES_ON}.`,
    relief: { kind: "settlement" },
  };
}
