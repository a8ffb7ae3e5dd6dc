import { limits } from "../core/limits.ts";
import type { ProjectId, ScheduleName } from "../core/ids.ts";
import type { ActiveRun } from "../core/run/gate.ts";
import { isAdHoc, type Run } from "../core/run/run.ts";
import type { Instant } from "../core/time/instant.ts";
import { isLow, type Funding } from "../core/units/budget-policy.ts";
import type { Reader } from "../ports/store.ts";
import { scanWaiting, scanWaitingForFunds, scanWaitingOf } from "../records/active-record.ts";
import { waitingInTurn } from "./expected-units.ts";
import { sendNudges, type Nudge } from "./nudge.ts";
import type { Services } from "./services.ts";

/** A run that has ended, and the schedules that come after its own. */
export interface EndedRun {
  readonly run: Run;
  readonly followers: readonly ScheduleName[];
  /** Its project's, where that is known. */
  readonly account?: Funding;
}

/**
 * Wakes whoever ended runs may have kept waiting: their projects' runs that wait for limits, first in
 * turn first, the runs behind each in its schedule, and those of schedules that come after it. Runs
 * that a low balance kept waiting are among them once it is funded: whoever funded it woke the first of
 * them, and the others follow as these end. A hint alone: each is decided on anew, and its timer would
 * bring it without us.
 */
export async function wakeWaiting(
  services: Pick<Services, "store" | "clock" | "queue" | "log">,
  ended: readonly EndedRun[],
): Promise<void> {
  if (ended.length === 0) return;
  const now = services.clock.now();
  const runs = await services.store.snapshot(async (reader) => {
    const projects = [...new Set(ended.map(({ run }) => run.project))];
    const funded = [...new Set(ended.filter(isFunded).map(({ run }) => run.project))];
    const [forLimits, forFunds, behind] = await Promise.all([
      Promise.all(projects.map(async (project) => await waitingForLimits(reader, project, now))),
      Promise.all(funded.map(async (project) => await waitingForFunds(reader, project))),
      Promise.all(ended.map(async (each) => await waitingBehind(reader, each))),
    ]);
    return [...forLimits.flat(), ...forFunds.flat(), ...behind.flat()];
  });
  const told = new Set<string>();
  const nudges = runs
    .filter(({ run }) => !told.has(run) && told.add(run))
    .map(({ run, project }): Nudge => ({ kind: "submit", ref: run, at: now, project }));
  await sendNudges(services, nudges, now);
}

/** A run that waits, and its project where that is known. */
interface Woken {
  readonly run: string;
  readonly project?: ProjectId;
}

async function waitingForLimits(
  reader: Reader,
  project: ProjectId,
  now: Instant,
): Promise<readonly Woken[]> {
  const places = await scanWaiting(reader, project, limits.wakeRuns);
  const waiting = await waitingInTurn(reader, project, { places, now });
  return waiting.map(({ run }) => ({ run, project }));
}

/** The end of a run funds nothing, so those who wait for that are looked for only where it is done. */
function isFunded({ account }: EndedRun): boolean {
  return account?.budget?.lowAt !== undefined && !isLow(account);
}

async function waitingForFunds(reader: Reader, project: ProjectId): Promise<readonly Woken[]> {
  const places = await scanWaitingForFunds(reader, project, limits.wakeRuns);
  return places.map(({ run }) => ({ run, project }));
}

async function waitingBehind(
  reader: Reader,
  { run: ended, followers }: EndedRun,
): Promise<readonly Woken[]> {
  if (isAdHoc(ended)) return [];
  const [own = [], ...others] = await Promise.all(
    [ended.schedule, ...followers].map(async (schedule) => await scanWaitingOf(reader, schedule)),
  );
  const first = (active: readonly ActiveRun[], reason: string) =>
    active.filter((each) => each.reason === reason).slice(0, limits.wakeRuns);
  const waiting = [first(own, "overlap"), ...others.map((active) => first(active, "dependency"))];
  return waiting.flat().map(({ run }) => ({ run }));
}
