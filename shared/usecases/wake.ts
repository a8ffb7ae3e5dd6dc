import { limits } from "../core/limits.ts";
import { isAdHoc, type Run } from "../core/run/run.ts";
import type { Reader } from "../ports/store.ts";
import { scanActive, scanWaiting } from "../records/active-record.ts";
import { readRunDefinition } from "../records/run-definition.ts";
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
): Promise<void> {
  const now = services.clock.now();
  const runs = await services.store.snapshot(async (reader) => [
    ...(await scanWaiting(reader, ended.project, limits.wakeRuns)).map((each) => each.run),
    ...(await waitingBehind(reader, ended)),
  ]);
  const nudges = [...new Set(runs)].map((ref): Nudge => ({ kind: "submit", ref, at: now }));
  await sendNudges(services, nudges, now);
}

async function waitingBehind(reader: Reader, ended: Run): Promise<readonly string[]> {
  if (isAdHoc(ended)) return [];
  const own = (await scanActive(reader, ended.schedule)).filter(
    (each) => each.reason === "overlap",
  );
  const runs = own.slice(0, limits.wakeRuns).map((each) => each.run);
  for (const schedule of (await readRunDefinition(reader, ended))?.downstream ?? []) {
    const active = await scanActive(reader, schedule);
    const waiting = active.filter((each) => each.reason === "dependency");
    runs.push(...waiting.slice(0, limits.wakeRuns).map((each) => each.run));
  }
  return runs;
}
