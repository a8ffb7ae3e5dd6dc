import { describe, expect, it } from "vitest";
import {
  releaseReservation,
  settleReservation,
  type HeldReservation,
  type Reservation,
} from "../../../shared/core/units/reservation.ts";
import { at, nightly } from "../../support/account-builder.ts";

const held: HeldReservation = {
  state: "held",
  attempt: nightly(1),
  startAt: at("12:00"),
  endAt: at("12:10"),
  rate: 4,
  units: 2_400,
};
const usage = { startedAt: at("12:00"), finishedAt: at("12:01:00.200"), rate: 4 };
const settled = settleReservation(held, usage);
const released = releaseReservation(held);

describe("a held reservation", () => {
  it("settles at what was spent, every second that began", () => {
    const spend = { startAt: at("12:00"), endAt: at("12:01:01"), rate: 4, units: 244 };

    expect(settled).toEqual({
      state: "settled",
      attempt: nightly(1),
      spend,
      coveredUnits: 244,
      overrunUnits: 0,
    });
  });

  it.each([
    ["costs exactly what was held", "12:10", 4, 2_400, 0],
    ["runs a second too long", "12:10:00.001", 4, 2_400, 4],
    ["ran on a dearer instance", "12:10", 8, 2_400, 2_400],
    ["ended as it began", "12:00", 4, 0, 0],
    ["ended before it began, by its clock", "11:59", 4, 0, 0],
  ])("covers what it holds when the work %s", (...[, time, rate, coveredUnits, overrunUnits]) => {
    const reservation = settleReservation(held, { ...usage, finishedAt: at(time), rate });

    expect(reservation).toMatchObject({ state: "settled", coveredUnits, overrunUnits });
  });

  it("is released without a spend", () => {
    expect(released).toEqual({ state: "released", attempt: nightly(1) });
  });
});

describe("a closed reservation", () => {
  const closings: readonly [string, (reservation: Reservation) => Reservation][] = [
    ["settled", (reservation) => settleReservation(reservation, { ...usage, rate: 8 })],
    ["released", releaseReservation],
  ];

  it.each(closings)("stays as it is when it was settled and is %s", (_how, close) => {
    expect(close(settled)).toBe(settled);
  });

  it.each(closings)("stays as it is when it was released and is %s", (_how, close) => {
    expect(close(released)).toBe(released);
  });
});
