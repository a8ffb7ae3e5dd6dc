import { limits } from "../core/limits.ts";
import type { ScheduleName } from "../core/ids.ts";
import type { ActiveRun } from "../core/run/gate.ts";
import { isAdHoc, type Run } from "../core/run/run.ts";
import type { Reader } from "../ports/store.ts";
import { scanWaiting, scanWaitingOf } from "../records/active-record.ts";
import { sendNudges, type Nudge } from "./nudge.ts";
import type { Services } from "./services.ts";

/**
 * Wakes whoever an ended run may have kept waiting: the project's runs that wait for its limits,
 * first in turn first, the runs behind it in its schedule, and those of schedules that come after
 * it. A hint alone: each is decided on anew, and its timer would bring it without us.
 */
export async function wakeWaiting(
  services: Pick<Services, "store" | "clock" | "queue" | "log">,
  ended: Run,
  followers: readonly ScheduleName[],
): Promise<void> {
  const now = services.clock.now();
  const runs = await services.store.snapshot(async (reader) => {
    const [forLimits, behind] = await Promise.all([
      scanWaiting(reader, ended.project, limits.wakeRuns),
      waitingBehind(reader, ended, followers),
    ]);
    return [...forLimits.map((each) => each.run), ...behind];
  });
  const nudges = [...new Set(runs)].map((ref): Nudge => ({ kind: "submit", ref, at: now }));
  await sendNudges(services, nudges, now);
}

async function waitingBehind(
  reader: Reader,
  ended: Run,
  followers: readonly ScheduleName[],
): Promise<readonly string[]> {
  if (isAdHoc(ended)) return [];
  const [own = [], ...others] = await Promise.all(
    [ended.schedule, ...followers].map(async (schedule) => await scanWaitingOf(reader, schedule)),
  );
  const first = (active: readonly ActiveRun[], reason: string) =>
    active.filter((each) => each.reason === reason).slice(0, limits.wakeRuns);
  const waiting = [first(own, "overlap"), ...others.map((active) => first(active, "dependency"))];
  return waiting.flat().map((each) => each.run);
}
