import { assertNever } from "../assert.ts";
import type { ProjectId, ScheduleName } from "../ids.ts";
import { matchesPattern } from "../notification/match.ts";
import { isFinal } from "../run/run.ts";
import { DAY_MS } from "../time/duration.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import { localTime } from "../time/local-time.ts";
import { localAt, localToInstants, zoneNamed } from "../time/zone.ts";
import type { SimulatedRun } from "./simulated-run.ts";
import { waitMs, type Summary } from "./summary.ts";

/** What a schedules file says must hold whenever it is simulated. */
export type Assertion =
  | {
      readonly kind: "neverOverlaps";
      /** Schedules, one by one: a name, or a pattern with `*`. */
      readonly schedules: string;
    }
  | {
      readonly kind: "doneBefore";
      readonly schedules: string;
      /** Milliseconds from local midnight, in the schedule's zone, of the day of the nominal time. */
      readonly timeOfDayMs: number;
    }
  | { readonly kind: "maxWait"; readonly schedules: string; readonly waitMs: number }
  | { readonly kind: "alwaysStarts"; readonly schedules: string }
  | { readonly kind: "peakPerHour"; readonly project: ProjectId; readonly units: number }
  | { readonly kind: "balanceLasts"; readonly project: ProjectId };

/** An assertion that does not hold, and the first that shows it. */
export interface Violation {
  readonly assertion: Assertion;
  readonly sentence: string;
}

/** What assertions are held against. */
export interface Played {
  readonly runs: readonly SimulatedRun[];
  readonly until: Instant;
  readonly summary: Summary;
  readonly schedules: readonly { readonly name: ScheduleName; readonly timezone: string }[];
}

/** Those that do not hold, each with how often and the first time; none where all hold. */
export function violations(assertions: readonly Assertion[], played: Played): readonly Violation[] {
  const bySchedule = Map.groupBy(played.runs, ({ schedule }) => schedule);
  return assertions.flatMap((assertion): readonly Violation[] => {
    const sentences =
      "project" in assertion
        ? ofProject(assertion, played.summary)
        : played.schedules
            .filter(({ name }) => matchesPattern(assertion.schedules, name))
            .flatMap(({ name, timezone }) =>
              ofSchedule(assertion, { ...played, runs: bySchedule.get(name) ?? [], timezone }),
            );
    return sentences.map((sentence) => ({ assertion, sentence }));
  });
}

type OfSchedule = Extract<Assertion, { readonly schedules: string }>;
type OfProject = Exclude<Assertion, OfSchedule>;

interface PlayedSchedule extends Pick<Played, "runs" | "until"> {
  readonly timezone: string;
}

function ofSchedule(assertion: OfSchedule, played: PlayedSchedule): readonly string[] {
  const { runs } = played;
  const wrong = runs.filter((run, index) => isWrong(assertion, run, { ...played, index }));
  const [first] = wrong;
  if (first === undefined) return [];
  const { schedule, nominalAt } = first;
  const others = wrong.length === 1 ? "" : `, and ${wrong.length - 1} more of ${runs.length}`;
  return [`${schedule} ${FAILED[assertion.kind]}: that of ${formatInstant(nominalAt)}${others}`];
}

const FAILED: Readonly<Record<OfSchedule["kind"], string>> = {
  neverOverlaps: "has runs that overlap",
  doneBefore: "has runs that are not done in time",
  maxWait: "has runs that wait longer",
  alwaysStarts: "has runs that never start",
};

function isWrong(
  assertion: OfSchedule,
  run: SimulatedRun,
  { runs, index, until, timezone }: PlayedSchedule & { readonly index: number },
): boolean {
  switch (assertion.kind) {
    case "neverOverlaps":
      return runs.slice(index + 1, index + 1 + NEIGHBOURS).some((next) => overlap(run, next));
    case "doneBefore": {
      const byAt = doneBy(run, assertion.timeOfDayMs, timezone);
      return byAt !== undefined && byAt <= until && !isDoneBy(run, byAt);
    }
    case "maxWait":
      return (
        waitMs(run) > assertion.waitMs ||
        (isUnstarted(run) && run.effectiveAt + assertion.waitMs < until)
      );
    case "alwaysStarts":
      return isUnstarted(run) && isFinal(run.state);
    default:
      return assertNever(assertion);
  }
}

/** How many occurrences later another one may still run into an earlier one that waited. */
const NEIGHBOURS = 100;

const isUnstarted = ({ attempts }: SimulatedRun): boolean => attempts.length === 0;

function overlap(a: SimulatedRun, b: SimulatedRun): boolean {
  return a.attempts.some((one) =>
    b.attempts.some((other) => one.startedAt < other.endedAt && other.startedAt < one.endedAt),
  );
}

/** The time of day on the day of the nominal time, or on the next where that day is past it. */
function doneBy(
  { nominalAt }: SimulatedRun,
  timeOfDayMs: number,
  timezone: string,
): Instant | undefined {
  const zone = zoneNamed(timezone);
  if (zone === undefined) return undefined;
  const local = localAt(zone, nominalAt);
  const midnight = local - (local % DAY_MS);
  const wanted = midnight + timeOfDayMs;
  const byLocal = localTime(wanted < local ? wanted + DAY_MS : wanted);
  const places = localToInstants(zone, byLocal);
  return places.kind === "gap" ? places.endAt : places.instants[0];
}

function isDoneBy({ state, attempts }: SimulatedRun, byAt: Instant): boolean {
  const last = attempts.at(-1);
  return isFinal(state) && last !== undefined && last.endedAt <= byAt;
}

function ofProject(assertion: OfProject, { projects }: Summary): readonly string[] {
  const found = projects.find(({ project }) => project === assertion.project);
  switch (assertion.kind) {
    case "peakPerHour": {
      const peak = found?.peak;
      if (peak === undefined || peak.units <= assertion.units) return [];
      const hour = `the hour to ${formatInstant(peak.at)}`;
      return [
        `${assertion.project} spends ${peak.units} units in ${hour}, more than ${assertion.units}`,
      ];
    }
    case "balanceLasts": {
      const { balanceEndsAt, lowAt } = found ?? {};
      if (balanceEndsAt !== undefined) {
        return [`The balance of ${assertion.project} ends at ${formatInstant(balanceEndsAt)}`];
      }
      if (lowAt === undefined) return [];
      return [`The balance of ${assertion.project} is low from ${formatInstant(lowAt)} on`];
    }
    default:
      return assertNever(assertion);
  }
}
