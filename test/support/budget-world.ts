import { deepStrictEqual } from "node:assert";
import type { AnyJson } from "../../shared/core/json.ts";
import type { Configuration } from "../../shared/core/project/configuration.ts";
import type { UnitLimits } from "../../shared/core/project/project-settings.ts";
import type { ScheduleDefinition } from "../../shared/core/schedule/schedule-definition.ts";
import { MINUTE_MS } from "../../shared/core/time/duration.ts";
import type { BudgetPolicy } from "../../shared/core/units/budget-policy.ts";
import { setUnitBalance } from "../../shared/usecases/projects/set-unit-balance.ts";
import { aConfiguration, aSchedule, aSubscription, PROJECT } from "./builders.ts";
import type { World } from "./world.ts";

/** Ten minutes and ten seconds of grace at 4 units a second: what a run of `small` holds. */
export const HELD = 2_440;

/** Started by nobody's clock, as often as somebody asks. */
export function untimed(
  name: string,
  fields: Parameters<typeof aSchedule>[0] = {},
): ScheduleDefinition {
  return aSchedule({
    name,
    timing: null,
    overlap: "allow",
    timeoutMs: 10 * MINUTE_MS,
    ...fields,
  });
}

export interface Budgeted {
  readonly limits?: UnitLimits;
  readonly budget?: BudgetPolicy;
  readonly schedules?: readonly ScheduleDefinition[];
  readonly rest?: Partial<Configuration>;
}

/** A configuration with limits and a budget for `demo`, and a webhook that hears of every budget. */
export function budgeted({ limits = {}, budget, ...given }: Budgeted): Configuration {
  const on = ["budget.threshold", "budget.low", "budget.refused"] as const;
  const { schedules = [untimed("small")], rest } = given;
  return {
    ...aConfiguration({ schedules, subscriptions: [aSubscription({ on })] }),
    projects: [{ project: PROJECT, limits, ...(budget === undefined ? {} : { budget }) }],
    ...rest,
  };
}

/** Sets the balance of `demo` as a caller of the API does. */
export async function setBalanceTo(world: World, units: number | null): Promise<void> {
  const request = { project: PROJECT, units, response: {} as AnyJson };
  await setUnitBalance(world.services, { ...request, caller: { kind: "platform" } });
}

/** What the webhook was told of budgets so far: a word and the number that matters each. */
export function heard(world: World): readonly string[] {
  return world.webhook.received.map(({ body }) => {
    const { type, data } = JSON.parse(body) as {
      readonly type: string;
      readonly data: Readonly<Record<string, unknown>>;
    };
    switch (type) {
      case "orrery.budget.threshold.v1":
        return `${String(data["percent"])}% at ${String(data["balance"])}`;
      case "orrery.budget.low.v1":
        return `${data["low"] === true ? "low" : "funded"} at ${String(data["balance"])}`;
      default:
        return `${type} ${(data["reason"] as { readonly code: string }).code}`;
    }
  });
}

/** Asserts that nothing was told twice: ids of events are their receivers' means to drop repeats. */
export function expectNoRepeats(world: World): void {
  const ids = world.webhook.received.map(({ body }) => (JSON.parse(body) as { id: string }).id);
  deepStrictEqual([...new Set(ids)], ids);
}
