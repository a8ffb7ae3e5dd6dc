import { assertNever } from "../assert.ts";
import type { AttemptId } from "../ids.ts";
import { plusMs, type Instant } from "../time/instant.ts";
import { billedMs, unitsFor } from "./rates.ts";
import type { Spend } from "./spend.ts";

/**
 * Units held for one attempt: held → settled | released.
 *
 * R1 An attempt has one reservation, named by the attempt.
 * R2 A closed reservation never moves: closing it again, either way, gives it back as it is.
 */
export type Reservation = HeldReservation | SettledReservation | ReleasedReservation;

/** The spend is the worst case: any start the attempt may have, for as long as its bound allows. */
export interface HeldReservation extends Spend {
  readonly state: "held";
  readonly attempt: AttemptId;
}

interface SettledReservation {
  readonly state: "settled";
  readonly attempt: AttemptId;
  /** What was really spent. */
  readonly spend: Spend;
  /** The part of it that was held. */
  readonly coveredUnits: number;
  /** The part of it that nobody held: zero unless a bound was not enforced. */
  readonly overrunUnits: number;
}

interface ReleasedReservation {
  readonly state: "released";
  readonly attempt: AttemptId;
}

/** What an execution turned out to be. */
export interface Usage {
  readonly startedAt: Instant;
  readonly finishedAt: Instant;
  /** Units per second of the instance it ran on. */
  readonly rate: number;
}

/** Replaces what was held by what was spent. A closed reservation stays as it is. */
export function settleReservation(reservation: Reservation, usage: Usage): Reservation {
  switch (reservation.state) {
    case "held": {
      const spend = spendOf(usage);
      const coveredUnits = Math.min(spend.units, reservation.units);
      const overrunUnits = spend.units - coveredUnits;
      const { attempt } = reservation;
      return { state: "settled", attempt, spend, coveredUnits, overrunUnits };
    }
    case "settled":
    case "released":
      return reservation;
    default:
      return assertNever(reservation);
  }
}

/** Gives back what was held for an attempt that never ran. A closed reservation stays as it is. */
export function releaseReservation(reservation: Reservation): Reservation {
  switch (reservation.state) {
    case "held":
      return { state: "released", attempt: reservation.attempt };
    case "settled":
    case "released":
      return reservation;
    default:
      return assertNever(reservation);
  }
}

function spendOf({ startedAt, finishedAt, rate }: Usage): Spend {
  const ranMs = finishedAt - startedAt;
  const endAt = plusMs(startedAt, billedMs(ranMs));
  return { startAt: startedAt, endAt, rate, units: unitsFor(ranMs, rate) };
}
