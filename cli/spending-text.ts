import { formatInstant } from "../shared/core/time/instant.ts";
import { AD_HOC, OTHERS } from "../shared/core/units/spending.ts";
import type { Spending, SpendingStep } from "../shared/gen/orrery/v1/usage_service_pb.ts";
import { bar, FULL } from "./bar.ts";
import { required } from "./decoded-run.ts";
import { grouped } from "./number-text.ts";
import { oneLine } from "./one-line.ts";
import { sparkline } from "./sparkline.ts";
import { titles, type Cell } from "./table.ts";

const BAR_CHARS = 20;
const SHARE_CHARS = 10;
/** A longer name is cut: a screen of 80 has to hold what stands beside it. */
const NAME_CHARS = 40;

/** How the steps of a stretch compare, in one line with the dearest of them. */
export function sparklineText({ steps }: Spending, by: "hour" | "day"): string {
  const line = sparkline(steps.map(({ units }) => Number(units)));
  const most = steps.reduce<SpendingStep | undefined>(
    (found, step) => (step.units > (found?.units ?? 0n) ? step : found),
    undefined,
  );
  if (most === undefined) return `${line} nothing spent`;
  return `${line} at most ${grouped(most.units)}, ${by === "hour" ? "from" : "on"} ${stepName(most, by)}`;
}

function stepName({ beginsAt }: SpendingStep, by: "hour" | "day"): string {
  const text = formatInstant(required(beginsAt));
  return by === "day" ? text.slice(0, 10) : `${text.slice(0, 10)} ${text.slice(11, 16)}`;
}

/** The steps of a stretch, a row to each. */
export function stepRows({ steps }: Spending, by: "hour" | "day"): readonly (readonly Cell[])[] {
  const most = Math.max(1, ...steps.map(({ units }) => Number(units)));
  const header = titles(by === "day" ? "DAY (UTC)" : "HOUR (UTC)", "UNITS", "EXECUTIONS", "");
  return [
    header,
    ...steps.map((step) => {
      const drawn = bar([{ share: Number(step.units) / most, char: FULL }], BAR_CHARS);
      return [stepName(step, by), grouped(step.units), grouped(step.executions), drawn];
    }),
  ];
}

/** Who spent how much of it, the largest spender first. */
export function scheduleRows({ schedules, units }: Spending): readonly (readonly Cell[])[] {
  const whole = Math.max(1, Number(units));
  return [
    titles("SCHEDULE", "UNITS", "EXECUTIONS", "SHARE"),
    ...schedules.map((each) => {
      const share = Number(each.units) / whole;
      const drawn = bar([{ share, char: FULL }], SHARE_CHARS);
      const percent = share > 0 && share < 0.01 ? "<1%" : `${Math.round(share * 100)}%`;
      return [
        spenderName(each.schedule),
        grouped(each.units),
        grouped(each.executions),
        `${drawn} ${percent}`,
      ];
    }),
  ];
}

function spenderName(schedule: string): string {
  if (schedule === AD_HOC) return "(by callers)";
  return schedule === OTHERS ? "(others)" : oneLine(schedule, NAME_CHARS);
}
