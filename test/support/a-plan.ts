import fc from "fast-check";
import type { Configuration } from "../../shared/core/project/configuration.ts";
import type { UnitLimits } from "../../shared/core/project/project-settings.ts";
import type { ScheduleDefinition } from "../../shared/core/schedule/schedule-definition.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { aSchedule, PROJECT } from "./builders.ts";
import { aTiming } from "./timing-builder.ts";

/** At most as long as a message can be under way that tells of the end. */
const RUN_TIMES_MS = [2, 40, 90, 333, 600, 888].map((s) => s * SECOND_MS);

/** What `aPlannedSchedule` makes of numbers drawn by chance; all of them always give a schedule. */
interface Drawn {
  readonly everyMinutes: number;
  readonly runsMs: number;
  readonly spareMs: number;
  readonly overlap: "skip" | "queue-one" | "queue-all" | "allow";
  readonly onLimit: ScheduleDefinition["onLimit"];
  readonly priority: ScheduleDefinition["priority"];
  readonly deadlineMinutes: number | undefined;
  readonly concurrentRuns: number | undefined;
  readonly atLowBalance: ScheduleDefinition["atLowBalance"];
  /** Comes after the schedule before it: on a clock of its own, or at each of its ends. */
  readonly after: "clock" | "end" | undefined;
  readonly condition: "succeeded" | "finished" | "failed";
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  everyMinutes: fc.constantFrom(5, 10, 20, 60),
  runsMs: fc.constantFrom(...RUN_TIMES_MS),
  spareMs: fc.constantFrom(MINUTE_MS, 10 * MINUTE_MS, HOUR_MS),
  overlap: fc.constantFrom("skip", "queue-one", "queue-all", "allow"),
  onLimit: fc.constantFrom("wait", "wait", "wait", "skip", "fail"),
  priority: fc.constantFrom("critical", "normal", "normal", "low"),
  deadlineMinutes: fc.constantFrom(undefined, undefined, 7, 35),
  concurrentRuns: fc.constantFrom(undefined, undefined, 2),
  atLowBalance: fc.constantFrom<ScheduleDefinition["atLowBalance"][]>(
    undefined,
    undefined,
    "run",
    "skip",
    {
      atMostEveryMs: 45 * MINUTE_MS,
    },
  ),
  after: fc.constantFrom(undefined, undefined, undefined, "clock", "end"),
  condition: fc.constantFrom("succeeded", "succeeded", "finished", "failed"),
});

/** A schedule that comes due at seconds of its own, so that no two runs are due at one instant. */
function aPlannedSchedule(each: Drawn, index: number): ScheduleDefinition {
  const { everyMinutes, runsMs, deadlineMinutes, concurrentRuns, atLowBalance } = each;
  const everyMs = everyMinutes * MINUTE_MS;
  const offsetMs = index * (2 * MINUTE_MS + 11 * SECOND_MS) + 5 * SECOND_MS;
  const timing = aTiming({ when: [{ kind: "every", everyMs, offsetMs: offsetMs % everyMs }] });
  const after = index === 0 ? undefined : each.after;
  return aSchedule({
    name: nameOf(index),
    timing: after === "end" ? null : timing,
    timeoutMs: runsMs + each.spareMs,
    overlap: each.overlap,
    onLimit: each.onLimit,
    priority: each.priority,
    estimate: { durationMs: runsMs },
    ...(deadlineMinutes === undefined ? {} : { startDeadlineMs: deadlineMinutes * MINUTE_MS }),
    ...(concurrentRuns === undefined || each.overlap === "allow" ? {} : { concurrentRuns }),
    ...(atLowBalance === undefined ? {} : { atLowBalance }),
    ...(after === undefined ? {} : { after: { [nameOf(index - 1)]: each.condition } }),
  });
}

const nameOf = (index: number): string => `s${index}`;

const unitsPerHour = fc.integer({ min: 2_000, max: 60_000 });

const someLimits: fc.Arbitrary<UnitLimits> = fc.record(
  {
    unitsPerExecution: fc.integer({ min: 4_000, max: 20_000 }),
    balance: fc.integer({ min: 3_000, max: 200_000 }),
    concurrentRuns: fc.integer({ min: 1, max: 3 }),
  },
  { requiredKeys: [] },
);

/** A project of up to five schedules with limits, whose executions take what is estimated. */
export const aRandomPlan = planWith(someLimits, drawn);

/** The same with a limit of the hour, for which all of its schedules wait. */
export const anHourlyPlan = planWith(
  fc.tuple(someLimits, unitsPerHour).map(([some, hour]) => ({ ...some, unitsPerHour: hour })),
  drawn.map((each) => ({ ...each, onLimit: "wait", deadlineMinutes: undefined })),
);

function planWith(
  limits: fc.Arbitrary<UnitLimits>,
  schedules: fc.Arbitrary<Drawn>,
): fc.Arbitrary<Configuration> {
  return fc
    .record({
      schedules: fc.array(schedules, { minLength: 1, maxLength: 5 }),
      limits,
      lowPercent: fc.constantFrom(undefined, undefined, 50),
    })
    .map(({ schedules, limits, lowPercent }) => {
      const lowAt = lowPercent === undefined ? undefined : { percent: lowPercent };
      const budget = lowAt === undefined ? {} : { budget: { warnAtPercent: [], lowAt } };
      return {
        projects: [{ project: PROJECT, limits, ...budget }],
        rates: {},
        schedules: schedules.map(aPlannedSchedule),
        subscriptions: [],
      };
    });
}
