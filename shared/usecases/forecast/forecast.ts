import { OrreryError } from "../../core/errors.ts";
import type { ProjectId, ScheduleName } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import { stopsAt } from "../../core/forecast/course.ts";
import type { Plan, Projection, ScheduleProjection } from "../../core/forecast/plan.ts";
import { DAY_MS } from "../../core/time/duration.ts";
import { plusMs, type Instant } from "../../core/time/instant.ts";
import { limitsInForce } from "../../core/units/account.ts";
import type { Estimate } from "../../core/units/estimate.ts";
import { followProvider } from "../provider/follow-provider.ts";
import type { Services } from "../services.ts";
import { projectInParts, type Parts } from "./in-parts.ts";
import { readPlan } from "./read-plan.ts";

export type ForecastServices = Pick<Services, "store" | "clock" | "log" | "provider"> & Parts;

export interface ForecastRequest {
  readonly project: ProjectId;
  readonly days: number;
  /** As if these were paused from now on. */
  readonly paused: readonly ScheduleName[];
}

/** What a project's present plan comes to. */
export interface Forecast extends Omit<Projection, "schedules" | "watched"> {
  /** Absent where the project has no balance. */
  readonly balance?: number;
  readonly unitsPerHour?: number;
  readonly schedules: readonly ScheduleForecast[];
}

export interface ScheduleForecast extends ScheduleProjection {
  readonly estimate?: Estimate;
  /** Of the largest spenders: when the balance would end without it, or be low, if it would. */
  readonly without?: { readonly balanceEndsAt?: Instant; readonly isSure: boolean };
}

/**
 * Projects a project's schedules over the days to come, and again without each of its largest spenders
 * where the balance ends. Nothing is written. Throws `SCHEDULE_NOT_FOUND` where something is to be left
 * out that is no schedule of the project.
 */
export async function forecast(
  services: ForecastServices,
  { project, days, paused }: ForecastRequest,
): Promise<Forecast> {
  await followProvider(services, project);
  const now = services.clock.now();
  const start = await services.store.snapshot(
    async (reader) => await readPlan(reader, project, now),
  );
  requireSchedules(start, project, paused);
  const until = plusMs(now, days * DAY_MS);
  const plan: Plan = {
    ...start,
    until,
    paused: new Set(paused),
    stepsMax: limits.projectionSteps,
  };
  const { schedules, watched: _none, ...projection } = await projectInParts(services, plan);
  const changes = await withoutEach(services, plan, { ...projection, schedules });
  const estimates = new Map(start.schedules.map((each) => [each.definition.name, each.estimate]));
  const { balance } = start.account;
  const { unitsPerHour } = limitsInForce(start.account);
  return {
    ...projection,
    ...(balance === undefined ? {} : { balance }),
    ...(unitsPerHour === undefined ? {} : { unitsPerHour }),
    schedules: schedules.map((each) => {
      const estimate = estimates.get(each.schedule);
      const without = changes.get(each.schedule);
      return {
        ...each,
        ...(estimate === undefined ? {} : { estimate }),
        ...(without === undefined ? {} : { without }),
      };
    }),
  };
}

function requireSchedules(
  { schedules }: Pick<Plan, "schedules">,
  project: ProjectId,
  paused: readonly ScheduleName[],
): void {
  const own = schedules.filter(({ definition }) => definition.project === project);
  const missing = paused.find((name) => own.every(({ definition }) => definition.name !== name));
  if (missing === undefined) return;
  throw new OrreryError(
    "SCHEDULE_NOT_FOUND",
    `Project ${project} has no schedule ${missing} to leave out: list them with \`orrery schedules\``,
  );
}

/** When the balance would stop something if one of the largest spenders were paused, for each of those. */
async function withoutEach(
  services: Parts,
  plan: Plan,
  projected: Pick<Projection, "balanceEndsAt" | "lowAt" | "schedules">,
): Promise<ReadonlyMap<ScheduleName, NonNullable<ScheduleForecast["without"]>>> {
  const changes = new Map<ScheduleName, NonNullable<ScheduleForecast["without"]>>();
  if (stopsAt(projected) === undefined) return changes;
  const configured = new Set(plan.schedules.map(({ definition }) => definition.name));
  const largest = projected.schedules
    .filter(({ schedule, starts }) => starts > 0 && configured.has(schedule))
    .slice(0, limits.forecastWithout);
  const stepsMax = Math.floor(limits.forecastWithoutSteps / Math.max(1, largest.length));
  for (const { schedule } of largest) {
    const paused = new Set([...(plan.paused ?? []), schedule]);
    const without = await projectInParts(services, {
      ...plan,
      paused,
      stepsMax,
      toBalanceEnd: true,
    });
    const endsAt = stopsAt(without);
    changes.set(schedule, {
      ...(endsAt === undefined ? {} : { balanceEndsAt: endsAt }),
      isSure: !without.truncated,
    });
  }
  return changes;
}
