import { limits } from "../core/limits.ts";
import type { ProjectId, ScheduleName } from "../core/ids.ts";
import type { ActiveRun } from "../core/run/gate.ts";
import { isAdHoc, type Run } from "../core/run/run.ts";
import type { Reader } from "../ports/store.ts";
import { scanWaiting, scanWaitingOf } from "../records/active-record.ts";
import { sendNudges, type Nudge } from "./nudge.ts";
import type { Services } from "./services.ts";

/** A run that has ended, and the schedules that come after its own. */
export interface EndedRun {
  readonly run: Run;
  readonly followers: readonly ScheduleName[];
}

/**
 * Wakes whoever ended runs may have kept waiting: their projects' runs that wait for limits, first in
 * turn first, the runs behind each in its schedule, and those of schedules that come after it. A hint
 * alone: each is decided on anew, and its timer would bring it without us.
 */
export async function wakeWaiting(
  services: Pick<Services, "store" | "clock" | "queue" | "log">,
  ended: readonly EndedRun[],
): Promise<void> {
  if (ended.length === 0) return;
  const now = services.clock.now();
  const runs = await services.store.snapshot(async (reader) => {
    const projects = [...new Set(ended.map(({ run }) => run.project))];
    const [forLimits, behind] = await Promise.all([
      Promise.all(projects.map(async (project) => await waitingForLimits(reader, project))),
      Promise.all(ended.map(async (each) => await waitingBehind(reader, each))),
    ]);
    return [...forLimits.flat(), ...behind.flat()];
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

async function waitingForLimits(reader: Reader, project: ProjectId): Promise<readonly Woken[]> {
  const waiting = await scanWaiting(reader, project, limits.wakeRuns);
  return waiting.map(({ run }) => ({ run, project }));
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
