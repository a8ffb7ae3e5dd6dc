import type { RunId } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Alarms } from "../ports/clock.ts";
import type { EndedAttempt } from "./attempt-end.ts";
import { endAttempts } from "./end-attempt.ts";
import { followProvider } from "./provider/follow-provider.ts";
import { readyWithin } from "./ready-within.ts";
import { byProject, sorted, togetherOrAlone, type RunLook } from "./run-groups.ts";
import type { Services } from "./services.ts";
import { act, endedOf, pollEarly, watchOn } from "./watch-run.ts";

/** What looks at runs stand on: they wait for executors, and not for longer than some patience. */
export type WatchServices = Services & { readonly alarms: Alarms };

/**
 * Looks at runs whose attempts are live, as `watchRun` does. Attempts of one project that have ended
 * are settled in one transaction; everything else is done for each run on its own. Resolves to what
 * failed, an error for each look.
 */
export async function watchRuns(
  services: WatchServices,
  looks: readonly RunLook[],
): Promise<readonly unknown[]> {
  return await byProject(looks, async (group) => await watchGroup(services, group));
}

async function watchGroup(
  services: WatchServices,
  group: readonly RunLook[],
): Promise<readonly unknown[]> {
  const failures: unknown[] = [];
  const polls = group.map(async (look) => ({ look, early: await pollEarly(services, look) }));
  const { ready, late } = await readyWithin(services, polls);
  const { done, failures: unpolled } = sorted(ready);
  failures.push(...unpolled);
  const attempt = async (work: Promise<void>): Promise<void> => {
    await work.catch((error: unknown) => failures.push(error));
  };
  const ended = firstOfEachRun(done.flatMap(({ look, early }) => endedOf(look, early)));
  const settled = togetherOrAlone(ended, async (attempts) => {
    await endAttempts(services, attempts);
    return attempts;
  });
  await Promise.all([
    settled.then((results) => failures.push(...sorted(results).failures)),
    ...done.map(async ({ look, early }) => {
      if (endedOf(look, early).length === 0) await attempt(watchOn(services, look, early));
    }),
    // An executor that is slow to answer for one of them is not to hold up the others.
    ...late.map(async (poll) => {
      await attempt(poll.then(async ({ look, early }) => await act(services, look, early)));
    }),
  ]);
  // What runs now and what has just ended changes what its provider says; whoever waits hears of it.
  const projects = new Set(group.flatMap(({ project }) => project ?? []));
  await Promise.all(
    [...projects].map(async (project) => {
      await followProvider(services, project, limits.providerLiveMs);
    }),
  );
  return failures;
}

/** Two messages about one attempt come together now and then; the first ends it. */
function firstOfEachRun(ended: readonly EndedAttempt[]): readonly EndedAttempt[] {
  const seen = new Set<RunId>();
  return ended.filter(({ run }) => !seen.has(run) && seen.add(run));
}
