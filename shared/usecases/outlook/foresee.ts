import { limits } from "../../core/limits.ts";
import { stopsAt } from "../../core/forecast/course.ts";
import type { Plan, Projection } from "../../core/forecast/plan.ts";
import { project } from "../../core/forecast/project.ts";
import type { ProjectEvent } from "../../core/notification/project-event.ts";
import { DAY_MS } from "../../core/time/duration.ts";
import { formatInstant, plusMs, type Instant } from "../../core/time/instant.ts";
import type { Outlook } from "../../records/outlook-record.ts";
import { readRoughPlan } from "../forecast/read-plan.ts";
import type { OutlookFacts, OutlookResult, OutlookStep } from "./outlook-step.ts";

/**
 * Works out when a project's balance first stops something at its present plan, and tells it once
 * where that is sooner than its budget wants to know; again only after it was over. A project without
 * a balance, or whose budget does not want to know, costs nothing. A plan that is too large to look through is looked at as far as that goes: an end that is
 * not seen then is not told, and one that was told stays so.
 */
export const foresee: OutlookStep = async (reader, facts) => {
  const { account, outlook, now } = facts;
  const { balance, budget } = account;
  if (balance === undefined || budget?.warnAheadMs === undefined) {
    return { outlook: withoutForecast(outlook), events: [] };
  }
  const start = await readRoughPlan(reader, facts);
  const plan: Plan = {
    ...start,
    until: plusMs(now, Math.max(limits.forecastDays * DAY_MS, budget.warnAheadMs)),
    stepsMax: limits.foreseeSteps,
    toBalanceEnd: true,
  };
  const foreseen = project(plan);
  return told(facts, { plan, warnAheadMs: budget.warnAheadMs }, foreseen);
};

function withoutForecast(outlook: Outlook): Outlook {
  const { balanceEndsAt: _end, forecastTold: _told, ...rest } = outlook;
  return outlook.balanceEndsAt === undefined && outlook.forecastTold === undefined ? outlook : rest;
}

function told(
  { outlook, now }: OutlookFacts,
  { plan, warnAheadMs }: { readonly plan: Plan; readonly warnAheadMs: number },
  foreseen: Projection,
): OutlookResult {
  const balanceEndsAt = stopsAt(foreseen);
  const rest = withoutForecast(outlook);
  const after = balanceEndsAt === undefined ? rest : { ...rest, balanceEndsAt };
  const isSoon = balanceEndsAt !== undefined && balanceEndsAt <= plusMs(now, warnAheadMs);
  if (!isSoon) {
    const isUnsure = foreseen.truncated && outlook.forecastTold === true;
    return { outlook: isUnsure ? { ...after, forecastTold: true } : after, events: [] };
  }
  const events =
    outlook.forecastTold === true ? [] : [eventOf({ plan, now }, { ...foreseen, balanceEndsAt })];
  return { outlook: { ...after, forecastTold: true }, events };
}

/** Who spends most until then, and what it would change if the first of them were paused. */
function eventOf(
  { plan, now }: { readonly plan: Plan; readonly now: Instant },
  foreseen: Projection & { readonly balanceEndsAt: Instant },
): ProjectEvent {
  const { account } = plan;
  const spenders = foreseen.schedules
    .filter(({ plannedUnits }) => plannedUnits > 0)
    .slice(0, limits.forecastTellsSchedules);
  const [first] = spenders;
  const without =
    first && project({ ...plan, paused: new Set([first.schedule]), toBalanceEnd: true });
  const endsWithoutAt = without && stopsAt(without);
  return {
    type: "budget.forecast",
    project: account.project,
    at: now,
    key: String(now),
    data: {
      balance: account.balance,
      balanceEndsAt: formatInstant(foreseen.balanceEndsAt),
      isLowThen: foreseen.lowAt === foreseen.balanceEndsAt,
      plannedUnits: foreseen.plannedUnits,
      schedules: spenders.map(({ schedule, plannedUnits }) => ({ schedule, plannedUnits })),
      ...(first === undefined || without?.truncated === true
        ? {}
        : {
            withoutFirst: {
              schedule: first.schedule,
              ...(endsWithoutAt === undefined
                ? { lastsUntil: formatInstant(plan.until) }
                : { balanceEndsAt: formatInstant(endsWithoutAt) }),
            },
          }),
    },
  };
}
