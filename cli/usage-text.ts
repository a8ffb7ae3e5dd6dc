import { formatDurationMs, SECOND_MS } from "../shared/core/time/duration.ts";
import { formatInstant } from "../shared/core/time/instant.ts";
import type { Budget, Usage } from "../shared/gen/orrery/v1/usage_service_pb.ts";
import { bar, FULL, HELD } from "./bar.ts";
import { required } from "./decoded-run.ts";
import { grouped } from "./number-text.ts";
import { counted } from "./one-line.ts";
import type { Cell } from "./table.ts";

const BAR_CHARS = 20;

/** How a project stands now, a row to each thing. */
export function usageRows(usage: Usage): readonly (readonly Cell[])[] {
  const { heldUnits, runningAttempts, budget } = usage;
  return [
    ["Project", usage.project],
    ["Limits", limitsText(usage)],
    ["Balance", balanceText(usage)],
    ...(budget === undefined ? [] : [["Budget", budgetText(budget)]]),
    [
      "Held",
      `${grouped(heldUnits)} units, by ${counted(Number(runningAttempts), "running attempt")}`,
    ],
    ["Last hour", lastHourText(usage)],
    ["Today", `${grouped(usage.spentTodayUnits)} units spent`],
    ["This month", `${grouped(usage.spentMonthUnits)} units spent`],
    ...providerRows(usage),
  ];
}

function limitsText({ unitsPerHour, unitsPerExecution, concurrentRuns }: Usage): string {
  const parts = [
    ...(unitsPerHour === undefined ? [] : [`${grouped(unitsPerHour)} units an hour`]),
    ...(unitsPerExecution === undefined
      ? []
      : [`${grouped(unitsPerExecution)} units an execution`]),
    ...(concurrentRuns === undefined ? [] : [`${counted(Number(concurrentRuns), "run")} at once`]),
  ];
  return parts.length === 0 ? "none" : parts.join(", ");
}

/** What is free, what is held, and what is gone of what the balance last was. */
function balanceText({ balance, fundedUnits, heldUnits }: Usage): string {
  if (balance === undefined) return "no limit";
  const left = `${grouped(balance)} units left`;
  if (fundedUnits === undefined || fundedUnits <= 0n) return left;
  const share = (units: bigint): number => Number(units) / Number(fundedUnits);
  const held = heldUnits < balance ? heldUnits : balance;
  const parts = [
    { share: share(balance - held), char: FULL },
    { share: share(held), char: HELD },
  ];
  return `${bar(parts, BAR_CHARS)} ${grouped(balance)} of ${grouped(fundedUnits)} units left`;
}

function budgetText({ warnAtPercent, warnAheadSeconds, lowAtUnits, low }: Budget): string {
  const ahead = formatDurationMs(Number(warnAheadSeconds) * SECOND_MS);
  const parts = [
    ...(lowAtUnits === undefined
      ? []
      : [`${low ? "low, which is" : "low"} below ${grouped(lowAtUnits)} units`]),
    ...(warnAtPercent.length === 0
      ? []
      : [`warns at ${warnAtPercent.map((each) => `${each}%`).join(", ")}`]),
    ...(warnAheadSeconds === 0n ? [] : [`warns ${ahead} before the balance ends`]),
  ];
  return parts.length === 0 ? "says nothing" : parts.join("; ");
}

function lastHourText({ spentLastHourUnits: spent, unitsPerHour }: Usage): string {
  if (unitsPerHour === undefined) return `${grouped(spent)} units spent`;
  const share = unitsPerHour === 0n ? 1 : Number(spent) / Number(unitsPerHour);
  const drawn = bar([{ share, char: FULL }], BAR_CHARS);
  return `${drawn} ${grouped(spent)} of ${grouped(unitsPerHour)} units spent`;
}

/** What DataSphere was asked for and what that leaves open, where it owns the project. */
function providerRows({ exposure, unanswered }: Usage): readonly (readonly Cell[])[] {
  const rows: (readonly Cell[])[] = [];
  if (exposure !== undefined) {
    const { lookedAt, untoldUnits, elsewhereUnits } = exposure;
    const most =
      elsewhereUnits === undefined ? "without limit" : `up to ${grouped(elsewhereUnits)} units`;
    const untold = untoldUnits === 0n ? "" : `; ${grouped(untoldUnits)} units may be spent already`;
    const asked = formatInstant(required(lookedAt));
    rows.push(["DataSphere", `asked at ${asked}${untold}; spent elsewhere since: ${most}`]);
  }
  if (unanswered !== "") rows.push(["No answer", unanswered]);
  return rows;
}
